package signin_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/internal/housetest"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/secret"
	"github.com/vestibule-id/vestibule/internal/session"
	"github.com/vestibule-id/vestibule/internal/signin"
	"github.com/vestibule-id/vestibule/internal/store"
)

const ownPassword = "a heron stands in the reeds"

// Proves: G1, 2.5
func TestSuspendedTenant(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		acme := h.AddTenant(t, "acme", identity.Workspace)
		h.AddUser(t, acme, housetest.Person{Email: "ann@acme.test", Password: right})
		crm := h.AddTenant(t, "crm", identity.Email)
		h.AddUser(t, crm, housetest.Person{Email: "ann@acme.test", Password: right})
		open := h.AddTenant(t, "open", identity.Email)
		inOpen := h.AddUser(t, open, housetest.Person{Email: "ann@acme.test", Password: right})
		h.SetTenantStatus(t, acme, identity.TenantSuspended)
		h.SetTenantStatus(t, crm, identity.TenantSuspended)
		for _, test := range []struct {
			name string
			try  signin.Try
			err  error
		}{
			{"who knows the password hears it", signin.Try{Tenant: "acme", Email: "ann@acme.test", Password: right}, policy.ErrSuspended},
			{"who does not hears nothing", signin.Try{Tenant: "acme", Email: "ann@acme.test", Password: "wrong"}, policy.ErrRefused},
			{"nor who is nobody", signin.Try{Tenant: "acme", Email: "nobody@acme.test", Password: right}, policy.ErrRefused},
			{"e-mail alone goes to the tenant that is open", signin.Try{Email: "ann@acme.test", Password: right}, nil},
		} {
			test.try.From = from("192.0.2.1")
			out, err := h.SignIn.SignIn(t.Context(), test.try)
			if !errors.Is(err, test.err) || err == nil && out.User.ID != inOpen.ID || err != nil && out.AccessToken != "" {
				t.Errorf("%s: %v, user %s; want %v", test.name, err, out.User.ID, test.err)
			}
		}
		h.SetTenantStatus(t, acme, identity.TenantActive)
		if _, err := h.SignIn.SignIn(t.Context(), signin.Try{Tenant: "acme", Email: "ann@acme.test", Password: right, From: from("192.0.2.1")}); err != nil {
			t.Errorf("after the tenant was resumed: %v", err)
		}
	})
}

// An initial password opens nothing but the way to one of the person's own.
//
// Proves: P1, 2.5
func TestInitialPassword(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		acme := h.AddTenant(t, "acme", identity.Workspace)
		ann := h.AddUser(t, acme, housetest.Person{Email: "ann@acme.test", Name: "Ann Heron", Password: right, MustChange: true})
		change := func(token secret.Token, password string) (signin.Outcome, error) {
			return h.SignIn.ChangeInitial(t.Context(), string(token), password, from("192.0.2.1"))
		}
		token := mustChange(t, h)
		if list, err := acme.Sessions(t.Context(), ann.ID, h.Clock.Now()); err != nil || len(list) != 0 {
			t.Fatalf("%d sessions by an initial password, want none (%v)", len(list), err)
		}
		for _, test := range []struct {
			name, password string
			err            error
		}{
			{"too short", "short", policy.ErrPassword},
			{"one of the commonest", "password", policy.ErrPassword},
			{"the product's name", "Vestibule", policy.ErrPassword},
			{"her own name", "annheron1", policy.ErrPassword},
			{"the same again", right, signin.ErrSame},
			{"none", "", secret.ErrPasswordText},
			{"too long for a password", strings.Repeat("x", 1025), secret.ErrPasswordText},
		} {
			if _, err := change(token, test.password); !errors.Is(err, test.err) {
				t.Errorf("%s: %v, want %v", test.name, err, test.err)
			}
		}
		old := openSession(t, h, acme, ann)
		out, err := change(token, ownPassword)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := h.Sessions.Check(t.Context(), out.AccessToken); err != nil {
			t.Errorf("the session after the change: %v", err)
		}
		if _, err := acme.LiveSession(t.Context(), old, h.Clock.Now()); err == nil {
			t.Error("a session from before the change lives on")
		}
		if _, err := change(token, "another own password"); !errors.Is(err, signin.ErrStepOver) {
			t.Errorf("the token used again: %v, want %v", err, signin.ErrStepOver)
		}
		if u := housetest.User(t, acme, ann.ID); u.MustChange || u.Credential != ann.Credential+1 {
			t.Errorf("afterwards must change %v, credential %d", u.MustChange, u.Credential)
		}
		for password, want := range map[string]error{right: policy.ErrRefused, ownPassword: nil} {
			_, err := h.SignIn.SignIn(t.Context(), signin.Try{Tenant: "acme", Email: "ann@acme.test", Password: password, From: from("192.0.2.9")})
			if !errors.Is(err, want) {
				t.Errorf("signing in afterwards: %v, want %v", err, want)
			}
		}
		if n := len(housetest.Events(t, acme, identity.EventPasswordChange)); n != 1 {
			t.Errorf("%d events of the change, want 1", n)
		}
	})
}

