package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"strings"

	"golang.org/x/term"

	"github.com/vestibule-id/vestibule/internal/config"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/operator"
	"github.com/vestibule-id/vestibule/internal/problem"
)

// errNotSure ends a deletion that nobody stands by.
var errNotSure = problem.New(problem.Conflict, "not_confirmed", "That is not its slug; nothing was deleted.")

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
	fmt.Fprintf(p.stderr, "This deletes %s (%s) with all its users and its trail, for ever.\nType the slug to go on: ", t.Name, t.Slug)
	typed, _ := bufio.NewReader(p.stdin).ReadString('\n') // whatever ends it: it is the slug or not
	if strings.TrimSpace(typed) != t.Slug {
		return errNotSure
	}
	return nil
}
