package signin_test

import (
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/internal/housetest"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/secret"
	"github.com/vestibule-id/vestibule/internal/signin"
	"github.com/vestibule-id/vestibule/internal/store"
)

// Who must wait is told so without a place in the line in front of the hashes:
// else whoever has been refused could keep everybody else out of it.
//
// Proves: P5, 2.6, 2.8
func TestWhoMustWaitTakesNoPlace(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		acme := h.AddTenant(t, "acme", identity.Workspace)
		h.AddUser(t, acme, housetest.Person{Email: "ann@acme.test", Password: right})
		try := func(password, source string) error {
			_, err := h.SignIn.SignIn(t.Context(), signin.Try{Tenant: "acme", Email: "ann@acme.test", Password: password, From: from(source)})
			return err
		}
		for range 5 {
			_ = try("a guess", home)
		}
		h.SignIn.Gate = secret.NewGate(1, 0, time.Minute)
		taken, err := h.SignIn.Gate.Enter()
		if err != nil {
			t.Fatal(err)
		}
		defer taken.Leave()
		if err := try("a guess", home); !errors.Is(err, policy.ErrWait) {
			t.Errorf("who must wait, with the line full: %v, want %v", err, policy.ErrWait)
		}
		if err := try(right, "203.0.113.77"); !errors.Is(err, secret.ErrBusy) {
			t.Errorf("who need not wait, with the line full: %v, want %v", err, secret.ErrBusy)
		}
	})
}

// Who is turned away because there is no room to hash has used up nothing: not
// in the tenant, and by an address alone not before it either.
//
// Proves: Q1, 2.6, 2.8
func TestNoRoomCountsNothing(t *testing.T) {
	for style, slug := range map[identity.Style]string{identity.Workspace: "acme", identity.Email: ""} {
		t.Run(string(style), func(t *testing.T) {
			housetest.Each(t, func(t *testing.T, h *housetest.House) {
				acme := h.AddTenant(t, "acme", style)
				h.AddUser(t, acme, housetest.Person{Email: "ann@acme.test", Password: right})
				wants := func(times int, password string, want error) {
					t.Helper()
					for i := range times {
						_, err := h.SignIn.SignIn(t.Context(), signin.Try{Tenant: slug, Email: "ann@acme.test", Password: password, From: from(home)})
						if !errors.Is(err, want) {
							t.Fatalf("try %d of the password %q: %v, want %v", i+1, password, err, want)
						}
					}
				}
				h.SignIn.Gate = secret.NewGate(1, 1, 50*time.Millisecond)
				leave := crowd(t, h.SignIn.Gate)
				wants(8, "wrong", secret.ErrBusy) // a place in the line, but no slot in time
				place, err := h.SignIn.Gate.Enter()
				if err != nil {
					t.Fatal(err)
				}
				wants(1, "wrong", secret.ErrBusy) // the line is full
				place.Leave()
				leave()
				for _, scope := range []store.Tenant{acme, h.Store.Nowhere()} {
					if n := len(housetest.Events(t, scope)); n != 0 {
						t.Errorf("%d events of tries that were not looked at, want none", n)
					}
				}
				wants(4, "wrong", policy.ErrRefused)
				wants(1, right, nil)
			})
		})
	}
}

// crowd takes the only slot of a gate until leave is called.
func crowd(t *testing.T, gate *secret.Gate) (leave func()) {
	t.Helper()
	busy, end := make(chan struct{}), make(chan struct{})
	var inside sync.WaitGroup
	inside.Go(func() {
		place, err := gate.Enter()
		if err != nil {
			t.Error(err)
			close(busy)
			return
		}
		defer place.Leave()
		_ = place.Do(t.Context(), func() { close(busy); <-end })
	})
	<-busy
	return func() { close(end); inside.Wait() }
}
