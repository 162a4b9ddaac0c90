package operator

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

// What can be wrong with an act on an operator token.
var (
	ErrTokenEnd = problem.New(problem.Invalid, "invalid_token_end", "An operator token is good for a second or more, ten years at most.")
	ErrNoToken  = problem.New(problem.Missing, "unknown_operator_token", "There is no such operator token, or it is revoked already.")
)

const longestToken = 10 * 365 * 24 * time.Hour

// usedEvery is how exactly it is noted when a token was used: not each time, for
// that would be a change for every look.
const usedEvery = time.Minute

// CreateToken makes an operator token that is good for so long; 0 is until it
// is revoked. The token itself is answered here and never again. Errors are
// identity.ErrName and ErrTokenEnd.
func (s *Service) CreateToken(ctx context.Context, name string, lasts time.Duration) (made identity.OperatorToken, token secret.Token, err error) {
	defer problem.Wrap(&err, "create operator token")
	made = identity.OperatorToken{ID: identity.NewOperatorTokenID(), CreatedAt: s.Now()}
	if made.Name, err = identity.ParseName(name); err != nil {
		return made, "", err
	}
	if lasts != 0 {
		if lasts < time.Second || lasts > longestToken {
			return made, "", ErrTokenEnd
		}
		made.ExpiresAt = made.CreatedAt.Add(lasts)
	}
	token = secret.NewOperatorToken(made.ID)
	err = s.Store.Nowhere().Tx(ctx, func(tx *store.Tx) error {
		if err := tx.AddOperatorToken(ctx, made, secret.OperatorTokenHash(token)); err != nil {
			return err
		}
		return tx.AddEvent(ctx, event(identity.EventOperatorTokenCreated, made.CreatedAt, map[string]string{"token": string(made.ID), "name": made.Name}))
	})
	return made, token, err
}

// Tokens lists all operator tokens there ever were, oldest first.
func (s *Service) Tokens(ctx context.Context) ([]identity.OperatorToken, error) {
	return s.Store.Nowhere().OperatorTokens(ctx)
}

// RevokeToken makes a token invalid for ever, at once; else ErrNoToken.
func (s *Service) RevokeToken(ctx context.Context, id identity.OperatorTokenID) (err error) {
	defer problem.Wrap(&err, "revoke operator token %s", id)
	err = s.Store.Nowhere().Tx(ctx, func(tx *store.Tx) error {
		if err := tx.RevokeOperatorToken(ctx, id, s.Now()); err != nil {
			return err
		}
		return tx.AddEvent(ctx, event(identity.EventOperatorTokenRevoked, s.Now(), map[string]string{"token": string(id)}))
	})
	if errors.Is(err, problem.NotFound) {
		return ErrNoToken
	}
	return err
}

// Authenticate finds the operator token that a program shows, and notes that it
// was used. Whatever is wrong with it, the error is policy.ErrOperator; a source
// that has shown too many such must wait, also with one that is right
// (policy.ErrWait). What does not even look like one, such as a session's token,
// is no guess and is not counted.
func (s *Service) Authenticate(ctx context.Context, text, source string, from identity.Peer) (t identity.OperatorToken, err error) {
	defer problem.Wrap(&err, "authenticate an operator token")
	id, err := secret.ReadOperatorToken(text)
	if err != nil {
		return t, policy.ErrOperator
	}
	now := s.Now()
	rule := policy.OperatorTries()
	lanes := []store.Lane{{Lane: rule, Key: rule.Name + " " + source}}
	until, err := s.Store.Nowhere().WaitingUntil(ctx, lanes, now)
	if err != nil {
		return t, err
	}
	if !until.IsZero() {
		return t, policy.ErrWait.After(max(until.Sub(now), time.Second))
	}
	t, ok, err := s.findToken(ctx, id, text)
	switch {
	case err != nil:
		return t, err
	case !ok || !t.Alive(now):
		return identity.OperatorToken{}, s.refuseToken(ctx, t.ID, lanes, from, now)
	case now.Sub(t.UsedAt) >= usedEvery:
		err = s.Store.Nowhere().Tx(ctx, func(tx *store.Tx) error { return tx.TouchOperatorToken(ctx, t.ID, now) })
	}
	return t, err
}

// findToken reads the row that a token names; ok says that the token is the one
// that was made for it.
func (s *Service) findToken(ctx context.Context, id identity.OperatorTokenID, text string) (t identity.OperatorToken, ok bool, err error) {
	t, hash, err := s.Store.Nowhere().OperatorToken(ctx, id)
	if err != nil && !errors.Is(err, problem.NotFound) {
		return t, false, err
	}
	if !secret.IsOperatorToken(text, hash) { // also where there is none
		return identity.OperatorToken{}, false, nil
	}
	return t, true, nil
}

// refuseToken counts the failure for its source. id is of a token that is over,
// or empty.
func (s *Service) refuseToken(ctx context.Context, id identity.OperatorTokenID, lanes []store.Lane, from identity.Peer, now time.Time) error {
	nowhere := s.Store.Nowhere()
	_, err := nowhere.ReserveTry(ctx, lanes, now)
	if waiting, ok := errors.AsType[*store.Waiting](err); ok { // others were at it at the same time
		return policy.ErrWait.After(max(waiting.Until.Sub(now), time.Second))
	} else if err != nil {
		return err
	}
	err = nowhere.Tx(ctx, func(tx *store.Tx) error {
		e := identity.Event{Kind: identity.EventOperatorTokenRefused, Result: policy.ErrOperator.Code, Peer: from, At: now}
		if id != "" {
			e.Detail = map[string]string{"token": string(id)}
		}
		return tx.AddEvent(ctx, e)
	})
	if err != nil {
		return err
	}
	return policy.ErrOperator
}
