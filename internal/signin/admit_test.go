package signin_test

import (
	"errors"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/internal/housetest"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/secret"
	"github.com/vestibule-id/vestibule/internal/signin"
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
