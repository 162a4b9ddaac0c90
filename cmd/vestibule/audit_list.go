package main

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/vestibule-id/vestibule/internal/audit"
	"github.com/vestibule-id/vestibule/internal/config"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/operator"
	"github.com/vestibule-id/vestibule/internal/policy"
)

type auditListCmd struct {
	config.Database
	output
	Tenant string `only:"flag" placeholder:"SLUG" help:"A tenant's trail; else the operator's own."`
	Limit  int    `only:"flag" default:"50" placeholder:"N" help:"How many events, from 1 to 10000."`
}

// Help says whose trail is listed.
func (auditListCmd) Help() string {
	return "Lists events, the newest first. Without --tenant they are what belongs to no tenant: what was done to the installation, and tries at tenants there are not."
}

// maxEvents is how many one command lists; whoever wants all exports them.
const maxEvents = 10_000

// Run lists the events.
func (c *auditListCmd) Run(ctx context.Context, p *program) error {
	if c.Limit < 1 || c.Limit > maxEvents {
		return usage("--limit: must be from 1 to %d", maxEvents)
	}
	return onDatabase(ctx, c.Database, p, func(s *operator.Service) error {
		whose := identity.Tenant{ID: identity.Nowhere}
		if c.Tenant != "" {
			var err error
			if whose, err = s.Tenant(ctx, c.Tenant); err != nil {
				return err
			}
		}
		trail := &audit.Service{Store: s.Store, Now: p.now, Operator: policy.Defaults()}
		list, err := trail.List(ctx, s.Store.Tenant(whose.ID), operatorActor, audit.Filter{}, "", c.Limit)
		if err != nil {
			return err
		}
		items, rows := []audit.Entry{}, [][]string{}
		for _, e := range list {
			items = append(items, audit.EntryOf(e))
			rows = append(rows, []string{moment(e.At), e.Kind, filled(e.Result), filled(string(e.User)), filled(string(e.Actor)), filled(e.Peer.Address), filled(details(e.Detail))})
		}
		return c.list(p, items, "TIME KIND RESULT USER BY ADDRESS DETAIL", rows)
	})
}

// details are those of an event in one line; a name or a value that is more than
// a word is quoted, for some were typed by strangers.
func details(of map[string]string) string {
	var said []string
	for _, key := range slices.Sorted(maps.Keys(of)) {
		said = append(said, word(key)+"="+word(of[key]))
	}
	return strings.Join(said, " ")
}

func word(text string) string {
	if quoted := strconv.Quote(text); strings.ContainsAny(text, " ,=") || quoted != `"`+text+`"` {
		return quoted
	}
	return text
}
