package admin

import (
	"context"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/store"
)

// Delete removes a user with its sessions; the audit trail stays. Errors are
// policy's and problem.NotFound.
func (s *Service) Delete(ctx context.Context, t store.Tenant, actor identity.Actor, id identity.UserID, from identity.Peer) (err error) {
	defer problem.Wrap(&err, "delete user %s", id)
	return s.act(ctx, t, actor, policy.UsersDelete, id, func(tx *store.Tx, actor identity.Actor, u identity.User) error {
		if err := keepAdmin(ctx, tx, u); err != nil {
			return err
		}
		if err := tx.DeleteUser(ctx, u); err != nil {
			return err
		}
		return tx.AddEvent(ctx, actor.Event(identity.EventUserDeleted, id, from, s.Now()))
	})
}
