package main

import (
	"context"
	"fmt"
	"os"

	"golang.org/x/term"

	"github.com/vestibule-id/vestibule/internal/config"
	"github.com/vestibule-id/vestibule/internal/enroll"
	"github.com/vestibule-id/vestibule/internal/store"
)

type userImportCmd struct {
	config.Database
	inCmd
	File    string `arg:"" help:"The CSV file, with the columns email, extension, name, role, password_hash and must_change_password; - is standard input."`
	Partial bool   `only:"flag" help:"Import the lines that are right although others are wrong; without it it is all or nothing."`
}

// Run imports the file and says what became of it, a line for each that was
// refused.
func (c *userImportCmd) Run(ctx context.Context, p *program) error {
	src := p.stdin
	if c.File != "-" {
		file, err := os.Open(c.File)
		if err != nil {
			return err
		}
		defer file.Close()
		src = file
	}
	return inTenant(ctx, c.Database, p, c.Tenant, func(t store.Tenant) error {
		service := &enroll.Service{Now: p.now}
		report, err := service.Import(ctx, t, operatorActor, src, enroll.Options{Partial: c.Partial, Progress: p.progress()}, fromHere)
		for _, line := range report.Lines {
			p.say("line %d: %s", line.Number, line.Message)
		}
		if more := report.Refused - len(report.Lines); more > 0 {
			p.say("and %d more lines", more)
		}
		if err == nil {
			p.say("%s imported, %s refused.", counted(report.Imported, "user was", "users were"), counted(report.Refused, "line was", "lines were"))
			if report.Invited > 0 {
				p.say("%s no password, and an import invites nobody: “user initial-password” gives one.",
					counted(report.Invited, "of them has", "of them have"))
			}
		}
		return err
	})
}

// counted is a number with the words that go with it.
func counted(n int, one, more string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprint(n, " ", more)
}

// progress shows on a terminal how far long work is; elsewhere it is nil.
func (p *program) progress() func(done, total int64) {
	file, ok := p.stderr.(*os.File)
	if !ok || !term.IsTerminal(int(file.Fd())) {
		return nil
	}
	shown := int64(-1)
	return func(done, total int64) {
		if total <= 0 || done*100/total == shown {
			return
		}
		shown = done * 100 / total
		fmt.Fprintf(p.stderr, "\r%3d %%", shown)
		if done >= total {
			fmt.Fprint(p.stderr, "\r     \r")
		}
	}
}

type userExportCmd struct {
	config.Database
	inCmd
	WithHashes bool `only:"flag" help:"With the password hashes. Whoever has them can try passwords: guard the file."`
}

// Run writes the users.
func (c *userExportCmd) Run(ctx context.Context, p *program) error {
	return inTenant(ctx, c.Database, p, c.Tenant, func(t store.Tenant) error {
		service := &enroll.Service{Now: p.now}
		n, err := service.Export(ctx, t, operatorActor, p.stdout, c.WithHashes, fromHere)
		if err == nil {
			p.say("Users exported: %d.", n)
		}
		return err
	})
}
