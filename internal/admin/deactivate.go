package admin

import (
	"context"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/store"
)

// Deactivate keeps a user from signing in and ends its sessions and links. Doing so
// again changes nothing. Errors are policy's and problem.NotFound.
func (s *Service) Deactivate(ctx context.Context, t store.Tenant, actor identity.Actor, id identity.UserID, from identity.Peer) (err error) {
	defer problem.Wrap(&err, "deactivate user %s", id)
	now := s.Now()
	return s.act(ctx, t, actor, policy.UsersWrite, id, func(tx *store.Tx, actor identity.Actor, u identity.User) error {
		if u.Status == identity.Deactivated {
			return nil
		}
		if err := keepAdmin(ctx, tx, u); err != nil {
			return err
		}
		if err := tx.SetStatus(ctx, id, identity.Deactivated); err != nil {
			return err
		}
		if _, err := tx.EndSessions(ctx, id, "", now); err != nil {
			return err
		}
		if err := tx.EndLinks(ctx, id, now); err != nil {
			return err
		}
		return tx.AddEvent(ctx, actor.Event(identity.EventUserDisabled, id, from, now))
	})
}
