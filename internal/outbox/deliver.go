package outbox

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/mail"
	"github.com/vestibule-id/vestibule/internal/store"
)

// deliver writes and sends one letter, and writes down what came of it. Of a
// tenant that is being deleted nothing is sent or written: its letters go with
// it.
func (w *Worker) deliver(ctx context.Context, j job) error {
	if moving, err := j.tenant.Moving(ctx); err != nil || moving {
		return err
	}
	d, accident := w.try(ctx, j)
	if d.At.IsZero() {
		d.At = w.Now()
	}
	if d.State == identity.LetterDeferred {
		d = w.later(j.task, d)
	}
	err := w.write(ctx, j, func(ctx context.Context, tx *store.Tx) error {
		if err := tx.SetLetter(ctx, j.task, d); err != nil {
			return err
		}
		if d.State != identity.LetterFailed && d.State != identity.LetterExpired {
			return nil
		}
		return tx.AddEvent(ctx, failure(j.task.ID, j.task.Kind, j.task.User, d))
	})
	if err == nil {
		w.tell(ctx, j, d)
	}
	return errors.Join(accident, err)
}

// try sends a letter if there is still one to send. An accident of ours is
// returned beside the state, for the log.
func (w *Worker) try(ctx context.Context, j job) (d store.Delivery, accident error) {
	if over(j.task, w.Now()) {
		return overdue(j.task), nil
	}
	letter, err := w.Writer.Write(ctx, j.tenant, j.task)
	switch {
	case errors.Is(err, errOver):
		return store.Delivery{State: identity.LetterExpired, Answer: err.Error()}, nil
	case errors.Is(err, errNobody):
		return store.Delivery{State: identity.LetterFailed, Answer: err.Error()}, nil
	case err != nil:
		return store.Delivery{State: identity.LetterDeferred, Answer: "the letter could not be written"}, err
	}
	d = store.Delivery{To: letter.To}
	sending, cancel := context.WithTimeout(ctx, w.left(j))
	defer cancel()
	answer, err := w.Sender.Send(sending, letter)
	d.At = w.Now()
	refused, isNo := errors.AsType[*mail.Refusal](err)
	switch {
	case err == nil:
		d.State, d.Answer = identity.LetterSent, answer
	case isNo && refused.Permanent:
		d.State, d.Answer, d.Dead = identity.LetterFailed, refused.Answer, refused.Address
	default:
		d.State, d.Answer = identity.LetterDeferred, err.Error()
	}
	return d, nil
}

// left is how long a letter may be under way: until its lease ends, when
// somebody else may take it, or it is too late for it.
func (w *Worker) left(j job) time.Duration {
	end := j.until.Add(-time.Second)
	if !j.task.Expires.IsZero() && j.task.Expires.Before(end) {
		end = j.task.Expires
	}
	return end.Sub(w.Now())
}

// overdue is the end of a letter that nobody could deliver in time.
func overdue(t identity.Task) store.Delivery {
	if t.Expires.IsZero() {
		return store.Delivery{State: identity.LetterFailed}
	}
	return store.Delivery{State: identity.LetterExpired}
}

// later says when a deferred letter is tried again: looked at, at the latest,
// when it is too late for it.
func (w *Worker) later(t identity.Task, d store.Delivery) store.Delivery {
	end := t.Expires
	if end.IsZero() {
		end = t.At.Add(giveUp)
	}
	if d.Again = d.At.Add(backOff(t)); d.Again.After(end) {
		d.Again = end
	}
	return d
}

// failure tells the tenant's administrators that a letter did not arrive. Why
// stands beside the letter: events are kept longer than addresses may be.
func failure(id identity.TaskID, kind string, user identity.UserID, d store.Delivery) identity.Event {
	return identity.Event{Kind: identity.EventMailFailed, Result: "mail_" + string(d.State), User: user, At: d.At,
		Detail: map[string]string{"mail": string(id), "letter": identity.LetterName(kind)}}
}

// tell counts a letter, and says loudly what an operator should know.
func (w *Worker) tell(ctx context.Context, j job, d store.Delivery) {
	if w.Count != nil {
		w.Count(d.State)
	}
	log := w.Log.With("tenant", j.tenant.ID(), "mail", j.task.ID, "letter", identity.LetterName(j.task.Kind), "tries", j.task.Tries)
	answer := d.Answer
	if d.To != "" {
		answer = strings.ReplaceAll(answer, d.To, "[address]")
	}
	switch d.State {
	case identity.LetterFailed, identity.LetterExpired:
		log.ErrorContext(ctx, "a letter was given up", "state", d.State, "answer", answer)
	case identity.LetterDeferred:
		log.WarnContext(ctx, "a letter is tried again later", "again", d.Again.UTC(), "answer", answer)
	}
}

// expirePiece is how many letters Expire gives up in one transaction.
const expirePiece = 200

// Expire gives up the letters of a tenant that nobody has sent in time: where
// there is no mail server, no letter is ever taken.
func (w *Worker) Expire(ctx context.Context, t store.Tenant) error {
	for {
		var late []identity.Letter
		err := t.Tx(ctx, func(tx *store.Tx) (err error) {
			now := w.Now()
			if late, err = tx.ExpireLetters(ctx, now, now.Add(-giveUp), expirePiece); err != nil {
				return err
			}
			for _, l := range late {
				if err := tx.AddEvent(ctx, failure(l.ID, l.Kind, l.User, store.Delivery{State: l.State, At: now})); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil || len(late) < expirePiece {
			return err
		}
	}
}
