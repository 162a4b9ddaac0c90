package signin_test

import (
	"errors"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/internal/housetest"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/session"
	"github.com/vestibule-id/vestibule/internal/signin"
)

// Who is signed in signs in again by password alone, through the limiter
// everybody goes through.
//
// Proves: W10, P5, 3.3
func TestReauthenticate(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		acme := h.AddTenant(t, "acme", identity.Workspace)
		ann := h.AddUser(t, acme, housetest.Person{Email: "ann@acme.test", Password: right})
		by := signin.From{Kind: identity.Browser, Peer: identity.Peer{Address: "192.0.2.1"}, Source: "192.0.2.1", Browser: "bro_1"}
		out, err := h.SignIn.SignIn(t.Context(), signin.Try{Tenant: "acme", Email: "ann@acme.test", Password: right, From: by})
		if err != nil {
			t.Fatal(err)
		}
		again := func(password string, want error) (g signin.Outcome) {
			t.Helper()
			g, err := h.SignIn.Reauthenticate(t.Context(), out.Live, password, by)
			if !errors.Is(err, want) {
				t.Fatalf("%v, want %v", err, want)
			}
			return g
		}
		h.Clock.Advance(time.Hour)
		again("wrong", signin.ErrNotCurrent)
		if fails := housetest.Events(t, acme, identity.EventLoginFail); len(fails) != 1 || fails[0].User != ann.ID {
			t.Errorf("events %+v", fails)
		}
		g := again(right, nil)
		if g.User.ID != ann.ID || g.Session.ID == out.Session.ID || !g.Session.AbsoluteEnd.Equal(out.Session.AbsoluteEnd.Add(time.Hour)) {
			t.Errorf("session %+v after %+v", g.Session, out.Session)
		}
		for range 5 {
			again("wrong", signin.ErrNotCurrent)
		}
		again(right, policy.ErrWait)
		h.Clock.Advance(15 * time.Minute)
		housetest.SetStatus(t, acme, ann.ID, identity.Deactivated)
		again(right, session.ErrEnded)
	})
}
