package admin

import (
	"context"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/store"
)

// EndSessions ends all of a user's sessions; of one's own, the present one
// stays. Without any it does nothing. Errors are policy's and problem.NotFound.
func (s *Service) EndSessions(ctx context.Context, t store.Tenant, actor identity.Actor, id identity.UserID, from identity.Peer) (err error) {
	defer problem.Wrap(&err, "end sessions of user %s", id)
	now := s.Now()
	return s.act(ctx, t, actor, policy.UsersCredentials, id, func(tx *store.Tx, actor identity.Actor, u identity.User) error {
		kept := identity.SessionID("")
		if actor.User == id {
			kept = actor.Session
		}
		n, err := tx.EndSessions(ctx, id, kept, now)
		if err != nil || n == 0 {
			return err
		}
		return tx.AddEvent(ctx, actor.Event(identity.EventSessionTerminated, id, from, now))
	})
}
