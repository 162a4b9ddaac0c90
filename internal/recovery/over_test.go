package recovery_test

import (
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/internal/housetest"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/recovery"
	"github.com/vestibule-id/vestibule/internal/store"
)

// No link outlives a change of the address it was sent to, or of the password.
//
// Proves: Q2, 4.1
func TestLinksDieWithWhatTheyWereMadeFor(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		acme, ann := annOf(t, h)
		for _, row := range []struct {
			name string
			act  func() error
		}{
			{"another address", func() error {
				before := housetest.User(t, acme, ann.ID)
				after := before
				after.Email = housetest.Email(t, "ann2@acme.test")
				return acme.Tx(t.Context(), func(tx *store.Tx) error { return tx.SetUser(t.Context(), before, after, h.Clock.Now()) })
			}},
			{"another password", func() error {
				u := housetest.User(t, acme, ann.ID)
				return acme.Tx(t.Context(), func(tx *store.Tx) error { return tx.SetPassword(t.Context(), u.ID, u.Credential, "", false) })
			}},
			{"an initial password", func() error {
				return h.Admin().SetPassword(t.Context(), acme, housetest.Operator, ann.ID, housetest.Password(t, "velvet otter canyon"), false, identity.Peer{})
			}},
			{"deactivated and back", func() error {
				h.AddUser(t, acme, housetest.Person{Email: "boss@acme.test", Password: old, Role: identity.Admin})
				if err := h.Admin().Deactivate(t.Context(), acme, housetest.Operator, ann.ID, identity.Peer{}); err != nil {
					return err
				}
				return h.Admin().Reactivate(t.Context(), acme, housetest.Operator, ann.ID, identity.Peer{})
			}},
		} {
			h.Clock.Advance(time.Hour)
			wish := annsWish
			wish.Email = housetest.User(t, acme, ann.ID).Email.Typed
			link := token(t, h, wish)
			if err := row.act(); err != nil {
				t.Fatal(err)
			}
			wants(t, row.name, redeem(t, h, link, fresh), policy.ErrLink)
		}
	})
}

// A link does not come to life again with the address it was sent to.
//
// Proves: Q2, 4.1
func TestLinksStayOverWhenAnAddressComesBack(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		acme, _ := annOf(t, h)
		bob := h.AddUser(t, acme, housetest.Person{Email: "bob@acme.test", Role: identity.Admin, Password: old})
		thiefs := "thief@evil.test"
		set := func(email string) {
			t.Helper()
			before := housetest.User(t, acme, bob.ID)
			after := before
			after.Email = housetest.Email(t, email)
			if err := acme.Tx(t.Context(), func(tx *store.Tx) error { return tx.SetUser(t.Context(), before, after, h.Clock.Now()) }); err != nil {
				t.Fatal(err)
			}
		}
		first := token(t, h, recovery.Wish{Tenant: "acme", Email: "bob@acme.test"})
		undo := kind(h.ChangeAddress(t, acme, bob.ID, old, thiefs), identity.LetterAddressUndo)[0].Token()
		set("bob@acme.test")
		wants(t, "a change and the address again", redeem(t, h, first, fresh), policy.ErrLink)
		set(thiefs)
		second := token(t, h, recovery.Wish{Tenant: "acme", Email: thiefs})
		if _, err := h.Recovery().Undo(t.Context(), undo, home); err != nil {
			t.Fatal(err)
		}
		set(thiefs)
		wants(t, "taken back, and the address again", redeem(t, h, second, fresh), policy.ErrLink)
	})
}
