package admin_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/internal/admin"
	"github.com/vestibule-id/vestibule/internal/enroll"
	"github.com/vestibule-id/vestibule/internal/housetest"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/store"
)

// helpdesk is a tenant with somebody who may help users, and roles below
// theirs: auditors may do what the desk may not.
func helpdesk(t *testing.T, h *housetest.House) (acme store.Tenant, desk identity.Actor) {
	t.Helper()
	acme = h.AddTenant(t, "acme", identity.Workspace)
	for _, r := range []admin.NewRole{
		{Name: "desk", Title: "Desk", Rank: 60, Permissions: []string{"users.read", "users.write", "users.credentials", "invitations.read", "invitations.link"}},
		{Name: "auditor", Title: "Auditor", Rank: 20, Permissions: []string{"audit.read"}},
		{Name: "clerk", Title: "Clerk", Rank: 20, Permissions: []string{"users.read"}},
	} {
		if _, err := h.Admin().CreateRole(t.Context(), acme, operator, r, here); err != nil {
			t.Fatal(err)
		}
	}
	h.AddUser(t, acme, housetest.Person{Email: "ada@x.test", Role: identity.Admin, Password: "correct horse"})
	dora := h.AddUser(t, acme, housetest.Person{Email: "dora@x.test", Role: "desk", Password: "correct horse"})
	role, err := acme.Role(t.Context(), "desk")
	if err != nil {
		t.Fatal(err)
	}
	return acme, identity.Actor{User: dora.ID, Role: role}
}

// waysIn are the acts that would let somebody in as the user.
func waysIn(t *testing.T, svc *admin.Service, acme store.Tenant) map[string]func(identity.Actor, identity.User) error {
	return map[string]func(identity.Actor, identity.User) error{
		"a password": func(a identity.Actor, u identity.User) error {
			return svc.SetPassword(t.Context(), acme, a, u.ID, password(t, "seven doors and a lamp"), true, here)
		},
		"one of ours": func(a identity.Actor, u identity.User) error {
			_, err := svc.GiveInitial(t.Context(), acme, a, u.ID, here)
			return err
		},
		"another address": func(a identity.Actor, u identity.User) error {
			return set(t, svc, acme, a, u.ID, admin.Changes{Email: text("dora+" + u.Email.Folded)})
		},
		"the same, in capitals": func(a identity.Actor, u identity.User) error {
			return set(t, svc, acme, a, u.ID, admin.Changes{Email: text(strings.ToUpper(u.Email.Typed))})
		},
		"another address beside a lesser role": func(a identity.Actor, u identity.User) error {
			return set(t, svc, acme, a, u.ID, admin.Changes{Email: text("dora+" + u.Email.Folded), Role: text(identity.Member)})
		},
	}
}

// What lets somebody become a user needs the user's permissions beside the
// rank: else whoever helps others would be whoever may most.
//
// Proves: G3, 5.3
func TestNobodyBecomesSomebodyWhoMayMore(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		acme, desk := helpdesk(t, h)
		n := 0
		for name, act := range waysIn(t, h.Admin(), acme) {
			for _, status := range []identity.UserStatus{identity.Active, identity.Invited} {
				for role, want := range map[string]error{"auditor": policy.ErrDenied, identity.Admin: policy.ErrDenied, "clerk": nil, identity.Member: nil, "desk": nil} {
					n++
					u := h.AddUser(t, acme, housetest.Person{Email: fmt.Sprintf("eve%d@x.test", n), Name: "Eve", Role: role, Status: status})
					if err := act(desk, u); !errors.Is(err, want) || want == nil && err != nil {
						t.Errorf("%s, for the %s %s: %v, want %v", name, status, role, err, want)
					}
					if after := housetest.User(t, acme, u.ID); want != nil && (after != u || housetest.Hash(t, acme, u.ID) != "") {
						t.Errorf("%s, for the %s %s: is now %+v", name, status, role, after)
					}
					if err := act(operator, u); err != nil {
						t.Errorf("%s, for the %s %s, by the operator: %v", name, status, role, err)
					}
				}
			}
		}
	})
}

// What lets nobody in as somebody else needs the rank alone, and so does a link
// that is mailed to the address the user has.
//
// Proves: G3, Q5, 5.3
func TestRankAloneIsEnoughForOtherActs(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		ctx, svc := t.Context(), h.Admin()
		acme, desk := helpdesk(t, h)
		eve := h.AddUser(t, acme, housetest.Person{Email: "eve@x.test", Name: "Eve", Role: "auditor", Password: "correct horse"})
		for _, row := range []struct {
			name string
			err  error
		}{
			{"a link by mail", svc.MailReset(ctx, acme, desk, eve.ID, here)},
			{"unlock", svc.Unlock(ctx, acme, desk, eve.ID, here)},
			{"end sessions", svc.EndSessions(ctx, acme, desk, eve.ID, here)},
			{"deactivate", svc.Deactivate(ctx, acme, desk, eve.ID, here)},
			{"reactivate", svc.Reactivate(ctx, acme, desk, eve.ID, here)},
			{"rename", set(t, svc, acme, desk, eve.ID, admin.Changes{Name: text("Eva"), Email: text("eve@x.test"), Extension: text("201")})},
			{"take the role away", set(t, svc, acme, desk, eve.ID, admin.Changes{Role: text(identity.Member)})},
			{"then a password", svc.SetPassword(ctx, acme, desk, eve.ID, password(t, "seven doors and a lamp"), true, here)},
		} {
			if row.err != nil {
				t.Errorf("%s: %v", row.name, row.err)
			}
		}
		i, err := h.Invitations().Invite(ctx, acme, operator, enroll.Invitee{Email: "ivy@x.test", Role: "auditor"}, false, here)
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := h.Invitations().Link(ctx, acme, desk, i.ID, here); !errors.Is(err, policy.ErrDenied) {
			t.Errorf("the link of an invitation is seen: %v", err)
		}
	})
}

// A user gets a role that may more while the hash of the password is made.
//
// Proves: G3, 5.3
func TestWhoMayMoreByNowIsAskedBehindTheLock(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		acme, desk := helpdesk(t, h)
		eve := h.AddUser(t, acme, housetest.Person{Email: "eve@x.test", Name: "Eve", Role: "clerk", Password: "correct horse"})
		before := housetest.Hash(t, acme, eve.ID)
		slow := h.Admin()
		slow.Now = func() time.Time { // is asked behind the hash and before the lock
			housetest.SetRole(t, acme, eve.ID, "auditor")
			return h.Clock.Now()
		}
		err := slow.SetPassword(t.Context(), acme, desk, eve.ID, password(t, "seven doors and a lamp"), true, here)
		if !errors.Is(err, policy.ErrDenied) || housetest.Hash(t, acme, eve.ID) != before {
			t.Errorf("%v, want %v", err, policy.ErrDenied)
		}
	})
}

func set(t *testing.T, svc *admin.Service, in store.Tenant, a identity.Actor, id identity.UserID, c admin.Changes) error {
	t.Helper()
	_, err := svc.Set(t.Context(), in, a, id, c, here)
	return err
}