func mustChange(t *testing.T, h *housetest.House) secret.Token {
	t.Helper()
	out, err := h.SignIn.SignIn(t.Context(), signin.Try{Tenant: "acme", Email: "ann@acme.test", Password: right, From: from("192.0.2.1")})
	if !errors.Is(err, policy.ErrChangeRequired) || out.Change == "" || out.AccessToken != "" || out.Refresh != "" {
		t.Fatalf("an initial password: %v; want a change token and no session", err)
	}
	return out.Change
}

// openSession opens a session past the door.
func openSession(t *testing.T, h *housetest.House, tenant store.Tenant, u identity.User) identity.SessionID {
	t.Helper()
	row, err := tenant.Get(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	made := h.Sessions.Make(row, u, identity.Program, identity.Peer{}, h.Clock.Now())
	if err := tenant.Tx(t.Context(), func(tx *store.Tx) error { return tx.AddSession(t.Context(), made) }); err != nil {
		t.Fatal(err)
	}
	return made.ID
}

// A node that has just seen the user's other sessions alive refuses them from
// the moment on the password is another.
//
// Proves: P1, 2.7
func TestChangeEndsRememberedSessions(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		acme := h.AddTenant(t, "acme", identity.Workspace, "change-initial=no")
		h.AddUser(t, acme, housetest.Person{Email: "ann@acme.test", Password: right, MustChange: true})
		before, err := h.SignIn.SignIn(t.Context(), signin.Try{Tenant: "acme", Email: "ann@acme.test", Password: right, From: from("192.0.2.1")})
		if err != nil {
			t.Fatal(err)
		}
		h.SetTenant(t, acme, "change-initial=yes")
		token := mustChange(t, h)
		if _, err := h.Sessions.Check(t.Context(), before.AccessToken); err != nil {
			t.Fatalf("the session from before: %v", err)
		}
		out, err := h.SignIn.ChangeInitial(t.Context(), string(token), ownPassword, from("192.0.2.1"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := h.Sessions.Check(t.Context(), before.AccessToken); !errors.Is(err, session.ErrEnded) {
			t.Errorf("the session from before: %v, want %v", err, session.ErrEnded)
		}
		if _, err := h.Sessions.Check(t.Context(), out.AccessToken); err != nil {
			t.Errorf("the session of the change: %v", err)
		}
	})
}

// Proves: P1, 2.5
func TestChangeTokenEnds(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(t *testing.T, h *housetest.House, acme store.Tenant, ann identity.User)
		err    error
	}{
		{"ten minutes less an instant later", func(_ *testing.T, h *housetest.House, _ store.Tenant, _ identity.User) {
			h.Clock.Advance(10*time.Minute - time.Microsecond)
		}, nil},
		{"ten minutes later", func(_ *testing.T, h *housetest.House, _ store.Tenant, _ identity.User) {
			h.Clock.Advance(10 * time.Minute)
		}, signin.ErrStepOver},
		{"another initial password", func(t *testing.T, _ *housetest.House, acme store.Tenant, ann identity.User) {
			setPassword(t, acme, ann, "another initial password", true)
		}, signin.ErrStepOver},
		{"deactivated", func(t *testing.T, _ *housetest.House, acme store.Tenant, ann identity.User) {
			housetest.SetStatus(t, acme, ann.ID, identity.Deactivated)
		}, signin.ErrStepOver},
		{"deleted", func(t *testing.T, _ *housetest.House, acme store.Tenant, ann identity.User) {
			housetest.Delete(t, acme, ann.ID)
		}, signin.ErrStepOver},
		{"suspended", func(t *testing.T, h *housetest.House, acme store.Tenant, _ identity.User) {
			h.SetTenantStatus(t, acme, identity.TenantSuspended)
		}, policy.ErrSuspended},
		{"a password of her own by now", func(t *testing.T, _ *housetest.House, acme store.Tenant, ann identity.User) {
			setPassword(t, acme, ann, right, false)
		}, signin.ErrStepOver},
		{"no change is due any more: the tenant leaves initial passwords be", func(t *testing.T, h *housetest.House, acme store.Tenant, _ identity.User) {
			h.SetTenant(t, acme, "change-initial=no")
		}, signin.ErrStepOver},
	} {
		t.Run(test.name, func(t *testing.T) {
			housetest.Each(t, func(t *testing.T, h *housetest.House) {
				acme := h.AddTenant(t, "acme", identity.Workspace)
				ann := h.AddUser(t, acme, housetest.Person{Email: "ann@acme.test", Password: right, MustChange: true})
				token := mustChange(t, h)
				test.change(t, h, acme, ann)
				if _, err := h.SignIn.ChangeInitial(t.Context(), string(token), ownPassword, from("192.0.2.1")); !errors.Is(err, test.err) {
					t.Errorf("%v, want %v", err, test.err)
				}
			})
		})
	}
}

