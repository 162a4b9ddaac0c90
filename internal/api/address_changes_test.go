package api_test

import (
	"testing"

	"github.com/vestibule-id/vestibule/internal/housetest"
	"github.com/vestibule-id/vestibule/internal/identity"
)

// Proves: G6, 5.7
func TestChangeOfAddressIsTakenBackByAPI(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		acme := h.AddTenant(t, "acme", identity.Workspace)
		u := h.AddUser(t, acme, housetest.Person{Email: "ann@acme.test", Role: identity.Admin, Password: rightPassword})
		thief := "thief@evil.test"
		letters := h.ChangeAddress(t, acme, u.ID, rightPassword, thief)
		c := caller{t, handlerOf(h)}
		in := c.bearer(`{"tenant":"acme","email":"` + thief + `","password":"` + rightPassword + `"}`)
		undo := func(token string) reply {
			return c.send("POST", "/api/v1/address-changes/undo", `{"token":"`+token+`"}`)
		}
		undo("und_made-up").want(410, "link_invalid")
		for _, letter := range letters {
			if letter.Kind == identity.LetterAddressUndo {
				undo(letter.Token()).want(204, "")
				undo(letter.Token()).want(410, "link_invalid")
			}
		}
		c.send("GET", "/api/v1/me", "", in...).want(401, "session_ended")
		c.bearer(`{"tenant":"acme","email":"ann@acme.test","password":"` + rightPassword + `"}`)
	})
}
