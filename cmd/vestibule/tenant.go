package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/vestibule-id/vestibule/internal/config"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/operator"
	"github.com/vestibule-id/vestibule/internal/store"
)

// tenantCmd keeps tenants.
type tenantCmd struct {
	Create  tenantCreateCmd  `cmd:"" help:"Make a tenant, and the database when there is none."`
	List    tenantListCmd    `cmd:"" help:"List the tenants."`
	Show    tenantShowCmd    `cmd:"" help:"Show a tenant and what it chose."`
	Set     tenantSetCmd     `cmd:"" help:"Change a tenant's settings."`
	Suspend tenantSuspendCmd `cmd:"" help:"Keep a tenant's people out; nothing is lost."`
	Resume  tenantResumeCmd  `cmd:"" help:"Let a suspended tenant's people in again."`
}

type tenantCreateCmd struct {
	config.Database
	Slug  string `arg:"" help:"Its short name: 2 to 40 of a-z, 0-9 and inner hyphens."`
	Name  string `required:"" placeholder:"NAME" help:"What it is called."`
	Style string `default:"workspace" enum:"workspace,extension,email" placeholder:"STYLE" help:"How its people name themselves: workspace, extension or email."`
}

// Run makes the tenant and writes its id.
func (c *tenantCreateCmd) Run(ctx context.Context, p *program) error {
	create := func(s *operator.Service) error {
		t, err := s.CreateTenant(ctx, c.Slug, c.Name, identity.Style(c.Style))
		if err == nil {
			_, err = fmt.Fprintln(p.stdout, t.ID)
		}
		return err
	}
	err := onDatabase(ctx, c.Database, p, create)
	if !errors.Is(err, store.ErrNoDatabase) {
		return err
	}
	if err := operator.MakeDatabase(ctx, c.Database); err != nil {
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

// Run shows one tenant.
func (c *tenantShowCmd) Run(ctx context.Context, p *program) error {
	return onDatabase(ctx, c.Database, p, func(s *operator.Service) error {
		t, err := s.Tenant(ctx, c.Slug)
		if err != nil {
			return err
		}
		chosen, err := settingsOf(t.Policy)
		if err != nil {
			return err
		}
		return c.one(p, tenantOf(t), append([][2]string{
			{"id", string(t.ID)}, {"slug", t.Slug}, {"name", t.Name}, {"style", string(t.Style)},
			{"status", string(t.Status)}, {"created_at", moment(t.CreatedAt)},
		}, chosen...))
	})
}

type tenantSetCmd struct {
	config.Database
	Slug     string   `arg:"" help:"The tenant's slug."`
	Settings []string `arg:"" placeholder:"KEY=VALUE" help:"What to change; an empty value takes a choice back."`
}

// Run changes all the settings or none.
func (c *tenantSetCmd) Run(ctx context.Context, p *program) error {
	var settings []operator.Setting
	for _, text := range c.Settings {
		key, value, ok := strings.Cut(text, "=")
		if !ok {
			return usage("settings are written KEY=VALUE, such as idle-timeout=30m")
		}
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
	return onDatabase(ctx, c.Database, p, func(s *operator.Service) error {
		_, err := s.SuspendTenant(ctx, c.Slug)
		return err
	})
}

type tenantResumeCmd struct {
	config.Database
	Slug string `arg:"" help:"The tenant's slug."`
}

// Run lets the tenant's people in again.
func (c *tenantResumeCmd) Run(ctx context.Context, p *program) error {
	return onDatabase(ctx, c.Database, p, func(s *operator.Service) error {
		_, err := s.ResumeTenant(ctx, c.Slug)
		return err
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

// settingsOf lists what a tenant chose by the keys of "tenant set".
func settingsOf(p identity.Policy) (fields [][2]string, err error) {
	text, err := json.Marshal(p)
	if err != nil {
		return nil, err
	}
	var chosen map[string]any
	if err := json.Unmarshal(text, &chosen); err != nil {
		return nil, err
	}
	for key, value := range chosen {
		fields = append(fields, [2]string{key, fmt.Sprint(value)})
	}
	slices.SortFunc(fields, func(a, b [2]string) int { return strings.Compare(a[0], b[0]) })
	return fields, nil
}
