package admin_test

import (
	"errors"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/internal/admin"
	"github.com/vestibule-id/vestibule/internal/housetest"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/secret"
	"github.com/vestibule-id/vestibule/internal/signin"
	"github.com/vestibule-id/vestibule/internal/store"
	"github.com/vestibule-id/vestibule/internal/store/storetest"
)

// office is a tenant of the extension style with people of each role.
func office(t *testing.T, h *housetest.House, settings ...string) (tenant store.Tenant, boss identity.Actor, eve identity.User) {
	t.Helper()
	tenant = h.AddTenant(t, "wicked-sprockets", identity.Extension, settings...)
	b := h.AddUser(t, tenant, housetest.Person{Extension: "100", Role: identity.Admin, Password: "correct horse"})
	eve = h.AddUser(t, tenant, housetest.Person{Extension: "201", Password: "correct horse"})
	return tenant, identity.Actor{User: b.ID, Role: policy.BuiltIn(b.Role)}, eve
}

func try(t *testing.T, h *housetest.House, username, password string) error {
	t.Helper()
	_, err := h.SignIn.SignIn(t.Context(), signin.Try{Username: username, Password: password, From: signin.From{Kind: identity.Browser, Source: "192.0.2.1"}})
	return err
}

// Proves: P1, P7, 4.5
func TestInitialPasswordsOfOurs(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		tenant, boss, eve := office(t, h)
		in, err := h.SignIn.SignIn(t.Context(), signin.Try{Username: "201-wicked-sprockets", Password: "correct horse", From: signin.From{Kind: identity.Browser, Source: "192.0.2.1"}})
		if err != nil {
			t.Fatal(err)
		}
		slip, err := h.Admin().GiveInitial(t.Context(), tenant, boss, eve.ID, here)
		if err != nil {
			t.Fatal(err)
		}
		if slip.Username != "201-wicked-sprockets" || slip.Tenant.Slug != "wicked-sprockets" || !slip.Until.Equal(h.Clock.Now().Add(7*24*time.Hour)) {
			t.Errorf("slip %+v", slip)
		}
		if _, err := h.Sessions.CheckCookie(t.Context(), string(in.Cookie)); err == nil {
			t.Error("this node remembers the old session")
		}
		if err := try(t, h, "201-wicked-sprockets", slip.Password.Reveal()); !errors.Is(err, policy.ErrChangeRequired) {
			t.Errorf("%v, want a change", err)
		}
		h.Clock.Set(slip.Until.Add(-time.Microsecond))
		if err := try(t, h, "201-wicked-sprockets", slip.Password.Reveal()); !errors.Is(err, policy.ErrChangeRequired) {
			t.Errorf("in the last moment: %v, want a change", err)
		}
		h.Clock.Set(slip.Until)
		if err := try(t, h, "201-wicked-sprockets", slip.Password.Reveal()); !errors.Is(err, policy.ErrRefused) {
			t.Errorf("after a week: %v, want %v", err, policy.ErrRefused)
		}
		_, err = h.Admin().GiveInitial(t.Context(), tenant, boss, boss.User, here)
		if !errors.Is(err, admin.ErrOwn) {
			t.Errorf("one's own: %v", err)
		}
	})
}

// Where initial passwords need not be changed, using one makes it last.
//
// Proves: P1, 4.5
func TestUsedInitialPasswordsLast(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		tenant, boss, eve := office(t, h, "change-initial=no")
		slip, err := h.Admin().GiveInitial(t.Context(), tenant, boss, eve.ID, here)
		if err != nil {
			t.Fatal(err)
		}
		if err := try(t, h, "201-wicked-sprockets", slip.Password.Reveal()); err != nil {
			t.Fatal(err)
		}
		h.Clock.Advance(30 * 24 * time.Hour)
		if err := try(t, h, "201-wicked-sprockets", slip.Password.Reveal()); err != nil {
			t.Error(err)
		}
		if err := h.Admin().SetPassword(t.Context(), tenant, boss, eve.ID, password(t, "velvet otter canyon"), true, here); err != nil {
			t.Fatal(err)
		}
		h.Clock.Advance(30 * 24 * time.Hour)
		if err := try(t, h, "201-wicked-sprockets", "velvet otter canyon"); err != nil {
			t.Errorf("one that somebody typed: %v", err)
		}
	})
}

