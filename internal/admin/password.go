package admin

import (
	"context"
	"errors"
	"time"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/secret"
	"github.com/vestibule-id/vestibule/internal/signin"
	"github.com/vestibule-id/vestibule/internal/store"
)

// SetPassword gives a user an initial password, to be handed over by whoever
// typed it (P1, P7). Whether it must be changed at the first sign-in, the
// tenant's policy decides when mustChange is true. Whoever knows it can become
// the user, so it needs what policy.MayActAs asks. It ends the user's sessions
// and links and clears its lanes; an invited user becomes active. One's own
// password is refused with ErrOwn: a stolen session must not be enough for a
// new one. Further errors are policy's, secret.ErrBusy, problem.NotFound and
// ErrMeantime.
func (s *Service) SetPassword(ctx context.Context, t store.Tenant, actor identity.Actor, id identity.UserID, password secret.Password, mustChange bool, from identity.Peer) (err error) {
	defer problem.Wrap(&err, "set password of user %s", id)
	_, err = s.handOver(ctx, t, actor, id, handed{password: password, mustChange: mustChange}, from)
	return err
}

// A Slip is what is handed over to a user, on paper or by telephone. It is
// shown once.
type Slip struct {
	Tenant   identity.Tenant
	User     identity.User
	Username string          // what to type at the tenant's own sign-in page
	Password secret.Password // write Reveal() where it must be seen
	Until    time.Time       // it is over then, unless somebody has signed in with it; zero: for good
}

// GiveInitial is SetPassword with a password we make: nobody types it, so
// nobody else has it, and it ends by itself if it is not used.
func (s *Service) GiveInitial(ctx context.Context, t store.Tenant, actor identity.Actor, id identity.UserID, from identity.Peer) (slip Slip, err error) {
	defer problem.Wrap(&err, "give user %s an initial password", id)
	slip.Until = s.Now().Add(policy.InitialPasswordTTL).Truncate(time.Second)
	if slip.Password, err = secret.NewPassword(secret.NewInitialPassword()); err != nil {
		return slip, err
	}
	if slip.Tenant, err = t.Get(ctx); err != nil { // before: nobody else will ever know the password
		return Slip{}, err
	}
	u, err := s.handOver(ctx, t, actor, id, handed{password: slip.Password, mustChange: true, until: slip.Until}, from)
	if err != nil {
		return Slip{}, err
	}
	slip.address(u)
	return slip, nil
}

// address writes on a slip of a tenant whom it is for, as the sign-in page
// asks.
func (s *Slip) address(u identity.User) {
	if s.User, s.Username = u, u.Email.Typed; s.Tenant.Style == identity.Extension {
		s.Username = u.Extension + "-" + s.Tenant.Slug
	}
}

// handed is a password that somebody else than its user has seen.
type handed struct {
	password   secret.Password
	mustChange bool
	until      time.Time // zero: for good
}

func (s *Service) handOver(ctx context.Context, t store.Tenant, actor identity.Actor, id identity.UserID, h handed, from identity.Peer) (u identity.User, err error) {
	seen, hash, err := s.prepare(ctx, t, actor, id, h.password)
	if err != nil {
		return u, err
	}
	if err := signin.ForgiveAddress(ctx, t, seen); err != nil { // first: an accident here must not hide that the password is set
		return u, err
	}
	now := s.Now()
	err = s.act(ctx, t, actor, policy.UsersCredentials, id, func(tx *store.Tx, actor identity.Actor, u identity.User) error {
		if err := actAs(ctx, tx.Tenant, actor, u); err != nil {
			return err
		}
		if u.Email != seen.Email {
			return ErrMeantime // the salt may be another's
		}
		err := tx.SetPassword(ctx, id, seen.Credential, hash, h.mustChange)
		if errors.Is(err, problem.NotFound) {
			return ErrMeantime
		} else if err != nil {
			return err
		}
		if !h.until.IsZero() {
			if err := tx.LimitInitial(ctx, id, h.until); err != nil {
				return err
			}
		}
		if err := s.endAll(ctx, tx, u, now); err != nil {
			return err
		}
		return tx.AddEvent(ctx, actor.Event(identity.EventPasswordSet, id, from, now))
	})
	return seen, err
}

// endAll ends what a user's former password has opened, and the waits before
// it.
func (s *Service) endAll(ctx context.Context, tx *store.Tx, u identity.User, now time.Time) error {
	if _, err := tx.EndSessions(ctx, u.ID, "", now); err != nil {
		return err
	}
	if err := tx.EndLinks(ctx, u.ID, now); err != nil {
		return err
	}
	return signin.Forgive(ctx, tx, u)
}

// prepare does the slow part, for whoever may do it at all.
func (s *Service) prepare(ctx context.Context, t store.Tenant, actor identity.Actor, id identity.UserID, password secret.Password) (u identity.User, h secret.Hash, err error) {
	if u, err = target(ctx, t, actor, policy.UsersCredentials, id); err != nil {
		return u, "", err
	}
	if !actor.Operator && actor.User == id {
		return u, "", ErrOwn
	}
	if err := actAs(ctx, t, actor, u); err != nil {
		return u, "", err
	}
	tenant, err := t.Get(ctx)
	if err != nil {
		return u, "", err
	}
	h, err = s.hash(ctx, t, tenant, u, password)
	return u, h, err
}
