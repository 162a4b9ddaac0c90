// Package once carries a request out once, however often it comes: callers who
// heard no answer ask again with the same Idempotency-Key and get the answer
// of the first time (draft-ietf-httpapi-idempotency-key-header-07).
//
//	key, what is asked ─► the turn? ─ yes ─► act ─► answer, sealed ─► shown
//	                        │ no
//	                        └─► the answer of before · under way · something else
//
// The use case settles the key in its own transaction (store.Tenant.Once), so a
// crash at any point never makes two. It knows no HTTP and not what is done.
package once

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/store"
)

// How long a key is remembered, and how long somebody may be at a request
// before another may try: longer than any request lasts.
const (
	remembered = 24 * time.Hour
	turn       = time.Minute

	finishTime = 5 * time.Second
)

// What is answered instead of carrying a request out.
var (
	ErrOther = problem.New(problem.Invalid, "idempotency_key_reused", "This Idempotency-Key has been sent with another request. Each request needs a key of its own.")
	ErrLost  = problem.New(problem.Conflict, "answer_lost", "The request with this Idempotency-Key has been carried out, but its answer was lost. See what there is before sending another.")
)

// Service holds what the use case of this package needs.
type Service struct {
	Now func() time.Time
}

// A Request is what somebody asks to be done once.
type Request struct {
	Actor   string // a user's id, or an operator token's
	Key     string // of its sender's choosing
	What    string // the call: method and path
	Body    []byte
	Attempt string // this request's own id
	About   string // the id of what it makes, where that is chosen before; else empty
}

// An Answer is what was answered. The zero Answer is none.
type Answer struct {
	Status int    `json:"status"`
	Body   []byte `json:"body"`
}

// Do carries a request out by act, or answers what act answered when the same
// was asked before. Only what act has done is remembered: where it returns an
// error, the same may be tried again. act changes the tenant through
// store.Tenant.Once(o), or makes what o.About names. Errors are act's, ErrOther,
// ErrLost and store.ErrTurnOver; with an answer beside it, an error says that
// the answer could not be kept.
func (s *Service) Do(ctx context.Context, t store.Tenant, r Request, act func(o store.Once) (Answer, error)) (a Answer, replayed bool, err error) {
	o := store.Once{Actor: r.Actor, Attempt: r.Attempt, About: r.About,
		Name:        t.Keys().OnceHash(t.ID(), "key", r.Actor, r.Key),
		Fingerprint: t.Keys().OnceHash(t.ID(), "request", r.Actor, r.What, string(r.Body))}
	now := s.Now()
	var state store.OnceState
	err = t.Tx(ctx, func(tx *store.Tx) (err error) {
		state, err = tx.TakeOnce(ctx, o, now, now.Add(turn), now.Add(remembered))
		return err
	})
	switch {
	case errors.Is(err, problem.NotFound): // was swept in this moment
		return a, false, store.ErrTurnOver.After(time.Second)
	case err != nil:
		return a, false, err
	case !state.Mine:
		a, err = before(state, o, now)
		return a, err == nil, err
	}
	o.About = state.About
	a, err = act(o)
	if err != nil {
		a = Answer{}
	}
	return a, false, s.finish(ctx, t, o, a, err)
}

// before is the answer to whoever has not got the turn.
func before(s store.OnceState, o store.Once, now time.Time) (a Answer, err error) {
	switch {
	case s.Fingerprint != o.Fingerprint:
		return a, ErrOther
	case s.Answer != nil:
		return a, json.Unmarshal(s.Answer, &a)
	case s.Done && !now.Before(s.TurnUntil):
		return a, ErrLost
	}
	return a, store.ErrTurnOver.After(time.Second)
}

// finish keeps the answer or lets the next try, also when nobody waits for the
// answer any more: that is whom keys are for.
func (s *Service) finish(ctx context.Context, t store.Tenant, o store.Once, a Answer, failed error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), finishTime)
	defer cancel()
	if failed != nil {
		err := t.Tx(ctx, func(tx *store.Tx) error { return tx.ReleaseOnce(ctx, o) })
		return errors.Join(failed, err)
	}
	text, err := json.Marshal(a)
	if err != nil {
		return err
	}
	return t.Tx(ctx, func(tx *store.Tx) error { return tx.KeepOnce(ctx, o, text) })
}
