package signin_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/vestibule-id/vestibule/internal/housetest"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/secret"
	"github.com/vestibule-id/vestibule/internal/signin"
)

const right = "the right password"

// from is a program at a source of its own, so that no try counts for another.
func from(source string) signin.From {
	return signin.From{Kind: identity.Program, Source: source, Peer: identity.Peer{Address: source, UserAgent: "test", RequestID: "r1"}}
}

// Proves: W1, W2, P2, Q1, 2.5
func TestStyles(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		acme := h.AddTenant(t, "acme", identity.Workspace)
		twin := h.AddTenant(t, "twin", identity.Workspace)
		phone := h.AddTenant(t, "wicked-sprockets", identity.Extension)
		other := h.AddTenant(t, "other", identity.Extension)
		crm := h.AddTenant(t, "crm", identity.Email)
		h.AddUser(t, acme, housetest.Person{Email: "Ann@Acme.test", Password: right})
		h.AddUser(t, acme, housetest.Person{Email: "off@acme.test", Password: right, Status: identity.Deactivated})
		h.AddUser(t, acme, housetest.Person{Email: "new@acme.test", Status: identity.Invited})
		h.AddUser(t, acme, housetest.Person{Email: "early@acme.test", Password: right, Status: identity.Invited})
		h.AddUser(t, acme, housetest.Person{Email: "bea@acme.test", Extension: "207", Password: right})
		h.AddUser(t, acme, housetest.Person{Email: "accent@acme.test", Password: "caf\u00e9 au lait"})
		h.AddUser(t, twin, housetest.Person{Email: "ann@acme.test", Password: "another password"})
		h.AddUser(t, phone, housetest.Person{Extension: "201", Email: "pat@phone.test", Password: right})
		h.AddUser(t, other, housetest.Person{Extension: "201", Password: "another password"})
		h.AddUser(t, other, housetest.Person{Extension: "305", Password: right})
		h.AddUser(t, crm, housetest.Person{Email: "quinn@crm.test", Password: right})
		refused := policy.ErrRefused
		for i, test := range []struct {
			name string
			try  signin.Try
			err  error
		}{
			{"W1: right", signin.Try{Tenant: "acme", Email: "ann@acme.test", Password: right}, nil},
			{"W1: case and blanks do not matter", signin.Try{Tenant: " ACME ", Email: "\tANN@acme.TEST ", Password: right}, nil},
			{"W1: the password's blanks do matter", signin.Try{Tenant: "acme", Email: "ann@acme.test", Password: right + " "}, refused},
			{"W1: the password's case matters", signin.Try{Tenant: "acme", Email: "ann@acme.test", Password: "The right password"}, refused},
			{"W1: an accent typed as two characters", signin.Try{Tenant: "acme", Email: "accent@acme.test", Password: "cafe\u0301 au lait"}, nil},
			{"W1: wrong", signin.Try{Tenant: "acme", Email: "ann@acme.test", Password: "wrong"}, refused},
			{"W1: unknown", signin.Try{Tenant: "acme", Email: "nobody@acme.test", Password: right}, refused},
			{"W1: unknown slug", signin.Try{Tenant: "nowhere", Email: "ann@acme.test", Password: right}, refused},
			{"W1: a slug that is none", signin.Try{Tenant: "-!-", Email: "ann@acme.test", Password: right}, refused},
			{"W1: an address that is none", signin.Try{Tenant: "acme", Email: "ann", Password: right}, refused},
			{"W1: no address", signin.Try{Tenant: "acme", Password: right}, refused},
			{"W1: deactivated", signin.Try{Tenant: "acme", Email: "off@acme.test", Password: right}, refused},
			{"W1: invited, no password yet", signin.Try{Tenant: "acme", Email: "new@acme.test", Password: right}, refused},
			{"W1: invited, should there be a password", signin.Try{Tenant: "acme", Email: "early@acme.test", Password: right}, refused},
			{"W1: an address alone is not enough", signin.Try{Email: "bea@acme.test", Password: right}, refused},
			{"W1: an extension is not taken", signin.Try{Tenant: "acme", Username: "207", Password: right}, refused},
			{"W2: the same person in the twin, its own password", signin.Try{Tenant: "twin", Email: "ann@acme.test", Password: "another password"}, nil},
			{"W2: the same person in the twin, acme's password", signin.Try{Tenant: "twin", Email: "ann@acme.test", Password: right}, refused},
			{"P2: right", signin.Try{Username: "201-wicked-sprockets", Password: right}, nil},
			{"P2: case and blanks do not matter", signin.Try{Username: " 201-Wicked-SPROCKETS\t", Password: right}, nil},
			{"P2: wrong", signin.Try{Username: "201-wicked-sprockets", Password: "wrong"}, refused},
			{"P2: unknown extension", signin.Try{Username: "999-wicked-sprockets", Password: right}, refused},
			{"P2: unknown tenant code", signin.Try{Username: "201-nowhere", Password: right}, refused},
			{"P2: bare digits where the address tells the tenant", signin.Try{Tenant: "wicked-sprockets", Username: "201", Password: right}, nil},
			{"P2: bare digits where nothing tells it", signin.Try{Username: "201", Password: right}, refused},
			{"P2: the code again where the address tells it", signin.Try{Tenant: "wicked-sprockets", Username: "201-wicked-sprockets", Password: right}, nil},
			{"P2: another tenant's code", signin.Try{Tenant: "wicked-sprockets", Username: "305-other", Password: right}, refused},
			{"P2: another tenant's code, digits known here too", signin.Try{Tenant: "wicked-sprockets", Username: "201-other", Password: right}, refused},
			{"P2: no digits", signin.Try{Username: "pat-wicked-sprockets", Password: right}, refused},
			{"P2: blanks inside", signin.Try{Username: "201 -wicked-sprockets", Password: right}, refused},
			{"P2: an e-mail address is not taken", signin.Try{Tenant: "wicked-sprockets", Email: "pat@phone.test", Password: right}, refused},
			{"Q1: right", signin.Try{Email: "quinn@crm.test", Password: right}, nil},
			{"Q1: case and blanks do not matter", signin.Try{Email: " Quinn@CRM.test ", Password: right}, nil},
			{"Q1: wrong", signin.Try{Email: "quinn@crm.test", Password: "wrong"}, refused},
			{"Q1: unknown", signin.Try{Email: "nobody@crm.test", Password: right}, refused},
			{"Q1: an address that is none", signin.Try{Email: "quinn@", Password: right}, refused},
			{"Q1: the slug may be told", signin.Try{Tenant: "crm", Email: "quinn@crm.test", Password: right}, nil},
			{"nothing but a password", signin.Try{Password: right}, refused},
			{"no password", signin.Try{Tenant: "acme", Email: "ann@acme.test"}, secret.ErrPasswordText},
		} {
			t.Run(test.name, func(t *testing.T) {
				test.try.From = from(fmt.Sprintf("192.0.2.%d", i))
				out, err := h.SignIn.SignIn(t.Context(), test.try)
				if !errors.Is(err, test.err) {
					t.Fatalf("error %v, want %v", err, test.err)
				}
				if test.err != nil {
					if out.AccessToken != "" || out.Refresh != "" || out.Change != "" || out.Choice != "" {
						t.Error("a refusal gives something away")
					}
					return
				}
				if _, err := h.Sessions.Check(t.Context(), out.AccessToken); err != nil {
					t.Errorf("the session is not alive: %v", err)
				}
			})
		}
	})
}

