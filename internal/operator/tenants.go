package operator

import (
	"context"
	"errors"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/store"
)

// What can be wrong with an act on a tenant, beside identity's and policy's
// problems.
var (
	ErrNoTenant  = problem.New(problem.Missing, "unknown_tenant", "There is no such tenant.")
	ErrSlugTaken = problem.New(problem.Conflict, "slug_taken", "There is a tenant with that slug already.")
)

// CreateTenant makes a tenant; the style is empty for the workspace style.
// Errors are identity's, policy.ErrValue and ErrSlugTaken.
func (s *Service) CreateTenant(ctx context.Context, slug, name string, style identity.Style) (made identity.Tenant, err error) {
	defer problem.Wrap(&err, "create tenant")
	made = identity.Tenant{ID: identity.NewTenantID(), Style: identity.Workspace, Status: identity.TenantActive, CreatedAt: s.Now()}
	if made.Slug, err = identity.ParseSlug(slug); err != nil {
		return made, err
	}
	if err := policy.Set(&made, "name", name); err != nil {
		return made, err
	}
	if style != "" {
		if err := policy.Set(&made, "style", string(style)); err != nil {
			return made, err
		}
	}
	err = s.Store.Tenant(made.ID).Tx(ctx, func(tx *store.Tx) error {
		if err := tx.Add(ctx, made); err != nil {
			return err
		}
		return tx.AddEvent(ctx, event(identity.EventTenantCreated, made.CreatedAt, map[string]string{"slug": made.Slug, "style": string(made.Style)}))
	})
	if errors.Is(err, problem.Exists) {
		err = ErrSlugTaken.Because("There is a tenant with the slug %q already.", made.Slug)
	}
	return made, err
}

// Tenant finds a tenant by its slug; else ErrNoTenant, which names the slug:
// slugs are no secret to the operator.
func (s *Service) Tenant(ctx context.Context, typed string) (t identity.Tenant, err error) {
	slug, err := identity.ParseSlug(typed)
	if err != nil {
		return t, err
	}
	t, err = s.Store.TenantBySlug(ctx, slug)
	if errors.Is(err, problem.NotFound) {
		return t, ErrNoTenant.Because("There is no tenant with the slug %q.", slug)
	}
	return t, err
}

// A Setting is one KEY=VALUE of "tenant set"; the empty value takes a choice
// back.
type Setting struct{ Key, Value string }

// SetTenant changes a tenant's settings, all of them or none. Errors are
// ErrNoTenant, policy.ErrKey, policy.ErrValue and policy.ErrStyleShuts.
func (s *Service) SetTenant(ctx context.Context, slug string, settings []Setting) (t identity.Tenant, err error) {
	return s.changeTenant(ctx, slug, func(tx *store.Tx, before identity.Tenant) (identity.Tenant, error) {
		after := before
		for _, setting := range settings {
			if err := policy.Set(&after, setting.Key, setting.Value); err != nil {
				return after, err
			}
		}
		if before == after {
			return after, nil
		}
		if before.Style != after.Style {
			if err := shutsOut(ctx, tx, after.Style); err != nil {
				return after, err
			}
		}
		return after, tx.AddEvent(ctx, event(identity.EventTenantSettingsChanged, s.Now(), policy.Differences(before, after)))
	})
}

// SuspendTenant keeps a tenant's people out: their sessions stop at once and
// nobody signs in. Nothing is lost (G1). Doing so again changes nothing.
func (s *Service) SuspendTenant(ctx context.Context, slug string) (identity.Tenant, error) {
	return s.setStatus(ctx, slug, identity.TenantSuspended, identity.EventTenantSuspended)
}

// ResumeTenant lets a suspended tenant's people in again, also with sessions
// from before that have not ended by time.
func (s *Service) ResumeTenant(ctx context.Context, slug string) (identity.Tenant, error) {
	return s.setStatus(ctx, slug, identity.TenantActive, identity.EventTenantResumed)
}

func (s *Service) setStatus(ctx context.Context, slug string, status identity.TenantStatus, kind string) (identity.Tenant, error) {
	return s.changeTenant(ctx, slug, func(tx *store.Tx, before identity.Tenant) (identity.Tenant, error) {
		after := before
		after.Status = status
		if before.Status == status {
			return after, nil
		}
		return after, tx.AddEvent(ctx, event(kind, s.Now(), nil))
	})
}

// changeTenant runs change behind the tenant's lock and keeps what it returns.
func (s *Service) changeTenant(ctx context.Context, slug string, change func(*store.Tx, identity.Tenant) (identity.Tenant, error)) (t identity.Tenant, err error) {
	defer problem.Wrap(&err, "change tenant")
	found, err := s.Tenant(ctx, slug)
	if err != nil {
		return t, err
	}
	err = s.Store.Tenant(found.ID).Tx(ctx, func(tx *store.Tx) error {
		if err := tx.Lock(ctx); err != nil {
			return err
		}
		before, err := tx.Get(ctx)
		if err != nil {
			return err
		}
		after, err := change(tx, before)
		if err != nil {
			return err
		}
		if before != after {
			if err := tx.Set(ctx, after); err != nil {
				return err
			}
		}
		t = after
		return nil
	})
	return t, err
}

// shutsOut refuses a style in which users would have nothing to sign in with.
func shutsOut(ctx context.Context, tx *store.Tx, style identity.Style) error {
	noEmail, noExtension, err := tx.Nameless(ctx)
	if err != nil {
		return err
	}
	return policy.StyleShuts(style, noEmail, noExtension)
}
