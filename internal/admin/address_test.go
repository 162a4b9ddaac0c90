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
// own has opened is over. One's own address nobody changes here.
//
// Proves: Q7, G6, 4.6, 5.1
func TestOnlyOnesOwnChangeOfAddressIsTakenBack(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		acme := h.AddTenant(t, "acme", identity.Workspace)
		ada := h.AddUser(t, acme, housetest.Person{Email: "ada@x.test", Role: identity.Admin, Password: "correct horse"})
		ann := h.AddUser(t, acme, housetest.Person{Email: "0@x.test", Role: identity.Admin, Password: "correct horse"})
		set := func(actor identity.Actor, to string) error {
			_, err := h.Admin().Set(t.Context(), acme, actor, ann.ID, admin.Changes{Email: &to}, here)
			return err
		}
		told := func(letters []housetest.Letter) (list []string, wayBack string) {
			for _, letter := range letters {
				list = append(list, letter.Kind+" "+letter.Data[identity.DataTo])
				if letter.Kind == identity.LetterAddressUndo {
					wayBack = letter.Token()
				}
			}
			slices.Sort(list)
			return list, wayBack
		}
		if err := set(identity.Actor{User: ada.ID, Role: policy.BuiltIn(ada.Role)}, "1@x.test"); err != nil {
			t.Fatal(err)
		}
		if list, _ := told(h.Work(t)); !slices.Equal(list, []string{"letter.address_changed ", "letter.address_changed 0@x.test"}) {
			t.Errorf("by an administrator: letters %q", list)
		}
		list, wayBack := told(h.ChangeAddress(t, acme, ann.ID, "correct horse", "2@x.test"))
		if !slices.Equal(list, []string{"letter.address_changed ", "letter.address_undo 1@x.test"}) {
			t.Errorf("by the person: letters %q", list)
		}
		if err := set(identity.Actor{User: ann.ID, Role: policy.BuiltIn(ann.Role)}, "9@x.test"); !errors.Is(err, admin.ErrOwnAddress) {
			t.Errorf("one's own among others': %v, want %v", err, admin.ErrOwnAddress)
		}
		if err := set(identity.Actor{User: ann.ID, Role: policy.BuiltIn(ann.Role)}, ""); err == nil {
			t.Error("one's own was taken away")
		}
		if _, err := h.Recovery().OpenUndo(t.Context(), wayBack); err != nil {
			t.Errorf("the way back: %v", err)
		}
		if err := set(operator, "3@x.test"); err != nil {
			t.Fatal(err)
		}
		if _, err := h.Recovery().OpenUndo(t.Context(), wayBack); !errors.Is(err, policy.ErrLink) {
			t.Errorf("the way back, after it was corrected: %v, want %v", err, policy.ErrLink)
		}
	})
}
