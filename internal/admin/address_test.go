package admin_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/vestibule-id/vestibule/internal/admin"
	"github.com/vestibule-id/vestibule/internal/housetest"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/policy"
)

// What an administrator corrects stays corrected: the former address may have
// been a stranger's. It is told, and a way back that a change of the person's
// own has opened is over.
//
// Proves: Q7, G6, 4.6
func TestOnlyOnesOwnChangeOfAddressIsTakenBack(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		acme := h.AddTenant(t, "acme", identity.Workspace)
		ada := h.AddUser(t, acme, housetest.Person{Email: "ada@x.test", Role: identity.Admin, Password: "correct horse"})
		ann := h.AddUser(t, acme, housetest.Person{Email: "0@x.test", Role: identity.Admin, Password: "correct horse"})
		var wayBack string
		for _, row := range []struct {
			name  string
			actor identity.Actor
			to    string
			told  []string // kind and address, empty for the user's own
			over  bool     // the way back that there was
		}{
			{"an administrator", identity.Actor{User: ada.ID, Role: policy.BuiltIn(ada.Role)}, "1@x.test",
				[]string{"letter.address_changed ", "letter.address_changed 0@x.test"}, false},
			{"the person", identity.Actor{User: ann.ID, Role: policy.BuiltIn(ann.Role)}, "2@x.test",
				[]string{"letter.address_changed ", "letter.address_undo 1@x.test"}, false},
			{"the operator", operator, "3@x.test",
				[]string{"letter.address_changed ", "letter.address_changed 2@x.test"}, true},
		} {
			if _, err := h.Admin().Set(t.Context(), acme, row.actor, ann.ID, admin.Changes{Email: &row.to}, here); err != nil {
				t.Fatalf("%s: %v", row.name, err)
			}
			var told []string
			for _, letter := range h.Work(t) {
				told = append(told, letter.Kind+" "+letter.Data[identity.DataTo])
				if letter.Kind == identity.LetterAddressUndo {
					wayBack = letter.Token()
				}
			}
			if slices.Sort(told); !slices.Equal(told, row.told) {
				t.Errorf("%s: letters %q, want %q", row.name, told, row.told)
			}
			if wayBack == "" {
				continue
			}
			if _, err := h.Recovery().OpenUndo(t.Context(), wayBack); errors.Is(err, policy.ErrLink) != row.over {
				t.Errorf("%s: the way back: %v", row.name, err)
			}
		}
	})
}
