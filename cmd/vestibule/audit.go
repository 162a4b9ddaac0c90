package main

import (
	"context"
	"errors"
	"strconv"

	"github.com/vestibule-id/vestibule/internal/audit"
	"github.com/vestibule-id/vestibule/internal/config"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/operator"
	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/problem"
)

// auditCmd looks after the audit trail.
type auditCmd struct {
	Verify auditVerifyCmd `cmd:"" help:"Check that nobody has changed the trail, nor taken anything out of it."`
	List   auditListCmd   `cmd:"" help:"List the newest events of a tenant, or the operator's own."`
	Erase  auditEraseCmd  `cmd:"" help:"Take what tells of a person out of a tenant's trail; the chain holds."`
}

// errBroken says that a trail does not hold.
var errBroken = problem.New(problem.Conflict, "audit_broken", "The audit trail does not hold.")

type auditVerifyCmd struct {
	config.Database
	output
	Tenant string   `only:"flag" placeholder:"SLUG" help:"One tenant only; else all, and the operator's own events."`
	Expect []string `only:"flag" sep:"none" placeholder:"HEAD" help:"A head noted earlier, from this command or the server's log: the chain must still have it. May be repeated."`
}

// Help says what is compared with what.
func (auditVerifyCmd) Help() string {
	return "Goes along each tenant's chain and prints its head. If a chain does not hold, the first line that is broken goes to standard error, and the exit code is 1. That the newest events were cut off shows only with --expect: note heads on another machine."
}

// auditLine is a checked trail in JSON.
type auditLine struct {
	Tenant string `json:"tenant"` // the slug; empty for the operator's own events
	ID     string `json:"tenant_id"`
	Events int64  `json:"events"` // in the chain, as far as it holds
	Erased int64  `json:"erased"` // of them, without their personal parts
	Head   string `json:"head"`
	Holds  bool   `json:"holds"`

	Place  int64  `json:"broken_place,omitempty"`
	Event  string `json:"broken_event,omitempty"`
	Broken string `json:"broken,omitempty"`
}

// Run checks the trails.
func (c *auditVerifyCmd) Run(ctx context.Context, p *program) error {
	var expected []audit.Head
	for _, text := range c.Expect {
		h, err := audit.ParseHead(text)
		if err != nil {
			return err
		}
		expected = append(expected, h)
	}
	return onDatabase(ctx, c.Database, p, func(s *operator.Service) error {
		tenants, err := c.tenants(ctx, s, expected)
		if err != nil {
			return err
		}
		return c.verify(ctx, p, s, tenants, expected)
	})
}

// tenants are those whose trails are checked; the zero slug is the operator's.
func (c *auditVerifyCmd) tenants(ctx context.Context, s *operator.Service, expected []audit.Head) ([]identity.Tenant, error) {
	if c.Tenant != "" {
		t, err := s.Tenant(ctx, c.Tenant)
		for _, h := range expected {
			if err == nil && h.Tenant != t.ID {
				err = usage("--expect: %s is the head of another tenant than --tenant %s", h, c.Tenant)
			}
		}
		return []identity.Tenant{t}, err
	}
	all := []identity.Tenant{{ID: identity.Nowhere}}
	known := map[identity.TenantID]bool{identity.Nowhere: true}
	for after := ""; ; {
		list, err := s.Store.Tenants(ctx, after, 100)
		if err != nil {
			return nil, err
		}
		if len(list) == 0 {
			break
		}
		for _, t := range list {
			known[t.ID] = true
		}
		all, after = append(all, list...), list[len(list)-1].Slug
	}
	for _, h := range expected { // a tenant that is gone has no chain any more
		if !known[h.Tenant] {
			known[h.Tenant] = true
			all = append(all, identity.Tenant{ID: h.Tenant})
		}
	}
	return all, nil
}

func (c *auditVerifyCmd) verify(ctx context.Context, p *program, s *operator.Service, tenants []identity.Tenant, expected []audit.Head) error {
	trail := &audit.Service{Store: s.Store, Now: p.now, Operator: policy.Defaults()}
	if err := (&audit.Sealer{Store: s.Store}).Seal(ctx); err != nil { // what waits for its place is not left out
		return err
	}
	lines, rows := []auditLine{}, [][]string{}
	var broken error
	for _, t := range tenants {
		r, err := trail.Verify(ctx, s.Store.Tenant(t.ID), expected...)
		if err != nil {
			return err
		}
		line := auditLine{Tenant: t.Slug, ID: string(t.ID), Events: r.Head.Place - r.First + 1, Erased: r.Erased, Head: r.Head.String(), Holds: r.Break == nil}
		held := "holds"
		if b := r.Break; b != nil {
			line.Place, line.Event, line.Broken, held = b.Place, string(b.Event), b.Why, "BROKEN"
			broken = errors.Join(broken, errBroken.Because("The trail of %s is broken at place %d, event %s: %s.", named(t), b.Place, filled(string(b.Event)), b.Why))
		}
		lines = append(lines, line)
		rows = append(rows, []string{filled(t.Slug), strconv.FormatInt(line.Events, 10), held, line.Head})
	}
	return errors.Join(c.list(p, lines, "TENANT EVENTS CHAIN HEAD", rows), broken)
}

// named is how a tenant is called in a sentence.
func named(t identity.Tenant) string {
	switch {
	case t.Slug != "":
		return t.Slug
	case t.ID == identity.Nowhere:
		return "the operator"
	}
	return string(t.ID)
}

type auditEraseCmd struct {
	config.Database
	Tenant string `only:"flag" required:"" placeholder:"SLUG" help:"The tenant."`
	User   string `arg:"" help:"The user's id; the user may be deleted already."`
}

// Run erases a person's parts of the trail.
func (c *auditEraseCmd) Run(ctx context.Context, p *program) error {
	return onDatabase(ctx, c.Database, p, func(s *operator.Service) error {
		t, err := s.Tenant(ctx, c.Tenant)
		if err != nil {
			return err
		}
		trail := &audit.Service{Store: s.Store, Now: p.now, Operator: policy.Defaults()}
		n, err := trail.Erase(ctx, s.Store.Tenant(t.ID), operatorActor, identity.UserID(c.User), fromHere)
		if errors.Is(err, problem.NotFound) {
			return errNoUser.Because("There is no such user in the trail of that tenant. The user is named by the id (usr_…), which “user list” tells.")
		} else if err != nil {
			return err
		}
		p.say("Took address, browser and details out of %d events.", n)
		return nil
	})
}
