package admin

import (
	"context"
	"errors"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/secret"
	"github.com/vestibule-id/vestibule/internal/store"
)

// SetPassword gives a user an initial password, to be handed over by whoever
// typed it (P1, P7). Whether it must be changed at the first sign-in, the
// tenant's policy decides when mustChange is true. It ends the user's sessions
// and clears its lanes; an invited user becomes active. One's own password is
// refused with ErrOwn: a stolen session must not be enough for a new one.
// Further errors are policy's, problem.NotFound and ErrMeantime.
func (s *Service) SetPassword(ctx context.Context, t store.Tenant, actor identity.Actor, id identity.UserID, password secret.Password, mustChange bool, from identity.Peer) (err error) {
	defer problem.Wrap(&err, "set password of user %s", id)
	seen, hash, err := s.prepare(ctx, t, actor, id, password)
	if err != nil {
		return err
	}
	now := s.Now()
	err = s.act(ctx, t, actor, policy.UsersCredentials, id, func(tx *store.Tx, actor identity.Actor, u identity.User) error {
		if u.Email != seen.Email {
			return ErrMeantime // the salt may be another's
		}
		err := tx.SetPassword(ctx, id, seen.Credential, hash, mustChange)
		if errors.Is(err, problem.NotFound) {
			return ErrMeantime
		} else if err != nil {
			return err
		}
		if _, err := tx.EndSessions(ctx, id, "", now); err != nil {
			return err
		}
		if err := clearLanes(ctx, tx, u); err != nil {
			return err
		}
		return tx.AddEvent(ctx, s.event(identity.EventPasswordSet, actor, id, from, now))
	})
	if err != nil {
		return err
	}
	return clearAddress(ctx, t, seen)
}

// prepare does the slow part, for whoever may do it at all.
func (s *Service) prepare(ctx context.Context, t store.Tenant, actor identity.Actor, id identity.UserID, password secret.Password) (u identity.User, h secret.Hash, err error) {
	if u, err = target(ctx, t, actor, policy.UsersCredentials, id); err != nil {
		return u, "", err
	}
	if !actor.Operator && actor.User == id {
		return u, "", ErrOwn
	}
	tenant, err := t.Get(ctx)
	if err != nil {
		return u, "", err
	}
	h, err = s.hash(t, tenant, u, password)
	return u, h, err
}