// Proves: P1, G7, 2.5
func TestTenantDecidesOnInitialPasswords(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		lax := h.AddTenant(t, "lax", identity.Workspace, "change-initial=no")
		u := h.AddUser(t, lax, housetest.Person{Email: "ann@acme.test", Password: right, MustChange: true})
		out, err := h.SignIn.SignIn(t.Context(), signin.Try{Tenant: "lax", Email: "ann@acme.test", Password: right, From: from("192.0.2.1")})
		if err != nil || out.User.ID != u.ID {
			t.Errorf("a tenant that leaves initial passwords be: %v", err)
		}
		strict := h.AddTenant(t, "strict", identity.Email, "password-min-length=30")
		h.AddTenant(t, "other", identity.Email)
		h.AddUser(t, strict, housetest.Person{Email: "quinn@crm.test", Password: right, MustChange: true})
		out, err = h.SignIn.SignIn(t.Context(), signin.Try{Email: "quinn@crm.test", Password: right, From: from("192.0.2.1")})
		if !errors.Is(err, policy.ErrChangeRequired) {
			t.Fatal(err)
		}
		if _, err := h.SignIn.ChangeInitial(t.Context(), string(out.Change), ownPassword, from("192.0.2.1")); !errors.Is(err, policy.ErrPassword) {
			t.Errorf("shorter than the tenant wants: %v, want %v", err, policy.ErrPassword)
		}
		if _, err := h.SignIn.ChangeInitial(t.Context(), string(out.Change), ownPassword+" and waits", from("192.0.2.1")); err != nil {
			t.Errorf("as long as the tenant wants: %v", err)
		}
	})
}

// An initial password chosen among several tenants must be changed too, and
// the new one is hashed so that one computation still serves all of them.
//
// Proves: P1, Q1, 2.5
func TestChosenTenantWantsAChange(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		one := h.AddTenant(t, "one", identity.Email)
		two := h.AddTenant(t, "two", identity.Email)
		inOne := h.AddUser(t, one, housetest.Person{Email: "quinn@crm.test", Password: right})
		inTwo := h.AddUser(t, two, housetest.Person{Email: "quinn@crm.test", Password: right, MustChange: true})
		out, err := h.SignIn.SignIn(t.Context(), signin.Try{Email: "quinn@crm.test", Password: right, From: from("192.0.2.1")})
		if !errors.Is(err, policy.ErrChoose) {
			t.Fatal(err)
		}
		out, err = h.SignIn.Choose(t.Context(), string(out.Choice), "two", from("192.0.2.1"))
		if !errors.Is(err, policy.ErrChangeRequired) || out.AccessToken != "" {
			t.Fatalf("choosing: %v, want %v", err, policy.ErrChangeRequired)
		}
		if _, err := h.SignIn.ChangeInitial(t.Context(), string(out.Change), ownPassword, from("192.0.2.1")); err != nil {
			t.Fatal(err)
		}
		hashes := []secret.Hash{secret.Hash(housetest.Hash(t, one, inOne.ID)), secret.Hash(housetest.Hash(t, two, inTwo.ID))}
		if !hashes[0].SameWork(hashes[1]) {
			t.Error("two computations are needed for one address")
		}
	})
}
