// Command vestibule is the front door of multi-tenant software: the server,
// and the operator's commands beside it.
//
// Data goes to standard output, everything else to standard error. Exit codes:
// 0 done, 1 failed, 2 wrong usage or input that makes no sense, 75 to be tried
// again later ("mail bounce" only).
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/alecthomas/kong"

	"github.com/vestibule-id/vestibule/internal/config"
	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/server"
)

// version is set when the program is built for release.
var version = "development"

// cli is every command there is.
type cli struct {
	Serve       serveCmd       `cmd:"" help:"Serve pages and API."`
	Demo        demoCmd        `cmd:"" help:"Serve a filled database of its own, to try things out."`
	Tenant      tenantCmd      `cmd:"" help:"Keep tenants."`
	User        userCmd        `cmd:"" help:"Keep a tenant's users."`
	Role        roleCmd        `cmd:"" help:"Keep a tenant's roles."`
	Keys        keysCmd        `cmd:"" help:"Keep the keys that access tokens are signed with."`
	Operator    operatorCmd    `cmd:"" help:"Let programs act as the operator."`
	Audit       auditCmd       `cmd:"" help:"List and check the audit trail, and take a person out of it."`
	Mail        mailCmd        `cmd:"" help:"See to letters: try the mail server, take back what bounced."`
	Migrate     migrateCmd     `cmd:"" help:"Bring the database up to date, or make it."`
	Backup      backupCmd      `cmd:"" help:"Copy the embedded database into a new file, while the server runs."`
	Restore     restoreCmd     `cmd:"" help:"Put a backup in the place of the embedded database of a stopped server."`
	Healthcheck healthcheckCmd `cmd:"" help:"Ask whether the server is ready."`
	Version     versionCmd     `cmd:"" help:"Say which version this is."`
}

// program is what commands touch of the world around them.
type program struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	now            func() time.Time
	onServing      func(net.Addr) // may be nil
}

func (p *program) serving(_ *server.Server, address net.Addr) {
	if p.onServing != nil {
		p.onServing(address)
	}
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends what does not listen to the first
	p := &program{stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr, now: clock}
	code := p.run(ctx, os.Args[1:], os.Environ())
	stop()
	os.Exit(code)
}

// All times are in one zone; pages know whose reads them. (Time.UTC would take the
// monotonic reading away.)
func init() { time.Local = time.UTC }

// clock is as fine as the database: what is answered about something just made
// is what will be read of it ever after. Ages are measured by its monotonic
// reading, whatever becomes of the hour.
func clock() time.Time {
	now := time.Now()
	return now.Add(-time.Duration(now.Nanosecond() % 1000))
}

// run runs one command and returns the exit code.
func (p *program) run(ctx context.Context, args, environ []string) int {
	chosen, err := config.Parse(&cli{}, config.Input{Args: asked(args), Environ: environ, Stdout: p.stdout, Stderr: p.stderr},
		kong.Name("vestibule"), kong.Description("The front door of multi-tenant software."))
	if errors.Is(err, config.ErrHelp) {
		return 0
	}
	if err == nil {
		chosen.BindTo(ctx, (*context.Context)(nil))
		err = elsewhere(chosen.Run(p))
	}
	return p.explain(err)
}

// asked takes the other words people try for help and version.
func asked(args []string) []string {
	switch {
	case len(args) == 0:
	case args[0] == "help":
		return append(slices.Clone(args[1:]), "--help")
	case args[0] == "--version":
		return append([]string{"version"}, args[1:]...)
	}
	return args
}

// usage is wrong usage that only showed when the command began.
func usage(format string, args ...any) error { return &wrongUsage{fmt.Errorf(format, args...)} }

type wrongUsage struct{ error }

func (w *wrongUsage) Unwrap() error { return w.error }

// exitTemporary is EX_TEMPFAIL of sysexits.h: whoever called tries again.
const exitTemporary = 75

// temporary is what goes away by itself.
type temporary struct{ error }

func (t *temporary) Unwrap() error { return t.error }

// explain says on standard error what went wrong, and how the program ends.
func (p *program) explain(err error) int {
	if err == nil {
		return 0
	}
	said := problem.Of(err)
	switch {
	case said == nil:
		p.say("vestibule: %v", err)
	default:
		p.say("vestibule: %s", said.Message)
		for _, f := range said.Fields {
			if !strings.Contains(said.Message, f.Message) {
				p.say("  %s: %s", strings.TrimPrefix(f.Location, "body."), f.Message)
			}
		}
	}
	if _, ok := errors.AsType[*config.Usage](err); ok {
		return 2
	}
	if _, ok := errors.AsType[*temporary](err); ok {
		return exitTemporary
	}
	if _, ok := errors.AsType[*wrongUsage](err); ok || said != nil && said.Kind == problem.Invalid {
		return 2
	}
	return 1
}

type versionCmd struct{}

// Run prints the version.
func (versionCmd) Run(p *program) error {
	_, err := fmt.Fprintln(p.stdout, "vestibule", version)
	return err
}
