package admin_test

import (
	"errors"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/internal/housetest"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/signin"
)

// Proves: G7, G3, G4, 5.5
func TestSetOrganization(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		acme := h.AddTenant(t, "acme", identity.Workspace)
		actorOf := func(email, role string) identity.Actor {
			u := h.AddUser(t, acme, housetest.Person{Email: email, Role: role, Password: "correct horse"})
			return identity.Actor{User: u.ID, Role: policy.BuiltIn(u.Role)}
		}
		boss, manager, ann := actorOf("boss@acme.test", identity.Admin), actorOf("mia@acme.test", identity.Manager), actorOf("ann@acme.test", identity.Member)
		bounds, err := policy.ParseFloors([]string{"idle-timeout=1h"})
		if err != nil {
			t.Fatal(err)
		}
		service := h.Admin()
		service.Operator = policy.Above(policy.Defaults(), bounds)
		before, err := acme.Get(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range []struct {
			name   string
			actor  identity.Actor
			chosen map[string]string
			want   error
		}{
			{"a manager", manager, map[string]string{"name": "Mine"}, policy.ErrDenied},
			{"a user", ann, map[string]string{"name": "Mine"}, policy.ErrDenied},
			{"a manager who says to be an administrator", identity.Actor{User: manager.User, Role: policy.BuiltIn(identity.Admin)}, map[string]string{"name": "Mine"}, policy.ErrDenied},
			{"nobody", identity.Actor{}, map[string]string{"name": "Mine"}, policy.ErrSignIn},
			{"a key nobody knows", boss, map[string]string{"name": "Mine", "tenant_id": "x"}, policy.ErrKey},
			{"the state of the tenant", boss, map[string]string{"status": "suspended"}, policy.ErrKey},
			{"the logo's fingerprint", boss, map[string]string{"logo": "aa"}, policy.ErrKey},
			{"laxer than the floor", boss, map[string]string{"idle-timeout": "2h", "name": "Mine"}, policy.ErrFloor},
			{"nonsense beside sense", boss, map[string]string{"name": "Mine", "sign-in-attempts": "few"}, policy.ErrValue},
			{"a style that shuts people out", boss, map[string]string{"style": "extension"}, policy.ErrStyleShuts},
		} {
			_, err := service.SetOrganization(t.Context(), acme, row.actor, row.chosen, identity.Peer{})
			if kept, _ := acme.Get(t.Context()); !errors.Is(err, row.want) || kept != before {
				t.Errorf("%s: %v, %+v", row.name, err, kept)
			}
		}
		for actor, want := range map[identity.Actor]error{manager: nil, ann: policy.ErrDenied, {}: policy.ErrSignIn} {
			if _, err := service.Organization(t.Context(), acme, actor); !errors.Is(err, want) {
				t.Errorf("%s sees it: %v", actor.Role.Name, err)
			}
		}
		after, err := service.SetOrganization(t.Context(), acme, boss, map[string]string{"idle-timeout": "30m", "name": "Acme & Co"}, identity.Peer{Address: "192.0.2.1"})
		if kept, _ := acme.Get(t.Context()); err != nil || kept != after || after.Name != "Acme & Co" || time.Duration(after.Policy.IdleTimeout) != 30*time.Minute {
			t.Errorf("%+v, %v", after, err)
		}
		if _, err := service.SetOrganization(t.Context(), acme, boss, map[string]string{"name": "Acme & Co"}, identity.Peer{}); err != nil {
			t.Error(err)
		}
		list, err := acme.Events(t.Context(), "", 9)
		if err != nil || len(list) != 1 {
			t.Fatalf("%+v, %v", list, err)
		}
		e := list[0]
		if e.Kind != identity.EventTenantSettingsChanged || e.Actor != boss.User || e.Peer.Address != "192.0.2.1" || e.Detail["idle-timeout.to"] != "30m0s" || e.Detail["name.from"] != before.Name {
			t.Errorf("event %+v", e)
		}
	})
}

// A stricter time holds for sessions that are open already, on this node at
// once.
//
// Proves: G7, 5.5
func TestOrganizationHoldsAtOnce(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		acme := h.AddTenant(t, "acme", identity.Workspace)
		u := h.AddUser(t, acme, housetest.Person{Email: "boss@acme.test", Role: identity.Admin, Password: "correct horse"})
		out, err := h.SignIn.SignIn(t.Context(), signin.Try{Tenant: "acme", Email: "boss@acme.test", Password: "correct horse", From: signin.From{Kind: identity.Program}})
		if err != nil {
			t.Fatal(err)
		}
		g := out.Grant
		if _, err := h.Sessions.Check(t.Context(), g.AccessToken); err != nil {
			t.Fatal(err)
		}
		h.Clock.Advance(2 * time.Minute)
		if _, err := h.Admin().SetOrganization(t.Context(), acme, identity.Actor{User: u.ID, Role: policy.BuiltIn(u.Role)}, map[string]string{"idle-timeout": "1m"}, identity.Peer{}); err != nil {
			t.Fatal(err)
		}
		if _, err := h.Sessions.Check(t.Context(), g.AccessToken); err == nil {
			t.Error("the session has not ended")
		}
	})
}
