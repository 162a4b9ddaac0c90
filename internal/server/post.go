package server

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/vestibule-id/vestibule/internal/front"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/mail"
	"github.com/vestibule-id/vestibule/internal/outbox"
	"github.com/vestibule-id/vestibule/internal/store"
)

// keepMails is how long administrators can see what became of a letter.
const keepMails = 30 * 24 * time.Hour

// worker builds the outbox's worker of this node: with the operator's mail
// server, the demo's inbox, or nobody to hand letters to.
func worker(o Options, rules identity.Policy, metrics *front.Metrics, handlers map[string]outbox.Handler) (*outbox.Worker, error) {
	stationery, err := mail.NewStationery(o.Config.MailTemplates)
	if err != nil {
		return nil, fmt.Errorf("--mail-templates: %w", err)
	}
	w := &outbox.Worker{
		Store: o.Store, Handlers: handlers, Now: o.Now, Log: o.Log, Count: countLetters(metrics),
		Writer: &outbox.Writer{Stationery: stationery, PublicURL: o.PublicURL, Product: o.Config.ProductName,
			Operator: rules, Now: o.Now},
	}
	if o.Demo != nil {
		w.Sender = o.Demo.Inbox
	}
	if o.Config.Mail == "" {
		return w, nil
	}
	from, err := mail.ParseSender(o.Config.MailFrom)
	if err != nil {
		return nil, fmt.Errorf("--mail-from: %w", err)
	}
	if w.Sender, err = mail.NewSMTP(string(o.Config.Mail), from); err != nil {
		return nil, fmt.Errorf("--mail: %w", err)
	}
	return w, nil
}

// countLetters counts letters by what came of a try.
func countLetters(m *front.Metrics) func(identity.LetterState) {
	letters := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "vestibule_letters_total",
		Help: "Tries to send a letter, by outcome: sent, deferred, failed or expired.",
	}, []string{"outcome"})
	m.Register(letters)
	for _, state := range []identity.LetterState{identity.LetterSent, identity.LetterDeferred, identity.LetterFailed, identity.LetterExpired} {
		letters.WithLabelValues(string(state)) // at 0 from the start: an alarm compares with what was before
	}
	return func(state identity.LetterState) { letters.WithLabelValues(string(state)).Inc() }
}

// sweepMails forgets letters that were over long ago; where nobody sends any,
// it gives up those it is too late for.
func (s *Server) sweepMails(ctx context.Context, t store.Tenant) error {
	var late error
	if s.outbox.Sender == nil {
		late = s.outbox.Expire(ctx, t)
	}
	before := s.options.Now().Add(-keepMails)
	return errors.Join(late, inPieces(ctx, t, func(tx *store.Tx) (int64, error) { return tx.SweepTasks(ctx, before, sweepPiece) }))
}
