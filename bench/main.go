// Command bench measures how fast the product is, each figure beside its limit
// taken in the same run: "make bench", or "go run ./bench" with the address of
// a durable PostgreSQL in VESTIBULE_TEST_POSTGRES.
//
// What is measured is the program as operators run it: bench builds it, fills
// databases through its command line, starts "vestibule serve" and talks HTTP
// to it over connections that stay open. Nothing in the server knows that it
// is being measured, and its limits on tries are the usual ones: every user
// has an address of their own, as behind a proxy.
//
//	         core 0                         core 1
//	vestibule serve, or its limit  ◄──HTTP──  bench: the driver
//
// A time alone says nothing on a shared machine, so a figure is a ratio. The
// measured thing and its limit take turns in short rounds, on the same core,
// driven by the same code; the ratio is the median of the ratios of rounds
// that were neighbours, so a slow minute of the machine slows both. PostgreSQL
// and the kernel run where they like, for both alike. A limit is:
//
//	sign-ins    argon2id itself in a bare loop, with the product's parameters
//	checks      a net/http handler that does nothing, behind the same driver
//	refreshes   UPDATEs of one row, each its own durable commit, as many at a
//	            time as there are clients, without HTTP
//	changes     as refreshes; each is a row and an event of the audit trail
//	forgotten   as refreshes; mails are counted where they arrive
//	flood       the same checks at rest; they arrive at a fixed rate whether or
//	            not earlier ones were answered
//	pages       the same handler, behind what a signed-in page asks first
//	users       the first page of the list of a tenant with a thousand users
//	a million   the same requests on a database with a thousand users
//
// Answers are read and checked; a wrong one ends the run. It is a benchmark
// and no test: a missed ratio is shown, and the exit code is 0.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	quick := flag.Bool("quick", false, "shorter rounds and smaller databases: a glance, not the figures")
	only := flag.String("only", "", "figures to measure, by the first letters of their names, comma separated")
	file := flag.String("json", "", "also write the table to this `file`")
	role := flag.String("as", "", "be one of the limits, or fill a database; bench starts itself so")
	flag.Parse()
	var err error
	if *role != "" {
		err = be(ctx, *role, flag.Args())
	} else {
		err = run(ctx, *quick, *only, *file)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		stop()
		os.Exit(1)
	}
}

// A bench is one run.
type bench struct {
	sizes
	dir    string // temporary
	binary string // the product
	host   host
	table  table
}

// sizes say how much is measured.
type sizes struct {
	quick             bool
	rounds            int           // of each kind
	round             time.Duration // of one
	imported          int           // rows of the file
	tenants, perHouse int           // of the large database
	listed            int           // users of the tenant whose list is read
}

var (
	fullSizes  = sizes{rounds: 5, round: time.Second, imported: 200_000, tenants: 1000, perHouse: 1000, listed: 100_000}
	quickSizes = sizes{quick: true, rounds: 3, round: 500 * time.Millisecond, imported: 50_000, tenants: 100, perHouse: 1000, listed: 20_000}
)

// A figure fills lines of the table; database is nil where it is about none.
type figure struct {
	name    string
	measure func(ctx context.Context, b *bench, db *database) error
	alone   bool // not once per database
}

var figures = []figure{
	{"size", measureSize, true},
	{"start", measureStart, true},
	{"memory", measureMemory, false},
	{"load", measureLoad, false},
	{"mail", measureMail, false},
	{"import", measureImport, false},
	{"users", measureUsers, false},
	{"million", measureMillion, false},
}

func run(ctx context.Context, quick bool, only, file string) (err error) {
	began := time.Now()
	b := &bench{sizes: fullSizes}
	if quick {
		b.sizes = quickSizes
	}
	if b.dir, err = os.MkdirTemp("", "vestibule-bench-"); err != nil {
		return err
	}
	defer os.RemoveAll(b.dir)
	say("building the program")
	if b.binary, err = build(ctx, b.dir); err != nil {
		return err
	}
	databases, closing, err := openDatabases(ctx, b.dir)
	if err != nil {
		return err
	}
	defer closing()
	b.host = takePlaces(ctx)
	if b.host.busy[0], err = othersBusy(time.Second); err != nil {
		return err
	}
	for _, f := range figures {
		if !wanted(f.name, only) {
			continue
		}
		for _, db := range databases {
			if f.alone {
				db = nil
			}
			say("%s%s", f.name, on(db))
			if err := f.measure(ctx, b, db); err != nil {
				return fmt.Errorf("%s%s: %w", f.name, on(db), err)
			}
			if f.alone {
				break
			}
		}
	}
	if b.host.busy[1], err = othersBusy(time.Second); err != nil {
		return err
	}
	b.table.print(os.Stdout, b, time.Since(began))
	if file != "" {
		return b.table.write(file, b, time.Since(began))
	}
	return nil
}

func wanted(name, only string) bool {
	if only == "" {
		return true
	}
	for part := range strings.SplitSeq(only, ",") {
		if strings.HasPrefix(name, part) {
			return true
		}
	}
	return false
}

func on(db *database) string {
	if db == nil {
		return ""
	}
	return " on " + db.name
}

// say tells on standard error what is going on, so that nobody wonders.
func say(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "bench: "+format+"\n", args...)
}
