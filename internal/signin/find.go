package signin

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/problem"
)

// The limiter's kinds of names; unlocking a user clears both.
const (
	ByEmail     = "email"
	ByExtension = "extension"

	// ByAddress is of tries in the e-mail style, before any tenant is known;
	// these count in the reserved tenant.
	ByAddress = "address alone"
)

// find finds who may be meant by what was typed.
func (a *attempt) find(ctx context.Context, try Try) error {
	switch {
	case try.Username != "":
		extension, slug, err := identity.ParseUsername(try.Username)
		if err != nil {
			extension = noName(try.Username)
		}
		if try.Tenant != "" {
			within, err := identity.ParseSlug(try.Tenant)
			if err != nil || slug != "" && slug != within {
				extension = noName(try.Username) // another tenant's code: the ordinary refusal
			}
			slug = within
		}
		return a.findIn(ctx, slug, ByExtension, extension)
	case try.Tenant != "":
		slug, _ := identity.ParseSlug(try.Tenant)
		return a.findIn(ctx, slug, ByEmail, foldEmail(try.Email))
	}
	return a.findEverywhere(ctx, foldEmail(try.Email))
}

func foldEmail(typed string) string {
	address, err := identity.ParseEmail(typed)
	if err != nil {
		return noName(typed)
	}
	return address.Folded
}

// noName stands for what is no name at all: nobody has it, but it counts and
// costs like any other.
func noName(typed string) string {
	sum := sha256.Sum256([]byte(typed))
	return "?" + hex.EncodeToString(sum[:16])
}

// findIn finds a name in the tenant of a slug; an empty or unknown slug is
// nowhere.
func (a *attempt) findIn(ctx context.Context, slug, by, name string) error {
	tenant, err := a.service.Store.TenantBySlug(ctx, slug)
	if slug == "" || errors.Is(err, problem.NotFound) {
		tenant = identity.Tenant{ID: identity.Nowhere, Style: identity.Workspace, Status: identity.TenantActive}
	} else if err != nil {
		return err
	}
	return a.consider(ctx, tenant, by, name, styleTakes(tenant.Style, by))
}

// styleTakes reports whether a tenant's people name themselves so, where the
// tenant is known.
func styleTakes(style identity.Style, by string) bool {
	return (style == identity.Extension) == (by == ByExtension)
}

// findEverywhere finds an address in the tenants whose people sign in with it
// alone.
func (a *attempt) findEverywhere(ctx context.Context, name string) error {
	ids, standIn, err := a.service.Store.TenantsByAddress(ctx, name)
	if err != nil {
		return err
	}
	unknown := len(ids) == 0
	if unknown {
		ids = append(ids, standIn) // read like a tenant that knows the address
	}
	for _, id := range ids {
		tenant, err := a.service.Store.Tenant(id).Get(ctx)
		if errors.Is(err, problem.NotFound) || err == nil && (unknown || tenant.Style != identity.Email) {
			continue
		} else if err != nil {
			return err
		}
		if err := a.consider(ctx, tenant, ByEmail, name, true); err != nil {
			return err
		}
	}
	nowhere := identity.Tenant{ID: identity.Nowhere, Style: identity.Email, Status: identity.TenantActive}
	nowhere.Policy = a.service.Sessions.Effective(nowhere)
	a.bare = &meant{scope: a.service.Store.Nowhere(), tenant: nowhere, subject: a.service.subject(identity.Nowhere, ByAddress, name)}
	if len(a.meant) > 0 {
		return nil
	}
	return a.considerNobody(ctx, nowhere, standIn, name)
}

// consider adds whoever has the name in a tenant, or nobody there.
func (a *attempt) consider(ctx context.Context, tenant identity.Tenant, by, name string, takes bool) error {
	s := a.service
	m := &meant{scope: s.Store.Tenant(tenant.ID), tenant: tenant}
	m.tenant.Policy = s.Sessions.Effective(tenant)
	read := m.scope.CandidateByEmail
	if by == ByExtension {
		read = m.scope.CandidateByExtension
	}
	found, err := read(ctx, name, s.Params)
	if err != nil {
		return err
	}
	m.user, m.hash = found.User, found.Hash
	m.over = !found.InitialUntil.IsZero() && !a.now.Before(found.InitialUntil)
	if !takes {
		m.user, m.hash = identity.User{}, found.Hash.Decoy(s.Params)
	}
	m.subject = s.subject(tenant.ID, by, name)
	a.meant = append(a.meant, m)
	return nil
}

// considerNobody is consider for an address no tenant knows: it counts in the
// reserved tenant, and costs what it would in a tenant of the style.
func (a *attempt) considerNobody(ctx context.Context, nowhere identity.Tenant, standIn identity.TenantID, name string) error {
	found, err := a.service.Store.Tenant(standIn).CandidateByEmail(ctx, name, a.service.Params)
	if err != nil {
		return err
	}
	a.meant = append(a.meant, &meant{
		scope: a.service.Store.Nowhere(), tenant: nowhere, hash: found.Hash.Decoy(a.service.Params),
		subject: a.service.subject(identity.Nowhere, ByEmail, name),
	})
	return nil
}

func (s *Service) subject(tenant identity.TenantID, by, name string) string {
	return s.Store.Keys().LaneSubject(tenant, by, name)
}
