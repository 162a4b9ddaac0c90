package admin_test

import (
	"errors"
	"testing"

	"github.com/vestibule-id/vestibule/internal/admin"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/store"
	"github.com/vestibule-id/vestibule/internal/store/storetest"
)

// Who may not see the people of a tenant sees none, whichever way they look.
//
// Proves: G2, G3, 5.2
func TestWhoMayLook(t *testing.T) {
	tenant := storetest.AddTenant(t, storetest.SQLite(t), "acme", identity.Workspace)
	people(t, tenant, cast)
	svc := service()
	looks := map[string]func(identity.Actor) error{
		"list": func(a identity.Actor) error {
			p, err := svc.List(t.Context(), tenant, a, admin.Filter{Limit: 9})
			if err != nil && len(p.Users) > 0 {
				t.Error("refused, and yet there is a list")
			}
			return err
		},
		"count":    func(a identity.Actor) error { _, err := svc.Count(t.Context(), tenant, a); return err },
		"user":     func(a identity.Actor) error { _, err := svc.User(t.Context(), tenant, a, "usr_una"); return err },
		"look":     func(a identity.Actor) error { _, err := svc.Look(t.Context(), tenant, a, "usr_una"); return err },
		"sessions": func(a identity.Actor) error { _, err := svc.SessionsOf(t.Context(), tenant, a, "usr_una"); return err },
	}
	for name, look := range looks {
		for role, want := range map[string]error{identity.Admin: nil, identity.Manager: nil, identity.Member: policy.ErrDenied, "gone": policy.ErrDenied} {
			if err := look(identity.Actor{User: "usr_x", Role: policy.BuiltIn(role)}); !errors.Is(err, want) {
				t.Errorf("%s by %s: %v, want %v", name, role, err, want)
			}
		}
		if err := look(identity.Actor{}); !errors.Is(err, policy.ErrSignIn) {
			t.Errorf("%s by nobody: %v", name, err)
		}
	}
	look, err := svc.Look(t.Context(), tenant, identity.Actor{User: "usr_x", Role: policy.BuiltIn(identity.Manager)}, "usr_ada")
	if err != nil || look.MayAct || look.Events != nil {
		t.Errorf("a manager looks at an administrator: %+v, %v", look, err)
	}
}

// A list goes on also when the user it stopped at is gone, or called something
// else.
//
// Proves: G2, 5.2
func TestListGoesOn(t *testing.T) {
	tenant := storetest.AddTenant(t, storetest.SQLite(t), "acme", identity.Workspace)
	people(t, tenant, cast)
	svc := service()
	for _, sort := range []store.UserSort{store.ByName, store.ByAge, store.BySeen} {
		seen := map[identity.UserID]bool{}
		f := admin.Filter{Sort: string(sort), Limit: 1}
		for {
			p, err := svc.List(t.Context(), tenant, operator, f)
			if err != nil {
				t.Fatal(err)
			}
			for _, u := range p.Users {
				if seen[u.ID] {
					t.Errorf("%s: %s twice", sort, u.ID)
				}
				seen[u.ID] = true
			}
			if f.Cursor = p.Next; p.Next == "" {
				break
			}
		}
		if len(seen) != len(cast) {
			t.Errorf("%s: %d of %d users", sort, len(seen), len(cast))
		}
	}
	p, err := svc.List(t.Context(), tenant, operator, admin.Filter{Limit: 1})
	if err != nil {
		t.Fatal(err)
	}
	if err := svc.Delete(t.Context(), tenant, operator, p.Users[0].ID, here); err != nil && !errors.Is(err, policy.ErrLastAdmin) {
		t.Fatal(err)
	}
	rest, err := svc.List(t.Context(), tenant, operator, admin.Filter{Limit: 99, Cursor: p.Next})
	if err != nil || len(rest.Users) != len(cast)-1 {
		t.Errorf("%d more, %v", len(rest.Users), err)
	}
}
