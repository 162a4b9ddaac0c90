package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"

	"github.com/vestibule-id/vestibule/internal/config"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/moving"
	"github.com/vestibule-id/vestibule/internal/operator"
	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/secret"
	"github.com/vestibule-id/vestibule/internal/store"
)

// Passphrase says where the passphrase of an export comes from. It is never a
// flag's own value, which other people on the machine can see.
type Passphrase struct {
	PassphraseStdin bool   `only:"flag" help:"Read the passphrase from standard input, up to the first line end."`
	PassphraseFile  string `placeholder:"FILE" help:"A file with the passphrase of tenant export and tenant import, which others can neither read nor write."`
}

// read reads the passphrase; a person who makes a new one is asked twice.
func (c Passphrase) read(p *program, fresh bool) (secret.Password, error) {
	file, ok := p.stdin.(*os.File)
	terminal := ok && term.IsTerminal(int(file.Fd()))
	switch {
	case c.PassphraseFile != "" && !c.PassphraseStdin:
		text, err := config.ReadKeyFile(c.PassphraseFile)
		if err != nil {
			return secret.Password{}, err
		}
		return passphrase(string(text))
	case terminal:
		return c.ask(p, file, fresh)
	case c.PassphraseStdin:
		typed, err := io.ReadAll(io.LimitReader(p.stdin, secret.MaxPassword+2)) // and a line end
		if err != nil {
			return secret.Password{}, err
		}
		line, _, _ := strings.Cut(string(typed), "\n")
		return passphrase(strings.TrimSuffix(line, "\r"))
	}
	return secret.Password{}, usage("the passphrase is missing: give --passphrase-stdin, or name a file with --passphrase-file or VESTIBULE_PASSPHRASE_FILE")
}

func (c Passphrase) ask(p *program, file *os.File, fresh bool) (pass secret.Password, err error) {
	questions := []string{"Passphrase: ", "Once more: "}
	if !fresh {
		questions = questions[:1]
	}
	var before string
	for i, question := range questions {
		fmt.Fprint(p.stderr, question)
		typed, err := term.ReadPassword(int(file.Fd()))
		fmt.Fprintln(p.stderr)
		if err != nil {
			return pass, err
		}
		if i > 0 && before != string(typed) {
			return pass, usage("those were two passphrases")
		}
		before = string(typed)
	}
	return passphrase(before)
}

// passphrase takes what a password may be, but does not call it one.
func passphrase(text string) (secret.Password, error) {
	if text == "" {
		return secret.Password{}, moving.ErrPassphrase
	}
	return secret.NewPassword(text)
}

func mover(s *operator.Service) *moving.Service {
	return &moving.Service{Store: s.Store, Now: s.Now, Operator: s}
}

type tenantExportCmd struct {
	config.Database
	Passphrase
	Slug string `arg:"" help:"The tenant's slug."`
	File string `arg:"" help:"The file to make."`
}

// Help says what is in the file.
func (tenantExportCmd) Help() string {
	return "One file for “tenant import” of another installation, on whichever database: settings, logo, roles, users with their password hashes, invitations and the audit trail, sealed with a passphrase of at least 12 characters. The tenant stays as it is; what its people change afterwards is not in the file: suspend it first to move house."
}

// Run writes the tenant into a new file.
func (c *tenantExportCmd) Run(ctx context.Context, p *program) error {
	return onDatabase(ctx, c.Database, p, func(s *operator.Service) error {
		if _, err := s.Tenant(ctx, c.Slug); err != nil { // before anybody thinks of a passphrase
			return err
		}
		pass, err := c.read(p, true)
		if err != nil {
			return err
		}
		out, err := mover(s).ExportFile(ctx, c.Slug, c.File, pass, p.progress())
		if err != nil {
			return err
		}
		p.say("%s is in the file, with %s and %s. Whoever has file and passphrase can try passwords: guard both, apart.", out.Tenant.Slug,
			counted(out.Users, "user", "users"), counted(out.Events, "event", "events"))
		if out.Tenant.Status == identity.TenantActive {
			p.say("It is open here as before: what its people change from now on is not in the file. To move house, suspend it first and export it then.")
		}
		if out.Broken != "" {
			p.say("Its audit trail does not hold here (%s); the file says so.", out.Broken)
		}
		return nil
	})
}

type tenantImportCmd struct {
	config.Database
	Passphrase
	File string `arg:"" help:"What tenant export wrote."`
	As   string `only:"flag" placeholder:"SLUG" help:"Its slug here, where it is not to be the one it had."`
}

