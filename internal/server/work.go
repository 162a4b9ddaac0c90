package server

import (
	"context"
	"errors"
	"time"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/store"
)

// How often the server looks after itself.
const (
	glance = time.Second // keys and late interactions: what others wait for
	round  = time.Hour   // sweeping, new signing keys
)

// sweepPiece is how many rows one transaction of the sweeper deletes at most,
// so that nobody waits for it.
const sweepPiece = 500

// Ended sessions and quiet lanes are kept a while, for whoever looks into
// what happened.
const (
	keepSessions = 30 * 24 * time.Hour
	keepLanes    = 48 * time.Hour // longer than any wait
)

// work is what the server does unasked, until ctx ends. Failures are logged
// and tried again.
func (s *Server) work(ctx context.Context) {
	ticker := time.NewTicker(glance)
	defer ticker.Stop()
	next := time.Now().Add(time.Minute) // not while everybody signs in after a start
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		s.try(ctx, "read signing keys", s.Sessions.Ring.Load)
		s.try(ctx, "write interactions", func(ctx context.Context) error { return s.Sessions.Flush(ctx, false) })
		if time.Now().After(next) {
			next = time.Now().Add(round)
			s.try(ctx, "tend signing keys", func(ctx context.Context) error { return s.operator.Tend(ctx, s.Sessions.Operator) })
			s.try(ctx, "sweep", s.sweep)
		}
	}
}

func (s *Server) try(ctx context.Context, what string, do func(context.Context) error) {
	if err := do(ctx); err != nil && ctx.Err() == nil {
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
	return errors.Join(inPieces(ctx, t, lanes), inPieces(ctx, t, sessions), s.enroll.Tidy(ctx, t))
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
