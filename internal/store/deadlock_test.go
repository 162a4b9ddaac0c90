package store_test

import (
	"slices"
	"sync"
	"testing"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/store"
	"github.com/vestibule-id/vestibule/internal/store/storetest"
)

// Two who wait for each other are told apart by PostgreSQL, which ends one of
// them: that one is made again, and nobody hears of it.
func TestADeadlockIsMadeAgain(t *testing.T) {
	if !slices.Contains(storetest.Databases(), "postgres") {
		return // SQLite has one writer, who waits for nobody
	}
	s := storetest.Open(t, storetest.Address(t, "postgres"))
	repeats := store.CountRepeats(s)
	acme := storetest.AddTenant(t, s, "acme", identity.Workspace)
	ids := []identity.UserID{identity.NewUserID(), identity.NewUserID()}
	for _, id := range ids {
		err := acme.Tx(t.Context(), func(tx *store.Tx) error {
			return tx.AddUser(t.Context(), identity.User{ID: id, Role: identity.Member, Status: identity.Active}, "")
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	var met, both sync.WaitGroup
	met.Add(2)
	for i := range ids {
		both.Go(func() {
			first := true
			err := acme.Tx(t.Context(), func(tx *store.Tx) error {
				if err := tx.HoldUser(t.Context(), ids[i], identity.Active); err != nil {
					return err
				}
				if first {
					first = false
					met.Done()
					met.Wait()
				}
				return tx.HoldUser(t.Context(), ids[1-i], identity.Active)
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	both.Wait()
	if n := repeats.Load(); n != 1 {
		t.Errorf("%d were made again, want 1", n)
	}
}
