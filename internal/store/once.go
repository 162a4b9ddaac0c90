package store

import (
	"context"
	"time"

	"github.com/vestibule-id/vestibule/internal/problem"
)

const (
	// takeOnce gives a request its turn: when its key is new or over, or when
	// the same is asked for and whoever had the turn has let it go by.
	//
	//	$7 now, $8 end of the turn, $9 end of the key
	takeOnce = `INSERT INTO once (tenant_id, actor, name, fingerprint, attempt, about, turn_until, expires_at, answer)
		VALUES ($1, $2, $3, $4, $5, $6, $8, $9, $10)
		ON CONFLICT (tenant_id, actor, name) DO UPDATE SET
			about = CASE WHEN once.expires_at <= $7 THEN $6 ELSE once.about END,
			expires_at = CASE WHEN once.expires_at <= $7 THEN $9 ELSE once.expires_at END,
			fingerprint = $4, attempt = $5, turn_until = $8, done = 0, answer = $10
		WHERE once.expires_at <= $7 OR (once.done = 0 AND once.turn_until <= $7 AND once.fingerprint = $4)
		RETURNING about`
	onceRow    = `SELECT fingerprint, done, turn_until, answer FROM once WHERE tenant_id = $1 AND actor = $2 AND name = $3`
	settleOnce = `UPDATE once SET done = 1 WHERE tenant_id = $1 AND actor = $2 AND name = $3 AND attempt = $4`
	// keepOnce keeps nothing of what was changed without being settled: asking
	// again would be seen not to work.
	keepOnce = `UPDATE once SET done = 1, answer = $5 WHERE tenant_id = $1 AND actor = $2 AND name = $3 AND attempt = $4
		AND (done = 1 OR about <> '')`
	releaseOnce = `UPDATE once SET turn_until = 0 WHERE tenant_id = $1 AND actor = $2 AND name = $3 AND attempt = $4 AND done = 0`
	sweepOnce   = `DELETE FROM once WHERE tenant_id = $1 AND (actor, name) IN (
		SELECT actor, name FROM once WHERE tenant_id = $1 AND expires_at <= $2 LIMIT $3)`
	removeOnce = `DELETE FROM once WHERE tenant_id = $1 AND (actor, name) IN (SELECT actor, name FROM once WHERE tenant_id = $1 LIMIT $2)`
)

// ErrTurnOver says that somebody else is at the same request.
var ErrTurnOver = problem.New(problem.Conflict, "request_under_way", "The same request is still under way. Ask again in a moment.")

// A Once is a request that is to be done once, however often it comes.
type Once struct {
	Actor       string // a user's id, or an operator token's
	Name        string // keyed hash of its Idempotency-Key
	Fingerprint string // keyed hash of what is asked for
	Attempt     string // tells those apart who try: the request's id
	About       string // the id of what it makes, where that is chosen before; else empty
}

// A OnceState is what has become of a request by now.
type OnceState struct {
	Mine  bool   // it is whoever asks who does it, about About
	About string // of the first try, so that nothing is made a second time under another id

	Fingerprint string    // else: of the request that came first
	Done        bool      // it has been carried out
	TurnUntil   time.Time // until then somebody is at it
	Answer      []byte    // what was answered; nil: not known yet
}

// Once is the tenant for a request that is to be done once: whatever is changed
// through it settles the request in the same transaction, or is not changed
// when somebody else has the turn by then (ErrTurnOver). Give it to use cases of
// one transaction.
func (t Tenant) Once(o Once) Tenant {
	t.once = &o
	return t
}

// settle runs first in a transaction of a Tenant that Once returned.
func (tx *Tx) settle(ctx context.Context, o Once) error {
	n, err := tx.exec(ctx, settleOnce, o.Actor, o.Name, o.Attempt)
	if err == nil && n == 0 {
		return ErrTurnOver
	}
	return err
}

// TakeOnce asks for the turn to carry a request out until turn; the key is
// remembered until end.
func (tx *Tx) TakeOnce(ctx context.Context, o Once, now, turn, end time.Time) (s OnceState, err error) {
	defer problem.Wrap(&err, "take a request")
	err = tx.all(ctx, takeOnce, func(r row) error {
		s.Mine = true
		return r.Scan(&s.About)
	}, o.Actor, o.Name, o.Fingerprint, o.Attempt, o.About, micros(now), micros(turn), micros(end), []byte{})
	if err != nil || s.Mine {
		return s, err
	}
	var done, until int64
	var sealed []byte
	if err := tx.one(ctx, onceRow, into(&s.Fingerprint, &done, &until, &sealed), o.Actor, o.Name); err != nil {
		return s, err
	}
	s.Done, s.TurnUntil = done != 0, instant(until)
	if len(sealed) > 0 && s.Fingerprint == o.Fingerprint {
		s.Answer, err = tx.store.keys.Open(sealedAnswer, tx.onceBound(o), sealed)
	}
	return s, err
}

// KeepOnce keeps the answer to a request, sealed; problem.NotFound when
// somebody else has the turn, or nothing has settled it.
func (tx *Tx) KeepOnce(ctx context.Context, o Once, answer []byte) (err error) {
	defer problem.Wrap(&err, "keep an answer")
	sealed := tx.store.keys.Seal(sealedAnswer, tx.onceBound(o), answer)
	return tx.execOne(ctx, keepOnce, o.Actor, o.Name, o.Attempt, sealed)
}

// ReleaseOnce gives the turn to the next who asks for the same, unless it has
// been carried out.
func (tx *Tx) ReleaseOnce(ctx context.Context, o Once) (err error) {
	defer problem.Wrap(&err, "release a request")
	_, err = tx.exec(ctx, releaseOnce, o.Actor, o.Name, o.Attempt)
	return err
}

// SweepOnce deletes up to limit requests that are over at the given time.
func (tx *Tx) SweepOnce(ctx context.Context, now time.Time, limit int) (n int64, err error) {
	defer problem.Wrap(&err, "sweep requests")
	return tx.exec(ctx, sweepOnce, micros(now), limit)
}

const sealedAnswer = "answer"

func (t Tenant) onceBound(o Once) []string {
	return []string{string(t.id), o.Actor, o.Name, o.Fingerprint}
}
