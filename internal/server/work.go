package server

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/store"
)

// How often the server looks after itself.
const (
	glance = time.Second     // keys and late interactions: what others wait for
	soon   = 5 * time.Second // tenants that were deleted
	round  = time.Hour       // sweeping, new signing keys

	glanceTime = 5 * time.Second
	roundTime  = 30 * time.Minute
)

// sweepPiece is how many rows one transaction of the sweeper deletes at most,
// so that nobody waits for it.
const sweepPiece = 500

// What is over is kept a while, for whoever looks into
// what happened.
const (
	keepSessions = 30 * 24 * time.Hour
	keepLanes    = 48 * time.Hour // longer than any wait
	keepLinks    = 30 * 24 * time.Hour

	keepInvitations = 90 * 24 * time.Hour // accepted or revoked ones
)

// work is what the server does unasked, until ctx ends. Failures are logged
// and tried again. What others wait for never waits for the rounds.
func (s *Server) work(ctx context.Context) {
	var both sync.WaitGroup
	both.Go(func() {
		every(ctx, glance, glance, func() {
			s.try(ctx, glanceTime, "read signing keys", s.Sessions.Ring.Load)
			s.try(ctx, glanceTime, "write interactions", func(ctx context.Context) error { return s.Sessions.Flush(ctx, false) })
		})
	})
	both.Go(func() {
		every(ctx, time.Minute, round, func() { // the first not while everybody signs in after a start
			s.try(ctx, roundTime, "tend signing keys", func(ctx context.Context) error { return s.operator.Tend(ctx, s.Sessions.Operator) })
			s.try(ctx, roundTime, "sweep", s.sweep)
		})
	})
	both.Go(func() {
		every(ctx, glance, soon, func() { s.try(ctx, roundTime, "tidy moves", s.operator.TidyMoves) })
	})
	both.Go(func() {
		every(ctx, glance, lettersTold, func() { s.try(ctx, glanceTime, "count letters", s.letters.look) })
	})
	both.Go(func() { s.outbox.Run(ctx) })
	both.Go(func() { s.sealer.Run(ctx) })
	both.Wait()
}

// every does something after a first pause and then at an interval.
func every(ctx context.Context, first, interval time.Duration, do func()) {
	timer := time.NewTimer(first)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
			do()
			timer.Reset(interval)
		}
	}
}

func (s *Server) try(ctx context.Context, longest time.Duration, what string, do func(context.Context) error) {
	ctx, cancel := context.WithTimeout(ctx, longest)
	defer cancel()
	if err := do(ctx); err != nil && !errors.Is(err, context.Canceled) {
		s.options.Log.ErrorContext(ctx, "background work failed", "what", what, "err", err)
	}
}

// sweep goes through all tenants and deletes what nobody needs any more.
func (s *Server) sweep(ctx context.Context) error {
	errs := []error{s.sweepTenant(ctx, identity.Nowhere)}
	for after := ""; ; {
		list, err := s.options.Store.Tenants(ctx, after, 100)
		if err != nil || len(list) == 0 {
			return errors.Join(append(errs, err)...)
		}
		for _, t := range list {
			after = t.Slug
			errs = append(errs, s.sweepTenant(ctx, t.ID))
		}
	}
}

func (s *Server) sweepTenant(ctx context.Context, id identity.TenantID) error {
	t, now := s.options.Store.Tenant(id), s.options.Now()
	lanes := func(tx *store.Tx) (int64, error) { return tx.SweepLanes(ctx, now.Add(-keepLanes), sweepPiece) }
	sessions := func(tx *store.Tx) (int64, error) { return tx.SweepSessions(ctx, now.Add(-keepSessions), sweepPiece) }
	forms := func(tx *store.Tx) (int64, error) { return tx.SweepKeptForms(ctx, now, sweepPiece) }
	once := func(tx *store.Tx) (int64, error) { return tx.SweepOnce(ctx, now, sweepPiece) }
	links := func(tx *store.Tx) (int64, error) { return tx.SweepLinks(ctx, now.Add(-keepLinks), sweepPiece) }
	invitations := func(tx *store.Tx) (int64, error) {
		return tx.SweepInvitations(ctx, now.Add(-keepInvitations), sweepPiece)
	}
	return errors.Join(inPieces(ctx, t, lanes), inPieces(ctx, t, sessions), inPieces(ctx, t, forms), inPieces(ctx, t, once),
		inPieces(ctx, t, invitations), inPieces(ctx, t, links), s.sweepMails(ctx, t), s.enroll.Tidy(ctx, t), s.audit.Retire(ctx, t))
}

func inPieces(ctx context.Context, t store.Tenant, sweep func(*store.Tx) (int64, error)) error {
	for {
		var n int64
		err := t.Tx(ctx, func(tx *store.Tx) (err error) {
			n, err = sweep(tx)
			return err
		})
		if err != nil || n < sweepPiece {
			return err
		}
	}
}
