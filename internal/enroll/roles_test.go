package enroll_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/vestibule-id/vestibule/internal/enroll"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/store"
	"github.com/vestibule-id/vestibule/internal/store/storetest"
)

// However many names a file makes up, the roles it gives are asked about again
// in the end.
//
// Proves: G3, 5.3, 2.3
func TestRolesBehindManyThatAreNone(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		tenant := storetest.AddTenant(t, s, "acme", identity.Workspace)
		if err := tenant.Tx(t.Context(), func(tx *store.Tx) error {
			return tx.AddRole(t.Context(), identity.Role{Name: "desk", Title: "Desk", Rank: 5})
		}); err != nil {
			t.Fatal(err)
		}
		file := strings.Builder{}
		file.WriteString(header + "\n")
		for i := range 1100 {
			fmt.Fprintf(&file, "none%d@example.test,,None,none-%d,,\n", i, i)
		}
		file.WriteString("ann@example.test,,Ann,desk,,\n")
		once := sync.Once{}
		o := enroll.Options{Partial: true, Progress: func(done, total int64) {
			if done < total {
				return
			}
			once.Do(func() { // all has been read, nothing is finished
				if err := tenant.Tx(t.Context(), func(tx *store.Tx) error { return tx.DeleteRole(t.Context(), "desk") }); err != nil {
					t.Error(err)
				}
			})
		}}
		r, err := svc.Import(t.Context(), tenant, operator, strings.NewReader(file.String()), o, identity.Peer{})
		if !errors.Is(err, policy.ErrNoRole) {
			t.Errorf("%+v, %v, want %v", r, err, policy.ErrNoRole)
		}
		if list := users(t, tenant); len(list) > 0 {
			t.Errorf("%d users, want none", len(list))
		}
	})
}
