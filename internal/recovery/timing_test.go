package recovery_test

import (
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/internal/housetest"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/recovery"
	"github.com/vestibule-id/vestibule/internal/store"
	"github.com/vestibule-id/vestibule/internal/store/storetest"
)

// pairs is how many wishes of each kind are compared.
func pairs() int {
	switch {
	case housetest.Long():
		return 1000
	case housetest.Race:
		return 60
	}
	return 150
}

// What asking costs does not tell who is there. Nothing of the worker's is in
// it, so nothing of the mail server's either.
//
// Proves: 4.2
func TestAskingTakesTheSameTime(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		timingHouse(t, h)
		for _, test := range []struct {
			name       string
			known, not recovery.Wish
		}{
			{"workspace", recovery.Wish{Tenant: "acme", Email: "ann@x.test"}, recovery.Wish{Tenant: "acme", Email: "nob@x.test"}},
			{"deactivated", recovery.Wish{Tenant: "acme", Email: "off@x.test"}, recovery.Wish{Tenant: "acme", Email: "nob@x.test"}},
			{"extension", recovery.Wish{Username: "201-phone"}, recovery.Wish{Username: "202-phone"}},
			{"e-mail alone", recovery.Wish{Email: "ann@x.test"}, recovery.Wish{Email: "nob@x.test"}},
		} {
			t.Run(test.name, func(t *testing.T) {
				var d housetest.Paired
				d.More(pairs(), wishing(t, h, test.known), wishing(t, h, test.not))
				shift, apart := d.Apart()
				t.Logf("median difference %s", shift)
				if apart {
					t.Errorf("known and unknown differ by %s", shift)
				}
			})
		}
	})
}

// The test above can fail: one durable write more, for those who are known, is
// seen.
//
// Proves: 4.2
func TestAnExtraWriteIsSeen(t *testing.T) {
	h := housetest.New(t, storetest.Address(t, "sqlite"))
	acme := timingHouse(t, h)
	known := wishing(t, h, recovery.Wish{Tenant: "acme", Email: "ann@x.test"})
	unknown := wishing(t, h, recovery.Wish{Tenant: "acme", Email: "nob@x.test"})
	writing := func() {
		known()
		for range 1 + 4*int(housetest.Visible()/time.Millisecond) {
			err := acme.Tx(t.Context(), func(tx *store.Tx) error {
				return tx.AddEvent(t.Context(), identity.Event{Kind: "extra", At: h.Clock.Now()})
			})
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	var d housetest.Paired
	for range 20 {
		d.More(pairs(), writing, unknown)
		shift, apart := d.Apart()
		t.Logf("%d pairs: median difference %s", len(d), shift)
		if apart && shift > 0 {
			return
		}
	}
	t.Error("a write more was not seen")
}

func timingHouse(t *testing.T, h *housetest.House) store.Tenant {
	t.Helper()
	acme, phone, crm := h.AddTenant(t, "acme", identity.Workspace), h.AddTenant(t, "phone", identity.Extension), h.AddTenant(t, "crm", identity.Email)
	h.AddUser(t, acme, housetest.Person{Email: "ann@x.test", Password: old})
	h.AddUser(t, acme, housetest.Person{Email: "off@x.test", Password: old, Status: identity.Deactivated})
	h.AddUser(t, phone, housetest.Person{Extension: "201", Email: "eve@x.test", Password: old})
	h.AddUser(t, crm, housetest.Person{Email: "ann@x.test", Password: old})
	return acme
}

// wishing asks from another place each time, so that nobody ever waits.
func wishing(t *testing.T, h *housetest.House, w recovery.Wish) func() {
	return func() {
		from := home
		from.Source = string(identity.NewEventID())
		if err := h.Recovery().Ask(t.Context(), w, from); err != nil {
			t.Fatal(err)
		}
	}
}
