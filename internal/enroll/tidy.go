package enroll

import (
	"context"
	"time"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/store"
)

// takenForDead is how long an import may show no sign of life. It shows one
// with every piece, many times a second; nodes' clocks may differ by a minute.
const takenForDead = 2 * time.Minute

// Tidy clears up after imports, in small transactions: it takes away the users
// of those whose process was killed, and the marks on the users of finished
// ones. An import that is taken for dead although it lives ends with
// ErrGivenUp at its next piece. Call it now and then for every tenant; without
// anything to do it only reads.
func (s *Service) Tidy(ctx context.Context, t store.Tenant) (err error) {
	defer problem.Wrap(&err, "tidy imports")
	if err := s.dropDead(ctx, t); err != nil {
		return err
	}
	finished, err := t.FinishedImports(ctx)
	for more := finished > 0; more && err == nil; {
		if err = ctx.Err(); err != nil {
			return err
		}
		var settled int64
		err = t.Tx(ctx, func(tx *store.Tx) (err error) {
			settled, err = tx.SettleImported(ctx)
			return err
		})
		more = settled > 0
	}
	return err
}

func (s *Service) dropDead(ctx context.Context, t store.Tenant) error {
	before := s.Now().Add(-takenForDead)
	dead, err := t.OpenImports(ctx, before)
	if err != nil {
		return err
	}
	for _, id := range dead {
		if err := drop(ctx, t, id, before); err != nil {
			return err
		}
	}
	return nil
}

// drop gives up an import that has shown no sign of life since before, and
// takes its users away. One that was finished, or that lives, stays as it is.
func drop(ctx context.Context, t store.Tenant, id identity.ImportID, before time.Time) error {
	var ours bool
	err := t.Tx(ctx, func(tx *store.Tx) (err error) {
		ours, err = tx.GiveUpImport(ctx, id, before)
		return err
	})
	for done := !ours; !done && err == nil; {
		err = t.Tx(ctx, func(tx *store.Tx) (err error) {
			done, err = tx.DropImported(ctx, id)
			return err
		})
	}
	return err
}
