package admin

import (
	"context"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/signin"
	"github.com/vestibule-id/vestibule/internal/store"
)

// Unlock forgets the failed tries on a user, so that nobody need wait to sign
// in as it. A source that has tried many users goes on waiting. Errors are
// policy's and problem.NotFound.
func (s *Service) Unlock(ctx context.Context, t store.Tenant, actor identity.Actor, id identity.UserID, from identity.Peer) (err error) {
	defer problem.Wrap(&err, "unlock user %s", id)
	return s.act(ctx, t, actor, policy.UsersCredentials, id, func(tx *store.Tx, actor identity.Actor, u identity.User) error {
		if err := clearLanes(ctx, tx, u); err != nil {
			return err
		}
		return tx.AddEvent(ctx, s.event(identity.EventLoginUnlock, actor, id, from, s.Now()))
	})
}

// clearLanes forgets the tries under every name a user can be meant by.
func clearLanes(ctx context.Context, tx *store.Tx, u identity.User) error {
	for _, name := range []struct{ by, folded string }{
		{signin.ByEmail, u.Email.Folded},
		{signin.ByExtension, u.Extension},
	} {
		if name.folded == "" {
			continue
		}
		if err := tx.ClearLanes(ctx, tx.Keys().LaneSubject(tx.ID(), name.by, name.folded)); err != nil {
			return err
		}
	}
	return nil
}
