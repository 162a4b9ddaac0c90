package signin_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/internal/housetest"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/secret"
	"github.com/vestibule-id/vestibule/internal/signin"
)

// A browser that has signed Ann in before has five tries of its own, which
// neither strangers nor its neighbours at the source can take from it.
//
// Proves: P5, 2.6
func TestKnownBrowser(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		acme, _ := withAnn(t, h, "stranger-attempts=10", "source-attempts=12")
		known, unknown := secret.NewBrowserID(), secret.NewBrowserID()
		enters(t, h, home, known)
		fails(t, h, 5, home, "")
		waits(t, h, home, "", 15*time.Minute)
		waits(t, h, home, unknown, 15*time.Minute)
		enters(t, h, home, known) // and clears Ann's lanes

		fails(t, h, 5, home, "") // the source has 10 failures by now
		fails(t, h, 5, elsewhere, unknown)
		waits(t, h, "203.0.113.5", "", 15*time.Minute) // ten by strangers
		fails(t, h, 4, home, known)                    // count for the source too, which then waits
		enters(t, h, home, known)
		h.AddUser(t, acme, housetest.Person{Email: "bea@acme.test", Password: right})
		_, err := h.SignIn.SignIn(t.Context(), signin.Try{Tenant: "acme", Email: "bea@acme.test", Password: right, From: from(home)})
		if !errors.Is(err, policy.ErrWait) {
			t.Errorf("another user from a source with too many failures: %v, want %v", err, policy.ErrWait)
		}

		fails(t, h, 5, home, known)
		waits(t, h, home, known, 15*time.Minute)
		enters(t, h, elsewhere, "") // the browser's wait is its own
		enters(t, h, home, known)   // whose success clears it
		h.Clock.Advance(15 * time.Minute)
		enters(t, h, home, known)
	})
}

// A browser is known to whom it has signed in, not to others.
//
// Proves: P5, 2.6
func TestBrowserIsKnownToItsUser(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		acme, _ := withAnn(t, h)
		h.AddUser(t, acme, housetest.Person{Email: "eve@acme.test", Password: right})
		browser := secret.NewBrowserID()
		f := from(elsewhere)
		f.Kind, f.Browser = identity.Browser, browser
		if _, err := h.SignIn.SignIn(t.Context(), signin.Try{Tenant: "acme", Email: "eve@acme.test", Password: right, From: f}); err != nil {
			t.Fatal(err)
		}
		fails(t, h, 5, home, "")
		waits(t, h, home, browser, 15*time.Minute)
	})
}

// Proves: P5, 2.6
func TestTwentyFailuresOfStrangers(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		withAnn(t, h)
		for place := range 5 {
			fails(t, h, 4, fmt.Sprintf("203.0.113.%d", place), secret.NewBrowserID())
		}
		waits(t, h, home, "", 15*time.Minute)
	})
}

// While an attack goes on, unknown browsers wait twice as long each time, up
// to a day; a quiet window ends it.
//
// Proves: P5, 2.6
func TestStrangersWaitDoubles(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		withAnn(t, h, "stranger-attempts=4")
		source := 0
		attack := func() {
			source++
			fails(t, h, 4, fmt.Sprintf("203.0.113.%d", source), "")
		}
		want := 15 * time.Minute
		for range 9 {
			attack()
			waits(t, h, home, "", want)
			h.Clock.Advance(want)
			want = min(2*want, 24*time.Hour)
		}
		h.Clock.Advance(15 * time.Minute)
		attack()
		waits(t, h, home, "", 15*time.Minute)
	})
}

// Proves: P5, 2.6
func TestSourceOverAllUsers(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		withAnn(t, h)
		for i := range 50 {
			_, err := h.SignIn.SignIn(t.Context(), signin.Try{Tenant: "acme", Email: fmt.Sprintf("user%d@acme.test", i), Password: right, From: from(home)})
			if !errors.Is(err, policy.ErrRefused) {
				t.Fatalf("try %d: %v, want %v", i+1, err, policy.ErrRefused)
			}
		}
		waits(t, h, home, "", 15*time.Minute)
		enters(t, h, elsewhere, "")
	})
}
