package enroll_test

import (
	"sync"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/internal/enroll"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/store"
	"github.com/vestibule-id/vestibule/internal/store/storetest"
)

// While an import runs, others' changes wait for one of its transactions at
// most; they must make as much way as the import does. The times are logged,
// and judged by "make bench".
//
// Proves: 2.4
func TestOthersWorkWhileAnImportRuns(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		tenant := storetest.AddTenant(t, s, "acme", identity.Workspace)
		other := storetest.AddTenant(t, s, "other", identity.Workspace)
		const pieces = 12
		var importing sync.WaitGroup
		ended := make(chan struct{})
		importing.Go(func() {
			defer close(ended)
			r, err := svc.Import(t.Context(), tenant, operator, generated(t, pieces*store.ImportPiece), enroll.Options{Partial: true}, identity.Peer{})
			if err != nil {
				t.Errorf("%+v, %v", r, err)
			}
		})
		changes, longest := 0, time.Duration(0)
		for running := true; running; changes++ {
			begin := time.Now()
			if err := other.Tx(t.Context(), func(tx *store.Tx) error { return tx.Lock(t.Context()) }); err != nil {
				t.Fatal(err)
			}
			longest = max(longest, time.Since(begin))
			select {
			case <-ended:
				running = false
			default:
			}
		}
		importing.Wait()
		t.Logf("%d changes beside %d pieces, the slowest took %v", changes, pieces, longest)
		if changes < pieces {
			t.Errorf("only %d changes beside %d pieces", changes, pieces)
		}
	})
}
