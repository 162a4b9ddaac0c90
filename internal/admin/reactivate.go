package admin

import (
	"context"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/store"
)

// Reactivate lets a deactivated user sign in again; one who never had a
// password is invited again. Sessions that were ended stay so. Errors are
// policy's, problem.NotFound, and ErrUser when the tenant's style has changed
// meanwhile and the user has nothing to sign in with.
func (s *Service) Reactivate(ctx context.Context, t store.Tenant, actor identity.Actor, id identity.UserID, from identity.Peer) (err error) {
	defer problem.Wrap(&err, "reactivate user %s", id)
	return s.act(ctx, t, actor, policy.UsersWrite, id, func(tx *store.Tx, actor identity.Actor, u identity.User) error {
		if u.Status != identity.Deactivated {
			return nil
		}
		tenant, err := tx.Get(ctx)
		if err != nil {
			return err
		}
		var wrong faults
		if wrong.named(tenant.Style, u); len(wrong) > 0 {
			return wrong.problem()
		}
		status := identity.Active
		if !u.HasPassword {
			status = identity.Invited
		}
		if err := tx.SetStatus(ctx, id, status); err != nil {
			return err
		}
		return tx.AddEvent(ctx, actor.Event(identity.EventUserEnabled, id, from, s.Now()))
	})
}
