package signin

import (
	"context"
	"errors"
	"time"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/secret"
	"github.com/vestibule-id/vestibule/internal/store"
)

// How long the steps between a password and a session may take.
const (
	choiceTTL = 5 * time.Minute
	changeTTL = 10 * time.Minute
)

// conclude says what follows, from who matched.
func (a *attempt) conclude(ctx context.Context) (out Outcome, err error) {
	var right, suspended []*meant
	for _, m := range a.meant {
		switch policy.AfterPassword(m.tenant, m.user, m.matched) {
		case policy.Refuse:
			if err := a.fail(ctx, m); err != nil {
				return out, err
			}
		case policy.Suspended:
			suspended = append(suspended, m)
		default:
			right = append(right, m)
		}
	}
	if len(right)+len(suspended) > 0 {
		if err := a.clearBare(ctx); err != nil {
			return out, err
		}
	}
	if len(suspended) > 0 {
		if err := a.passed(ctx, suspended, policy.ErrSuspended); !errors.Is(err, policy.ErrSuspended) {
			return out, err
		}
	}
	switch {
	case len(right) == 1:
		return a.finish(ctx, right[0])
	case len(right) > 1:
		return a.choose(ctx, right)
	case len(suspended) > 0:
		return out, policy.ErrSuspended
	}
	return out, policy.ErrRefused
}

// finish opens the session, or asks for a password of the person's own first.
func (a *attempt) finish(ctx context.Context, m *meant) (out Outcome, err error) {
	if policy.AfterPassword(m.tenant, m.user, true) == policy.ChangePassword {
		out.Change = a.service.changeToken(m, a.now)
		return out, a.passed(ctx, []*meant{m}, policy.ErrChangeRequired)
	}
	return a.service.open(ctx, m, a.from, a.now)
}

func (a *attempt) choose(ctx context.Context, right []*meant) (out Outcome, err error) {
	choice := secret.Choice{Expires: a.now.Add(choiceTTL)}
	for _, m := range right {
		choice.Candidates = append(choice.Candidates, secret.Candidate{Tenant: m.scope.ID(), User: m.user.ID, Credential: m.user.Credential})
		out.Choices = append(out.Choices, Choice{Tenant: m.tenant.Slug, Name: m.tenant.Name})
	}
	out.Choice = a.service.Store.Keys().ChoiceToken(choice)
	return out, a.passed(ctx, right, policy.ErrChoose)
}

// passed gives the tries back of whoever typed the right password although no
// session follows yet, and answers next.
func (a *attempt) passed(ctx context.Context, right []*meant, next *problem.Problem) error {
	for _, m := range right {
		err := m.scope.Tx(ctx, func(tx *store.Tx) error {
			if err := m.clear(ctx, tx, a.now); err != nil {
				return err
			}
			return tx.AddEvent(ctx, a.event(m, identity.EventLoginSuccess, next.Code))
		})
		if err != nil {
			return err
		}
	}
	return next
}

// clearBare gives back the try by address alone, once for whoever was meant.
func (a *attempt) clearBare(ctx context.Context) error {
	if a.bare == nil {
		return nil
	}
	return a.bare.scope.Tx(ctx, func(tx *store.Tx) error { return a.bare.clear(ctx, tx, a.now) })
}

// fail leaves what a failed try leaves: it stays counted, and an event.
func (a *attempt) fail(ctx context.Context, m *meant) error {
	return m.scope.Tx(ctx, func(tx *store.Tx) error {
		if err := tx.CountFailure(ctx, m.failing, a.now); err != nil {
			return err
		}
		for _, l := range m.filled {
			e := a.event(m, identity.EventLoginLock, policy.ErrWait.Code)
			e.Detail["lane"] = l.Name
			if err := tx.AddEvent(ctx, e); err != nil {
				return err
			}
		}
		return tx.AddEvent(ctx, a.event(m, a.failed, a.refused.Code))
	})
}

func (a *attempt) event(m *meant, kind, result string) identity.Event {
	return identity.Event{
		Kind: kind, Result: result, User: m.user.ID, Actor: a.actor.User, Session: a.actor.Session, Peer: a.from.Peer, At: a.now,
		Detail: map[string]string{"method": "password", "style": string(m.tenant.Style)},
	}
}

// clear keeps a better hash, gives the source its try back and forgets the
// user's lanes. The user's row comes before the lanes, as with everybody who
// takes both: in the other order two would wait for each other.
func (m *meant) clear(ctx context.Context, tx *store.Tx, reserved time.Time) error {
	if m.better != "" {
		if err := tx.Rehash(ctx, m.user.ID, m.user.Credential, m.better); err != nil {
			return err
		}
	}
	for _, l := range m.lanes {
		if l.Subject != "" {
			continue
		}
		if err := tx.RefundTry(ctx, []store.Lane{l}, reserved); err != nil {
			return err
		}
	}
	return tx.ClearLanes(ctx, m.subject)
}

// open opens the session of a user whose password was right. The user's row
// decides: whoever has been deactivated or has another password since is
// refused.
func (s *Service) open(ctx context.Context, m *meant, from From, now time.Time) (out Outcome, err error) {
	role, err := m.scope.HeldRole(ctx, m.user.Role)
	if err != nil {
		return out, err
	}
	made := s.Sessions.Make(m.tenant, m.user, from.Kind, from.Peer, now)
	err = m.scope.Tx(ctx, func(tx *store.Tx) error {
		if err := tx.SignIn(ctx, m.user.ID, m.user.Credential, now); err != nil {
			return err
		}
		return s.record(ctx, tx, m, made, from, now)
	})
	if errors.Is(err, problem.NotFound) {
		return out, policy.ErrRefused
	} else if err != nil {
		return out, err
	}
	m.user.LastSignIn = now
	out.Grant, err = s.Sessions.Grant(store.Live{Session: made, User: m.user, Tenant: m.tenant, Role: role}, now)
	return out, err
}

// record writes all that an opened session leaves.
func (s *Service) record(ctx context.Context, tx *store.Tx, m *meant, made identity.Session, from From, now time.Time) error {
	if err := tx.AddSession(ctx, made); err != nil {
		return err
	}
	if err := s.meet(ctx, tx, m, made, from, now); err != nil {
		return err
	}
	if err := m.clear(ctx, tx, now); err != nil {
		return err
	}
	return tx.AddEvent(ctx, identity.Event{
		Kind: identity.EventLoginSuccess, Result: identity.EventOK, User: m.user.ID, Actor: m.user.ID, Session: made.ID,
		Peer: from.Peer, At: now, Detail: map[string]string{"method": "password", "style": string(m.tenant.Style), "carried_by": string(from.Kind)},
	})
}

func (s *Service) changeToken(m *meant, now time.Time) secret.Token {
	return s.Store.Keys().ChangeToken(secret.Change{
		Tenant: m.scope.ID(), User: m.user.ID, Credential: m.user.Credential, Expires: now.Add(changeTTL),
	})
}
