package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/vestibule-id/vestibule/internal/config"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/operator"
	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/store"
)

// tenantCmd keeps tenants.
type tenantCmd struct {
	Create  tenantCreateCmd  `cmd:"" help:"Make a tenant, and the database when there is none."`
	List    tenantListCmd    `cmd:"" help:"List the tenants."`
	Show    tenantShowCmd    `cmd:"" help:"Show a tenant, what it chose and what holds for it."`
	Set     tenantSetCmd     `cmd:"" help:"Change a tenant's settings."`
	Suspend tenantSuspendCmd `cmd:"" help:"Keep a tenant's people out; nothing is lost."`
	Resume  tenantResumeCmd  `cmd:"" help:"Let a suspended tenant's people in again."`
	Export  tenantExportCmd  `cmd:"" help:"Write a tenant with all it has into one sealed file, for another installation."`
	Import  tenantImportCmd  `cmd:"" help:"Make a tenant of what another installation exported."`
	Delete  tenantDeleteCmd  `cmd:"" help:"Remove a tenant with all it has, for ever."`
}

type tenantCreateCmd struct {
	config.Database
	Slug  string `arg:"" help:"Its short name: 2 to 40 of a-z, 0-9 and inner hyphens."`
	Name  string `required:"" only:"flag" placeholder:"NAME" help:"What it is called."`
	Style string `default:"workspace" enum:"workspace,extension,email" only:"flag" placeholder:"STYLE" help:"How its people name themselves: workspace, extension or email."`
}

// Run makes the tenant and writes its id.
func (c *tenantCreateCmd) Run(ctx context.Context, p *program) error {
	create := func(s *operator.Service) error {
		t, err := s.CreateTenant(ctx, c.Slug, c.Name, identity.Style(c.Style))
		if err != nil {
			return err
		}
		if t.Slug != c.Slug {
			p.say("slug: %s", t.Slug)
		}
		_, err = fmt.Fprintln(p.stdout, t.ID)
		return err
	}
	err := onDatabase(ctx, c.Database, p, create)
	if !errors.Is(err, store.ErrNoDatabase) {
		return err
	}
	if err := makeDatabase(ctx, c.Database, p); err != nil {
		return err
	}
	return onDatabase(ctx, c.Database, p, create)
}

type tenantListCmd struct {
	config.Database
	output
}

// Run lists the tenants by their slugs.
func (c *tenantListCmd) Run(ctx context.Context, p *program) error {
	return onDatabase(ctx, c.Database, p, func(s *operator.Service) error {
		items, rows := []tenantJSON{}, [][]string{}
		err := s.EachTenant(ctx, func(t identity.Tenant) error {
			items = append(items, tenantOf(t))
			rows = append(rows, []string{t.Slug, t.Name, string(t.Style), string(t.Status), moment(t.CreatedAt), string(t.ID)})
			return nil
		})
		if err != nil {
			return err
		}
		return c.list(p, items, "SLUG NAME STYLE STATUS CREATED ID", rows)
	})
}

type tenantShowCmd struct {
	config.Database
	output
	Slug string `arg:"" help:"The tenant's slug."`
}

// Help says whose defaults are meant.
func (tenantShowCmd) Help() string {
	return "What holds for the tenant is listed as “effective”: its own choices, else the product's defaults; those given to serve are not known here."
}

// Run shows one tenant.
func (c *tenantShowCmd) Run(ctx context.Context, p *program) error {
	return onDatabase(ctx, c.Database, p, func(s *operator.Service) error {
		t, err := s.Tenant(ctx, c.Slug)
		if err != nil {
			return err
		}
		effective := effectiveOf(t)
		item := shownTenant{tenantOf(t), effective}
		return c.one(p, item, append([][2]string{
			{"id", string(t.ID)}, {"slug", t.Slug}, {"name", t.Name}, {"style", string(t.Style)},
			{"status", string(t.Status)}, {"created_at", moment(t.CreatedAt)},
		}, append(settingsOf("", t.Policy), settingsOf("effective.", effective)...)...))
	})
}

type tenantSetCmd struct {
	config.Database
	Slug     string   `arg:"" help:"The tenant's slug."`
	Settings []string `arg:"" placeholder:"KEY=VALUE" help:"What to change; an empty value takes a choice back."`
}

