package admin

import (
	"context"
	"maps"
	"slices"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/store"
)

// Organization is the tenant itself, for those who may see what it chose.
func (s *Service) Organization(ctx context.Context, t store.Tenant, actor identity.Actor) (found identity.Tenant, err error) {
	defer problem.Wrap(&err, "organization")
	if actor, err = present(ctx, t, actor); err != nil {
		return found, err
	}
	if err := policy.Allow(actor, policy.OrganizationRead); err != nil {
		return found, err
	}
	return t.Get(ctx)
}

// SetOrganization changes a tenant's settings, all of them or none, within the
// operator's floors; an empty value takes a choice back. It holds on this node
// at once. Errors are policy.ErrKey, policy.ErrValue, policy.ErrFloor,
// policy.ErrTenant where several of these are wrong, and policy.ErrStyleShuts.
func (s *Service) SetOrganization(ctx context.Context, t store.Tenant, actor identity.Actor, chosen map[string]string, from identity.Peer) (after identity.Tenant, err error) {
	defer problem.Wrap(&err, "set organization")
	return s.change(ctx, t, actor, from, func(tx *store.Tx, tenant identity.Tenant) (identity.Tenant, error) {
		before := tenant.Style
		var wrong policy.Mistakes
		for _, key := range slices.Sorted(maps.Keys(chosen)) {
			wrong.Add(key, policy.SetWithin(s.Operator, &tenant, key, chosen[key]))
		}
		if err := wrong.Problem(); err != nil {
			return tenant, err
		}
		if before == tenant.Style {
			return tenant, nil
		}
		noEmail, noExtension, err := tx.Nameless(ctx)
		if err != nil {
			return tenant, err
		}
		return tenant, policy.StyleShuts(tenant.Style, noEmail, noExtension)
	})
}

// change changes the tenant itself in one transaction, behind its lock, and
// tells of what is different.
func (s *Service) change(ctx context.Context, t store.Tenant, actor identity.Actor, from identity.Peer,
	how func(*store.Tx, identity.Tenant) (identity.Tenant, error)) (after identity.Tenant, err error) {
	if err := policy.Allow(actor, policy.OrganizationWrite); err != nil {
		return after, err // spares strangers' requests the lock
	}
	defer s.forget(t)
	err = t.Tx(ctx, func(tx *store.Tx) error {
		if err := tx.Lock(ctx); err != nil {
			return err
		}
		actor, err := present(ctx, tx.Tenant, actor)
		if err != nil {
			return err
		}
		if err := policy.Allow(actor, policy.OrganizationWrite); err != nil {
			return err
		}
		before, err := tx.Get(ctx)
		if err != nil {
			return err
		}
		after, err = how(tx, before)
		if err != nil || before == after {
			return err
		}
		if err := tx.Set(ctx, after); err != nil {
			return err
		}
		e := actor.Event(identity.EventTenantSettingsChanged, "", from, s.Now())
		maps.Copy(e.Detail, policy.Differences(before, after))
		return tx.AddEvent(ctx, e)
	})
	return after, err
}
