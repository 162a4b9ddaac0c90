package api_test

import (
	"testing"

	"github.com/vestibule-id/vestibule/internal/admin"
	"github.com/vestibule-id/vestibule/internal/housetest"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/policy"
)

// Proves: G6, 5.7
func TestChangeOfAddressIsTakenBackByAPI(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		acme := h.AddTenant(t, "acme", identity.Workspace)
		u := h.AddUser(t, acme, housetest.Person{Email: "ann@acme.test", Role: identity.Admin, Password: rightPassword})
		thief := "thief@evil.test"
		if _, err := h.Admin().Set(t.Context(), acme, identity.Actor{User: u.ID, Role: policy.BuiltIn(u.Role)}, u.ID, admin.Changes{Email: &thief}, identity.Peer{}); err != nil {
			t.Fatal(err)
		}
		c := caller{t, handlerOf(h)}
		in := c.bearer(`{"tenant":"acme","email":"` + thief + `","password":"` + rightPassword + `"}`)
		undo := func(token string) reply {
			return c.send("POST", "/api/v1/address-changes/undo", `{"token":"`+token+`"}`)
		}
		undo("und_made-up").want(410, "link_invalid")
		for _, letter := range h.Work(t) {
			if letter.Kind == identity.LetterAddressUndo {
				undo(letter.Token()).want(204, "")
				undo(letter.Token()).want(410, "link_invalid")
			}
		}
		c.send("GET", "/api/v1/me", "", in...).want(401, "session_ended")
		c.bearer(`{"tenant":"acme","email":"ann@acme.test","password":"` + rightPassword + `"}`)
	})
}
