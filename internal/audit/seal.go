package audit

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/secret"
	"github.com/vestibule-id/vestibule/internal/store"
)

// How the sealer works.
const (
	pause      = 500 * time.Millisecond // events get their place within a second
	placesOnce = 400                    // in one transaction: a few milliseconds of the embedded database's writer
	tenantsAt  = 4                      // sealed side by side, so that their commits can be one
	noteHeads  = time.Minute            // how often heads go to the log
	roundTime  = 20 * time.Second
)

// A Sealer gives events their places in their tenants' chains. Every node runs
// one, and so does every command that has changed something; one chain comes
// of it, because a head moves on condition that it is where it was read.
type Sealer struct {
	Store *store.Store
	Log   *slog.Logger // gets the heads; nil: nobody does

	mu    sync.Mutex
	heads map[identity.TenantID]Head // moved since they went to the log
}

// Run seals until ctx ends.
func (s *Sealer) Run(ctx context.Context) {
	noted := time.NewTicker(noteHeads)
	defer noted.Stop()
	turn := time.NewTimer(pause)
	defer turn.Stop()
	for {
		select {
		case <-ctx.Done():
			s.Note(context.WithoutCancel(ctx))
			return
		case <-noted.C:
			s.Note(ctx)
		case <-turn.C:
			round, cancel := context.WithTimeout(ctx, roundTime)
			if err := s.Seal(round); err != nil && !errors.Is(err, context.Canceled) && s.Log != nil {
				s.Log.ErrorContext(ctx, "background work failed", "what", "seal events", "err", err)
			}
			cancel()
			turn.Reset(pause)
		}
	}
}

// Note writes the heads that have moved to the log, for who wants to check
// later that no end was cut off.
func (s *Sealer) Note(ctx context.Context) {
	s.mu.Lock()
	heads := s.heads
	s.heads = nil
	s.mu.Unlock()
	for _, h := range heads {
		if s.Log != nil {
			s.Log.InfoContext(ctx, "audit chain", "head", h.String())
		}
	}
}

// Seal gives every event that waits its place.
func (s *Sealer) Seal(ctx context.Context) error {
	var errs []error
	for after := identity.TenantID(""); ; {
		ids, err := s.Store.UnsealedTenants(ctx, after, 100)
		if err != nil || len(ids) == 0 {
			return errors.Join(append(errs, err)...)
		}
		after = ids[len(ids)-1]
		errs = append(errs, s.sealAll(ctx, ids))
	}
}

func (s *Sealer) sealAll(ctx context.Context, ids []identity.TenantID) error {
	var all sync.WaitGroup
	places := make(chan struct{}, tenantsAt)
	errs := make([]error, len(ids))
	for i, id := range ids {
		places <- struct{}{}
		all.Go(func() {
			errs[i] = s.SealTenant(ctx, s.Store.Tenant(id))
			<-places
		})
	}
	all.Wait()
	return errors.Join(errs...)
}

// SealTenant gives every event of a tenant that waits its place. That somebody
// else was quicker is no error.
func (s *Sealer) SealTenant(ctx context.Context, t store.Tenant) (err error) {
	defer problem.Wrap(&err, "seal events of %s", t.ID())
	for lost := 0; ; {
		n, err := s.sealSome(ctx, t)
		if errors.Is(err, problem.NotFound) || errors.Is(err, problem.Exists) {
			if lost++; lost > 5 {
				return nil // another node is at it all the time
			}
			continue
		}
		if err != nil || n < placesOnce {
			return err
		}
	}
}

// sealSome reads and computes outside the transaction: whoever else seals
// meanwhile makes it void, and the embedded database's writer waits for nobody.
func (s *Sealer) sealSome(ctx context.Context, t store.Tenant) (n int, err error) {
	head, err := t.ChainHead(ctx) // first: what is read later has no place before it
	if err != nil {
		return 0, err
	}
	lines, err := t.UnsealedEvents(ctx, placesOnce)
	if err != nil || len(lines) == 0 {
		return 0, err
	}
	if head.Place == 0 {
		if _, err := t.Get(ctx); errors.Is(err, problem.NotFound) {
			return 0, s.drop(ctx, t)
		}
	}
	c, mac := chainOf(t), head.MAC
	for i := range lines {
		l := &lines[i]
		l.Place, l.EventID, l.Salt, l.Personal = head.Place+int64(i)+1, l.Event.ID, secret.NewSalt(), nil
		l.MAC = c.mac(*l, mac)
		mac = l.MAC
	}
	err = t.Tx(ctx, func(tx *store.Tx) error { return tx.Place(ctx, head, lines) })
	if err != nil {
		return 0, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.heads == nil {
		s.heads = map[identity.TenantID]Head{}
	}
	s.heads[t.ID()] = Head{Tenant: t.ID(), Place: head.Place + int64(len(lines)), MAC: mac}
	return len(lines), nil
}

// drop takes away what was still written in a tenant that is gone.
func (s *Sealer) drop(ctx context.Context, t store.Tenant) error {
	for n := int64(1); n > 0; {
		err := t.Tx(ctx, func(tx *store.Tx) (err error) {
			n, err = tx.DropEvents(ctx)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}
