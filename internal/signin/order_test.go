package signin_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/internal/housetest"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/signin"
	"github.com/vestibule-id/vestibule/internal/store"
	"github.com/vestibule-id/vestibule/internal/store/storetest"
)

// Who keeps a better hash takes the user's row before the limiter's lanes, as
// administrators do: while somebody holds the row, the lanes are free. In the
// other order the two would wait for each other. SQLite has one writer at a
// time, so nobody waits there with half of it.
//
// Proves: 2.4, 2.6
func TestUserBeforeLanes(t *testing.T) {
	if !slices.Contains(storetest.Databases(), "postgres") {
		return
	}
	h := housetest.New(t, storetest.Address(t, "postgres"))
	acme := h.AddTenant(t, "acme", identity.Workspace)
	ann := h.AddUser(t, acme, housetest.Person{Email: "ann@acme.test", Hash: foreign(t, right), MustChange: true})
	signed := make(chan error, 1)
	err := acme.Tx(t.Context(), func(tx *store.Tx) error {
		if err := tx.HoldUser(t.Context(), ann.ID, identity.Active); err != nil {
			return err
		}
		go func() {
			_, err := h.SignIn.SignIn(t.Context(), signin.Try{Tenant: "acme", Email: "ann@acme.test", Password: right, From: from(home)})
			signed <- err
		}()
		time.Sleep(300 * time.Millisecond) // until it waits for the row
		cleared := make(chan error, 1)
		go func() {
			cleared <- acme.Tx(t.Context(), func(tx *store.Tx) error { return signin.Forgive(t.Context(), tx, ann) })
		}()
		select {
		case err := <-cleared:
			return err
		case err := <-signed:
			signed <- err
			t.Error("the sign-in did not ask for the user's row")
		case <-time.After(5 * time.Second):
			t.Error("a sign-in that waits for the user's row holds the lanes")
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := <-signed; !errors.Is(err, policy.ErrChangeRequired) {
		t.Errorf("the sign-in went on to %v", err)
	}
}