// A password nobody has been shown is nobody's.
//
// Proves: P1, 4.5
func TestAnAccidentBesideAnInitialPasswordLeavesTheOldOne(t *testing.T) {
	h := housetest.New(t, storetest.Address(t, "sqlite"))
	acme := h.AddTenant(t, "acme", identity.Workspace)
	ann := h.AddUser(t, acme, housetest.Person{Email: "ann@x.test", Password: "correct horse"})
	before := housetest.Hash(t, acme, ann.ID)
	h.WhileForgivingFails(t, "ann@x.test", func() {
		if _, err := h.Admin().GiveInitial(t.Context(), acme, operator, ann.ID, here); err == nil || problem.Of(err) != nil {
			t.Errorf("%v, want an accident", err)
		}
	})
	if housetest.Hash(t, acme, ann.ID) != before {
		t.Error("the password was changed")
	}
	if _, err := h.Admin().GiveInitial(t.Context(), acme, operator, ann.ID, here); err != nil {
		t.Errorf("once more: %v", err)
	}
}

// A full line in front of the hashes holds administrators too.
//
// Proves: 4.5
func TestInitialPasswordsGoThroughTheGate(t *testing.T) {
	h := housetest.New(t, storetest.Address(t, "sqlite"))
	tenant, boss, eve := office(t, h)
	h.SignIn.Gate = secret.NewGate(1, 0, time.Minute)
	place, err := h.SignIn.Gate.Enter()
	if err != nil {
		t.Fatal(err)
	}
	defer place.Leave()
	if _, err := h.Admin().GiveInitial(t.Context(), tenant, boss, eve.ID, here); !errors.Is(err, secret.ErrBusy) {
		t.Errorf("%v, want %v", err, secret.ErrBusy)
	}
}

// Proves: Q5, Q2, 4.3
func TestMailReset(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		acme := h.AddTenant(t, "acme", identity.Workspace)
		mia := h.AddUser(t, acme, housetest.Person{Email: "mia@x.test", Role: identity.Manager, Password: "correct horse"})
		ann := h.AddUser(t, acme, housetest.Person{Email: "ann@x.test", Password: "correct horse"})
		ada := h.AddUser(t, acme, housetest.Person{Email: "ada@x.test", Role: identity.Admin, Password: "correct horse"})
		bob := h.AddUser(t, acme, housetest.Person{Email: "bob@x.test", Status: identity.Invited})
		manager := identity.Actor{User: mia.ID, Role: policy.BuiltIn(mia.Role)}
		for _, row := range []struct {
			name  string
			actor identity.Actor
			on    identity.UserID
			want  error
		}{
			{"a manager to a user", manager, ann.ID, nil},
			{"again", manager, ann.ID, nil},
			{"to an administrator", manager, ada.ID, policy.ErrDenied},
			{"a user to a user", identity.Actor{User: ann.ID, Role: policy.BuiltIn(ann.Role)}, ann.ID, policy.ErrDenied},
			{"to an invited one", manager, bob.ID, admin.ErrNotActive},
			{"nobody", identity.Actor{}, ann.ID, policy.ErrSignIn},
			{"the operator", operator, ada.ID, nil},
		} {
			if err := h.Admin().MailReset(t.Context(), acme, row.actor, row.on, here); !errors.Is(err, row.want) || row.want == nil && err != nil {
				t.Errorf("%s: %v, want %v", row.name, err, row.want)
			}
		}
		letters := h.Work(t)
		if len(letters) != 3 || letters[0].Kind != identity.LetterReset {
			t.Fatalf("letters %v", letters)
		}
		links := map[string]bool{}
		for _, letter := range letters {
			links[letter.Token()] = true
			if _, err := h.Recovery().Open(t.Context(), letter.Token()); err != nil {
				t.Error(err)
			}
		}
		if len(links) != 2 {
			t.Errorf("%d links for two people", len(links))
		}
		if _, err := h.Admin().ResetLink(t.Context(), acme, identity.Actor{User: ada.ID, Role: policy.BuiltIn(ada.Role)}, ann.ID, here); !errors.Is(err, policy.ErrDenied) {
			t.Errorf("an administrator is shown a link: %v", err)
		}
		phone, _, eve := office(t, h)
		if err := h.Admin().MailReset(t.Context(), phone, operator, eve.ID, here); !errors.Is(err, admin.ErrNoAddress) {
			t.Errorf("without an address: %v", err)
		}
	})
}