// Help lists the keys, each with what it may be: what setting it to nonsense
// answers.
func (tenantSetCmd) Help() string {
	var text strings.Builder
	text.WriteString("A server holds every tenant to its own --floor, whatever is chosen here. The keys and what each may be:\n\n")
	for _, key := range policy.Keys() {
		p := problem.Of(policy.Set(&identity.Tenant{}, key, "\x00"))
		_, wanted, _ := strings.Cut(p.Message, ": must be ")
		fmt.Fprintf(&text, "  %-20s %s\n", key, strings.TrimSuffix(wanted, "."))
	}
	return text.String()
}

// Run changes all the settings or none.
func (c *tenantSetCmd) Run(ctx context.Context, p *program) error {
	var settings []operator.Setting
	given := map[string]bool{}
	for _, text := range c.Settings {
		key, value, ok := strings.Cut(text, "=")
		switch {
		case !ok:
			return usage("settings are written KEY=VALUE, such as idle-timeout=30m")
		case given[key]:
			return usage("%s is given twice; leave one out", key)
		}
		given[key] = true
		settings = append(settings, operator.Setting{Key: key, Value: value})
	}
	return onDatabase(ctx, c.Database, p, func(s *operator.Service) error {
		_, err := s.SetTenant(ctx, c.Slug, settings)
		return err
	})
}

type tenantSuspendCmd struct {
	config.Database
	Slug string `arg:"" help:"The tenant's slug."`
}

// Run keeps the tenant's people out.
func (c *tenantSuspendCmd) Run(ctx context.Context, p *program) error {
	return setTenantStatus(ctx, c.Database, p, c.Slug, identity.TenantSuspended, (*operator.Service).SuspendTenant)
}

type tenantResumeCmd struct {
	config.Database
	Slug string `arg:"" help:"The tenant's slug."`
}

// Run lets the tenant's people in again.
func (c *tenantResumeCmd) Run(ctx context.Context, p *program) error {
	return setTenantStatus(ctx, c.Database, p, c.Slug, identity.TenantActive, (*operator.Service).ResumeTenant)
}

// setTenantStatus says so when there was nothing to do.
func setTenantStatus(ctx context.Context, c config.Database, p *program, slug string, status identity.TenantStatus,
	act func(*operator.Service, context.Context, string) (identity.Tenant, error)) error {
	return onDatabase(ctx, c, p, func(s *operator.Service) error {
		before, err := s.Tenant(ctx, slug)
		if err != nil {
			return err
		}
		if _, err := act(s, ctx, slug); err != nil {
			return err
		}
		if before.Status == status {
			p.say("The tenant was %s already; nothing has changed.", status)
		}
		return nil
	})
}

// tenantJSON is a tenant for programs.
type tenantJSON struct {
	ID        identity.TenantID     `json:"id"`
	Slug      string                `json:"slug"`
	Name      string                `json:"name"`
	Style     identity.Style        `json:"style"`
	Status    identity.TenantStatus `json:"status"`
	CreatedAt *time.Time            `json:"created_at"`
	Settings  identity.Policy       `json:"settings"`
}

func tenantOf(t identity.Tenant) tenantJSON {
	return tenantJSON{t.ID, t.Slug, t.Name, t.Style, t.Status, instant(t.CreatedAt), t.Policy}
}

// shownTenant is a tenant with what holds for it.
type shownTenant struct {
	tenantJSON
	Effective identity.Policy `json:"effective"`
}

// effectiveOf is what holds for a tenant where serve has no other defaults
// than the product's own.
func effectiveOf(t identity.Tenant) identity.Policy {
	effective := policy.Effective(policy.Defaults(), t.Policy)
	effective.Landing = policy.Landing(t)
	return effective
}

// settingsOf lists choices by the keys of "tenant set", written as people write
// them there, with a word in front.
func settingsOf(front string, p identity.Policy) (fields [][2]string) {
	for key, value := range policy.Chosen(identity.Tenant{Policy: p}) {
		fields = append(fields, [2]string{front + key, value})
	}
	slices.SortFunc(fields, func(a, b [2]string) int { return strings.Compare(a[0], b[0]) })
	return fields
}
