package audit

import (
	"context"
	"errors"
	"time"

	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/store"
)

// Retire gives up a tenant's events that are older than the tenant keeps them,
// from the beginning of its chain up to the first that is not. The chain begins
// later then, and holds.
func (s *Service) Retire(ctx context.Context, t store.Tenant) (err error) {
	defer problem.Wrap(&err, "give up old events of %s", t.ID())
	tenant, err := t.Get(ctx)
	if err != nil {
		return err
	}
	kept := time.Duration(policy.Effective(s.Operator, tenant.Policy).AuditRetention)
	if kept <= 0 {
		return nil
	}
	for {
		n, err := s.retireSome(ctx, t, s.Now().Add(-kept))
		if errors.Is(err, problem.NotFound) {
			return nil // another node is at it
		}
		if err != nil || n < piece {
			return err
		}
	}
}

func (s *Service) retireSome(ctx context.Context, t store.Tenant, before time.Time) (n int, err error) {
	head, err := t.ChainHead(ctx)
	if err != nil {
		return 0, err
	}
	lines, err := t.ChainLines(ctx, head.BasePlace, piece)
	if err != nil {
		return 0, err
	}
	after := head
	for _, l := range lines {
		if l.Event.ID == "" || !l.Event.At.Before(before) {
			break // a trail that is broken is left as it is found
		}
		after.BasePlace, after.BaseMAC = l.Place, l.MAC
		n++
	}
	if n == 0 {
		return 0, nil
	}
	after.BaseSeal = chainOf(t).begins(after)
	return n, t.Tx(ctx, func(tx *store.Tx) error { return tx.GiveUp(ctx, head, after) })
}
