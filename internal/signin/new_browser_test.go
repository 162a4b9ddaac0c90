package signin_test

import (
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/internal/housetest"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/secret"
	"github.com/vestibule-id/vestibule/internal/signin"
)

// A browser that is new to somebody who has signed in before leaves an event; the
// session knows the sign-in before it.
//
// Proves: G4, 3.3
func TestNewBrowsersAreNoticed(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		acme := h.AddTenant(t, "acme", identity.Workspace)
		ann := h.AddUser(t, acme, housetest.Person{Email: "ann@acme.test", Password: right})
		first, second := secret.NewBrowserID(), secret.NewBrowserID()
		var before time.Time
		for i, step := range []struct {
			name    string
			browser string
			told    int // how often by now
		}{
			{"the first browser is as new as the account", first, 0},
			{"the same again", first, 0},
			{"another one", second, 1},
			{"the other one again", second, 1},
			{"the first again", first, 1},
			{"a program has none", "", 1},
		} {
			h.Clock.Advance(time.Hour)
			by := signin.From{Kind: identity.Browser, Peer: identity.Peer{Address: "192.0.2.1"}, Source: "192.0.2.1", Browser: step.browser}
			out, err := h.SignIn.SignIn(t.Context(), signin.Try{Tenant: "acme", Email: "ann@acme.test", Password: right, From: by})
			if err != nil {
				t.Fatal(err)
			}
			events := housetest.Events(t, acme, identity.EventNewBrowser)
			if len(events) != step.told {
				t.Errorf("%s: %d events, want %d", step.name, len(events), step.told)
			}
			if step.told == 1 && (events[0].User != ann.ID || events[0].Peer.Address != "192.0.2.1") {
				t.Errorf("%s: %+v", step.name, events[0])
			}
			if live, err := acme.LiveSession(t.Context(), out.Session.ID, h.Clock.Now()); err != nil || !live.Session.PreviousSignIn.Equal(before) {
				t.Errorf("step %d: the sign-in before was at %s, want %s (%v)", i, live.Session.PreviousSignIn, before, err)
			}
			before = h.Clock.Now()
		}
	})
}
