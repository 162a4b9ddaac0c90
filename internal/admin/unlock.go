package admin

import (
	"context"
	"time"

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
	var who identity.User
	err = s.act(ctx, t, actor, policy.UsersCredentials, id, func(tx *store.Tx, actor identity.Actor, u identity.User) error {
		who = u
		if err := signin.Forgive(ctx, tx, u); err != nil {
			return err
		}
		return tx.AddEvent(ctx, actor.Event(identity.EventLoginUnlock, id, from, s.Now()))
	})
	if err != nil {
		return err
	}
	return signin.ForgiveAddress(ctx, t, who)
}

// Waits says how many failed tries are counted on a user, and until when one
// of those who tried waits; zero when nobody does. Known browsers have tries
// of their own and may not be among those who wait.
func (s *Service) Waits(ctx context.Context, t store.Tenant, u identity.User) (tries int64, until time.Time, err error) {
	for _, subject := range signin.Subjects(t, u) {
		n, last, err := t.Tries(ctx, subject)
		if err != nil {
			return 0, time.Time{}, err
		}
		tries += n
		if last.After(until) && last.After(s.Now()) {
			until = last
		}
	}
	return tries, until, nil
}