// Proves: G4, 2.5
func TestSignInLeavesEvents(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		acme := h.AddTenant(t, "acme", identity.Workspace)
		ann := h.AddUser(t, acme, housetest.Person{Email: "ann@acme.test", Password: right})
		try := signin.Try{Tenant: "acme", Email: "ann@acme.test", Password: right, From: from("192.0.2.1")}
		out, err := h.SignIn.SignIn(t.Context(), try)
		if err != nil {
			t.Fatal(err)
		}
		if got := housetest.User(t, acme, ann.ID).LastSignIn; !got.Equal(housetest.Morning) {
			t.Errorf("last sign-in %s, want %s", got, housetest.Morning)
		}
		try.Password = "wrong"
		if _, err := h.SignIn.SignIn(t.Context(), try); !errors.Is(err, policy.ErrRefused) {
			t.Fatal(err)
		}
		try.Email = "nobody@acme.test"
		if _, err := h.SignIn.SignIn(t.Context(), try); !errors.Is(err, policy.ErrRefused) {
			t.Fatal(err)
		}
		want := []identity.Event{
			{Kind: identity.EventLoginSuccess, Result: identity.EventOK, User: ann.ID, Actor: ann.ID, Session: out.Session.ID},
			{Kind: identity.EventLoginFail, Result: policy.ErrRefused.Code, User: ann.ID},
			{Kind: identity.EventLoginFail, Result: policy.ErrRefused.Code},
		}
		got := housetest.Events(t, acme)
		if len(got) != len(want) {
			t.Fatalf("%d events, want %d: %v", len(got), len(want), got)
		}
		for i, w := range want {
			g := got[i]
			if g.Kind != w.Kind || g.Result != w.Result || g.User != w.User || g.Actor != w.Actor || g.Session != w.Session || g.Peer != try.From.Peer {
				t.Errorf("event %+v, want %+v", g, w)
			}
		}
		_, err = h.SignIn.SignIn(t.Context(), signin.Try{Tenant: "nowhere", Email: "ann@acme.test", Password: right, From: from("192.0.2.2")})
		if !errors.Is(err, policy.ErrRefused) {
			t.Fatal(err)
		}
		if n := len(housetest.Events(t, h.Store.Nowhere(), identity.EventLoginFail)); n != 1 {
			t.Errorf("a try at an unknown slug left %d events in the reserved tenant, want 1", n)
		}
	})
}
