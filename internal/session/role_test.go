package session_test

import (
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/internal/admin"
	"github.com/vestibule-id/vestibule/internal/housetest"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/store"
)

// What a role lets people do is another on this node at once, on every other
// within a second, and a new access token says so to applications.
//
// Proves: G3, 5.3
func TestAChangedRoleHoldsWithinASecond(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		acme, ann := withAnn(t, h)
		err := acme.Tx(t.Context(), func(tx *store.Tx) error {
			return tx.AddRole(t.Context(), identity.Role{Name: "desk", Title: "Desk", Rank: 20, Permissions: "users.read"})
		})
		if err != nil {
			t.Fatal(err)
		}
		housetest.SetRole(t, acme, ann.ID, "desk")
		other := h.Node(t)
		g := enter(t, h, identity.Program)
		may := func(node *housetest.House, p policy.Permission, want bool) {
			t.Helper()
			live, err := node.Sessions.Check(t.Context(), g.AccessToken)
			if err != nil {
				t.Fatal(err)
			}
			if policy.Holds(live.Role, p) != want || live.Role.Title != "Desk" {
				t.Errorf("%s: held %v, want %v: %+v", p, !want, want, live.Role)
			}
		}
		may(h, policy.UsersRead, true)
		may(other, policy.UsersRead, true)
		permissions := []string{"audit.read"}
		_, err = h.Admin().SetRole(t.Context(), acme, identity.Actor{Operator: true}, "desk", admin.RoleChanges{Permissions: &permissions}, identity.Peer{})
		if err != nil {
			t.Fatal(err)
		}
		may(h, policy.UsersRead, false)
		may(h, policy.AuditRead, true)
		h.Clock.Advance(time.Second)
		may(other, policy.UsersRead, false)
		may(other, policy.AuditRead, true)
		if g := enter(t, h, identity.Program); string(g.Role.Permissions) != "audit.read" {
			t.Errorf("whoever signs in now may %s", g.Role.Permissions)
		}
	})
}
