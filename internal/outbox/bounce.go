package outbox

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/mail"
	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/secret"
	"github.com/vestibule-id/vestibule/internal/store"
)

// What can be wrong with a message that came back.
var (
	ErrNoReport   = problem.New(problem.Conflict, "no_delivery_report", "The message is no delivery report about a letter of ours; nothing was changed.")
	ErrNotFailed  = problem.New(problem.Conflict, "not_failed", "The report does not say that a letter failed; nothing was changed.")
	ErrNotYet     = problem.New(problem.Conflict, "not_sent_yet", "The letter is still on its way out here; nothing was changed. Bring the report again in a moment.")
	ErrNotWaiting = problem.New(problem.Conflict, "not_sent", "The letter is gone, or not one that was sent, or has bounced before; nothing was changed.")
)

// Bounces takes what comes back after a mail server had accepted a letter.
type Bounces struct {
	Store *store.Store
	Now   func() time.Time
}

// Take reads a delivery report and marks the letter it is about, and its
// address. Only a report that names the letter by a token we made is believed.
// Errors are ErrNoReport, ErrNotFailed, ErrNotYet and ErrNotWaiting.
func (b *Bounces) Take(ctx context.Context, report io.Reader) (l identity.Letter, err error) {
	bounce, err := mail.ReadBounce(report)
	if err != nil {
		return l, ErrNoReport
	}
	t, id, err := b.find(ctx, bounce.Tokens)
	if err != nil {
		return l, err
	}
	if !bounce.Failed {
		return l, ErrNotFailed
	}
	err = t.Tx(ctx, func(tx *store.Tx) (err error) {
		now := b.Now()
		if l, err = tx.BounceLetter(ctx, id, bounce.Answer, now); err != nil {
			return err
		}
		return tx.AddEvent(ctx, failure(l.ID, l.Kind, l.User, store.Delivery{State: identity.LetterBounced, At: now}))
	})
	if errors.Is(err, problem.NotFound) {
		return l, b.unbounced(ctx, t, id)
	}
	return l, err
}

// unbounced says why a letter cannot bounce: it may be that the mail server was
// quicker to find out than we are to write down that it has the letter.
func (b *Bounces) unbounced(ctx context.Context, t store.Tenant, id identity.TaskID) error {
	l, err := t.Letter(ctx, id)
	switch {
	case errors.Is(err, problem.NotFound):
		return ErrNotWaiting
	case err != nil:
		return err
	case l.State == identity.LetterQueued || l.State == identity.LetterDeferred:
		return ErrNotYet
	}
	return ErrNotWaiting
}

// find is the letter behind the first token that is ours.
func (b *Bounces) find(ctx context.Context, tokens []string) (t store.Tenant, id identity.TaskID, err error) {
	for _, token := range tokens {
		tail, id, err := secret.ReadLetterToken(token)
		if err != nil {
			continue
		}
		tenants, err := b.Store.TenantsByTail(ctx, tail)
		if err != nil {
			return t, "", err
		}
		for _, tenant := range tenants {
			if b.Store.Keys().IsLetterToken(token, tenant, id) {
				return b.Store.Tenant(tenant), id, nil
			}
		}
	}
	return t, "", ErrNoReport
}
