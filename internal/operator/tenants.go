package operator

import (
	"context"
	"errors"
	"time"

	"github.com/vestibule-id/vestibule/internal/enroll"
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
	ErrMadeGone  = problem.New(problem.Conflict, "tenant_deleted", "The tenant that was made by this request has been deleted since.")
)

// A NewTenant is what is told about a tenant that is to be made.
type NewTenant struct {
	ID       identity.TenantID // empty: a new one
	Slug     string
	Name     string
	Style    identity.Style // empty: the workspace style
	Settings []Setting

	Administrator *enroll.Invitee // invited by mail with the tenant; its role is Admin's; nil: nobody
}

// CreateTenant makes a tenant; the style is empty for the workspace style.
// Errors are identity's, policy.ErrValue, ErrTenant and ErrSlugTaken.
func (s *Service) CreateTenant(ctx context.Context, slug, name string, style identity.Style) (made identity.Tenant, err error) {
	made, _, err = s.MakeTenant(ctx, NewTenant{Slug: slug, Name: name, Style: style})
	return made, err
}

// MakeTenant makes a tenant with its settings and its first administrator, all
// of it or nothing. Errors are CreateTenant's, policy.ErrKey, enroll.ErrInvitee
// and, with an id that was chosen before, ErrMadeGone.
func (s *Service) MakeTenant(ctx context.Context, wanted NewTenant) (made identity.Tenant, i identity.Invitation, err error) {
	defer problem.Wrap(&err, "create tenant")
	if made, err = wanted.parse(s.Now()); err != nil {
		return made, i, err
	}
	err = s.Store.Tenant(made.ID).Tx(ctx, func(tx *store.Tx) (err error) {
		if err := tx.Add(ctx, made); err != nil {
			return err
		}
		detail := map[string]string{"slug": made.Slug, "style": string(made.Style)}
		if err := tx.AddEvent(ctx, s.event(identity.EventTenantCreated, made.CreatedAt, detail)); err != nil {
			return err
		}
		if wanted.Administrator != nil {
			i, err = s.Invitations.First(ctx, tx, made, *wanted.Administrator, s.from)
		}
		return err
	})
	if errors.Is(err, problem.Exists) {
		return s.made(ctx, wanted.ID, made.Slug)
	}
	return made, i, err
}

// made finds a tenant that was made under an id chosen for it, with its first
// administrator's invitation: whoever asked has heard no answer. A tenant that
// is closed has no slug any more, though its rows may still be there. Errors are
// ErrMadeGone and ErrSlugTaken.
func (s *Service) made(ctx context.Context, id identity.TenantID, slug string) (t identity.Tenant, i identity.Invitation, err error) {
	t, err = s.Store.TenantBySlug(ctx, slug)
	switch {
	case err == nil && t.ID == id:
		list, err := s.Store.Tenant(id).Invitations(ctx, "", 200)
		if len(list) > 0 {
			i = list[len(list)-1]
		}
		return t, i, err
	case err != nil && !errors.Is(err, problem.NotFound):
		return t, i, err
	}
	if id != "" {
		if closed, err := s.Store.Tenant(id).Get(ctx); err == nil && closed.Slug == slug {
			return identity.Tenant{}, i, ErrMadeGone
		}
	}
	return identity.Tenant{}, i, ErrSlugTaken.Because("There is a tenant with the slug %q already.", slug)
}

// Tenants lists up to limit tenants whose slugs come after the given one.
func (s *Service) Tenants(ctx context.Context, after string, limit int) ([]identity.Tenant, error) {
	return s.Store.Tenants(ctx, after, limit)
}

func (w NewTenant) parse(now time.Time) (t identity.Tenant, err error) {
	t = identity.Tenant{ID: w.ID, Style: identity.Workspace, Status: identity.TenantActive, CreatedAt: now}
	if t.ID == "" {
		t.ID = identity.NewTenantID()
	}
	var wrong policy.Mistakes
	if t.Slug, err = identity.ParseSlug(w.Slug); err != nil {
		wrong.Add("slug", err)
	}
	wrong.Add("name", policy.Set(&t, "name", w.Name))
	if w.Style != "" {
		wrong.Add("style", policy.Set(&t, "style", string(w.Style)))
	}
	setAll(&wrong, &t, w.Settings)
	if w.Administrator != nil {
		wrong.Add("", w.Administrator.CheckFirst(t.Style))
	}
	return t, wrong.Problem()
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
		return t, noTenant(slug)
	}
	return t, err
}

func noTenant(slug string) error {
	return ErrNoTenant.Because("There is no tenant with the slug %q.", slug)
}

// A Setting is one KEY=VALUE of "tenant set"; the empty value takes a choice
// back.
type Setting struct{ Key, Value string }

// SetTenant changes a tenant's settings, all of them or none. Errors are
// ErrNoTenant, policy.ErrKey, policy.ErrValue, ErrTenant and
// policy.ErrStyleShuts.
func (s *Service) SetTenant(ctx context.Context, slug string, settings []Setting) (t identity.Tenant, err error) {
	return s.changeTenant(ctx, slug, func(tx *store.Tx, before identity.Tenant) (identity.Tenant, error) {
		after := before
		var wrong policy.Mistakes
		if setAll(&wrong, &after, settings); len(wrong) > 0 {
			return after, wrong.Problem()
		}
		if before == after {
			return after, nil
		}
		if before.Style != after.Style {
			if err := shutsOut(ctx, tx, after.Style); err != nil {
				return after, err
			}
		}
		return after, tx.AddEvent(ctx, s.event(identity.EventTenantSettingsChanged, s.Now(), policy.Differences(before, after)))
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
		return after, tx.AddEvent(ctx, s.event(kind, s.Now(), nil))
	})
}

// changeTenant runs change behind the tenant's lock and keeps what it returns.
// Who was found may be closed by then: that Set sees, so it is asked also where
// nothing is different.
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
		t = after
		return tx.Set(ctx, after)
	})
	s.forget(found.ID)
	if errors.Is(err, problem.NotFound) {
		return identity.Tenant{}, noTenant(found.Slug)
	}
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
