package moving

import (
	"errors"
	"strings"
	"testing"

	"github.com/vestibule-id/vestibule/internal/housetest"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/store"
)

// Roles that were made before titles and permissions were asked for more leave
// with their tenant and come in, with what their permissions need; only who
// would be taken for a built-in role stays out, by name.
//
// Proves: G1, G3, 5.6
func TestRolesFromBeforeTheRulesMove(t *testing.T) {
	eachWay(t, func(t *testing.T, from, to *housetest.House) {
		acme := lived(t, from)
		add := func(name, title string, holds identity.Permissions) {
			now := from.Clock.Now()
			tx(t, acme, func(tx *store.Tx) error {
				return tx.AddRole(t.Context(), identity.Role{Name: name, Title: title, Rank: 7, Permissions: holds, CreatedAt: now, ChangedAt: now})
			})
		}
		for name, title := range map[string]string{"r1": "Modern", "r2": "Modem", "r3": "MO DEM", "r4": "Hеlp", "r5": "Help"} {
			add(name, title, policy.SetOf(policy.UsersWrite))
		}
		to.Clock.Set(from.Clock.Now())
		in, err := imported(t, to, exported(t, from, "acme"), "")
		if err != nil {
			t.Fatal(err)
		}
		for name, holds := range map[string]identity.Permissions{"r1": "users.read users.write", "r4": "users.read users.write", "help-desk": "users.read users.credentials"} {
			there, err := to.Store.Tenant(in.Tenant.ID).Role(t.Context(), name)
			here, herr := acme.Role(t.Context(), name)
			if err := errors.Join(err, herr); err != nil || there.Title != here.Title || there.Permissions != holds {
				t.Errorf("%s was %+v and is %+v, %v", name, here, there, err)
			}
		}
		add("boss-like", "Аdmin", "")
		_, err = imported(t, to, exported(t, from, "acme"), "other")
		if !errors.Is(err, ErrContent) || !strings.Contains(err.Error(), "the role boss-like looks like that of the built-in role Admin") {
			t.Errorf("a role that looks like Admin: %v", err)
		}
	})
}