// Help says what to expect.
func (tenantImportCmd) Help() string {
	return "All of the tenant is there at once, or nothing is; meanwhile others sign in. Its people sign in with the passwords they have. Sessions, letters and links that were mailed stay behind: send open invitations again. Makes the database when there is none."
}

// Run imports the tenant and writes its id.
func (c *tenantImportCmd) Run(ctx context.Context, p *program) error {
	file, err := os.Open(c.File)
	if err != nil {
		return err
	}
	defer file.Close()
	pass, err := c.read(p, false)
	if err != nil {
		return err
	}
	o := moving.Options{As: c.As, Progress: p.progress()}
	from := func(s *operator.Service) error {
		in, err := mover(s).Import(ctx, file, pass, o)
		if err != nil {
			return err
		}
		c.tell(p, in)
		_, err = fmt.Fprintln(p.stdout, in.Tenant.ID)
		return err
	}
	err = onDatabase(ctx, c.Database, p, from)
	if !errors.Is(err, store.ErrNoDatabase) {
		return err
	}
	if err := moving.Check(file, pass, o); err != nil { // else a database were made for nothing
		return err
	}
	if err := makeDatabase(ctx, c.Database, p); err != nil {
		return err
	}
	return onDatabase(ctx, c.Database, p, from)
}

func (c *tenantImportCmd) tell(p *program, in moving.Imported) {
	p.say("%s is here, with %s and %s.", in.Tenant.Slug, counted(in.Users, "user", "users"), counted(in.Events, "event", "events"))
	if in.Invitations > 0 {
		p.say("%s open. The links in their letters led to the other installation: send them again.", counted(in.Invitations, "invitation is", "invitations are"))
	}
	if in.Admins == 0 {
		p.say("Nobody in it is an active Admin, so nobody can look after its people: “user create --role admin” or “user set --role admin” with --tenant %s makes one.", in.Tenant.Slug)
	}
	if in.Tenant.Status == identity.TenantSuspended {
		p.say("It is suspended, as it was there: “tenant resume %s” lets its people in.", in.Tenant.Slug)
	}
	if in.Was != "" {
		p.say("Its id was %s there, which is taken here.", in.Was)
	}
	if in.Broken != "" {
		p.say("Its audit trail did not hold there (%s).", in.Broken)
	}
}

// errNotSure ends a deletion that nobody stands by.
var errNotSure = problem.New(problem.Conflict, "slug_not_typed", "That is not its slug; nothing was deleted.")

type tenantDeleteCmd struct {
	config.Database
	Slug string `arg:"" help:"The tenant's slug."`
	Yes  bool   `only:"flag" help:"Do not ask for the slug again."`
}

// Help says what goes.
func (tenantDeleteCmd) Help() string {
	return "Its people are out at once; then users, sessions, settings and the audit trail go, in small pieces, while others sign in. Only a line in the operator's own trail is left. On a terminal the slug must be typed again; elsewhere --yes says that you are sure."
}

// Run deletes the tenant for ever.
func (c *tenantDeleteCmd) Run(ctx context.Context, p *program) error {
	return onDatabase(ctx, c.Database, p, func(s *operator.Service) error {
		t, err := s.Tenant(ctx, c.Slug)
		if err != nil {
			return err
		}
		if err := c.confirm(p, t); err != nil {
			return err
		}
		if _, err := s.DeleteTenant(ctx, c.Slug, p.progress()); err != nil {
			return err
		}
		p.say("%s is deleted. Backups made before still have it.", t.Slug)
		return nil
	})
}

// confirm asks a person to type the slug once more.
func (c *tenantDeleteCmd) confirm(p *program, t identity.Tenant) error {
	if c.Yes {
		return nil
	}
	if file, ok := p.stdin.(*os.File); !ok || !term.IsTerminal(int(file.Fd())) {
		return usage("this deletes %s for ever: give --yes where nobody can be asked", t.Slug)
	}
	fmt.Fprintf(p.stderr, "This deletes %s (%s) with all its users and its trail, for ever.\nType the slug to go on: ", visible(t.Name), t.Slug)
	typed, _ := bufio.NewReader(p.stdin).ReadString('\n') // whatever ends it: it is the slug or not
	if strings.TrimSpace(typed) != t.Slug {
		return errNotSure
	}
	return nil
}
