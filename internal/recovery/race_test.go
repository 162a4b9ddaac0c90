package recovery_test

import (
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/internal/account"
	"github.com/vestibule-id/vestibule/internal/admin"
	"github.com/vestibule-id/vestibule/internal/housetest"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/recovery"
	"github.com/vestibule-id/vestibule/internal/signin"
)

// annAlone is Ann where an address alone signs in: the directory finds her.
var annAlone = signin.Try{Email: "ann@acme.test"}

// An ownChange is what a person does to their own row.
type ownChange struct {
	name          string
	reading       int // of the clock, the first one behind the user's lock
	email, former string
	zone          string
	prepare       func(t *testing.T, h *housetest.House) func(now func() time.Time) error
}

var ownChanges = []ownChange{
	{"confirms an address", 2, "ann@new.test", "ann@acme.test", "", func(t *testing.T, h *housetest.House) func(func() time.Time) error {
		_, link := asksFor(t, h, annAlone, "ann@new.test")
		return func(now func() time.Time) error {
			_, err := under(h, now).ConfirmAddress(t.Context(), link, home)
			return err
		}
	}},
	{"takes a change of address back", 2, "ann@acme.test", "ann@new.test", "", func(t *testing.T, h *housetest.House) func(func() time.Time) error {
		_, link := asksFor(t, h, annAlone, "ann@new.test")
		wants(t, "confirmed", confirm(t, h, link), nil)
		undo := kind(h.Work(t), identity.LetterAddressUndo)[0].Token()
		return func(now func() time.Time) error {
			_, err := under(h, now).Undo(t.Context(), undo, home)
			return err
		}
	}},
	{"sets language and time zone", 1, "ann@acme.test", "ann@new.test", "Asia/Jakarta", func(t *testing.T, h *housetest.House) func(func() time.Time) error {
		in, _ := asksFor(t, h, annAlone, "ann@new.test")
		own := h.Node(t).Account()
		return func(now func() time.Time) error {
			own.Sessions.Now = now
			language, zone := "id", "Asia/Jakarta"
			_, err := own.SetProfile(t.Context(), in.Live, account.Profile{Language: &language, TimeZone: &zone}, identity.Peer{})
			return err
		}
	}},
}

func under(h *housetest.House, now func() time.Time) *recovery.Service {
	s := h.Recovery()
	s.Now = now
	return s
}

// inTheMiddle does one thing and, at a reading of its clock, begins another,
// which is through before the first goes on, unless it must wait for it.
func inTheMiddle(t *testing.T, h *housetest.House, reading int, do func(now func() time.Time) error, meanwhile func() error) {
	t.Helper()
	done, through, read := make(chan error, 1), make(chan struct{}), 0
	err := do(func() time.Time {
		if read++; read == reading {
			go func() {
				done <- meanwhile()
				close(through)
			}()
			select {
			case <-through:
			case <-time.After(100 * time.Millisecond):
			}
		}
		return h.Clock.Now()
	})
	if read < reading {
		t.Fatalf("the clock was read %d times, and nothing began (%v)", read, err)
	}
	wants(t, "the first", err, nil)
	wants(t, "the second", <-done, nil)
}

// An operator gives somebody another name and role, and in the middle of it they
// change their own row; or the other way round. Neither change is lost, and the
// directory finds them under the address their row has.
//
// Proves: G6, 5.1
func TestAnOperatorAndThePersonAtOnce(t *testing.T) {
	for _, own := range ownChanges {
		for _, first := range []string{"operator", "person"} {
			t.Run(own.name+", the "+first+" first", func(t *testing.T) {
				housetest.Each(t, func(t *testing.T, h *housetest.House) {
					acme := h.AddTenant(t, "acme", identity.Email)
					ann := h.AddUser(t, acme, housetest.Person{Email: "ann@acme.test", Name: "Ann Archer", Password: old})
					theirs := own.prepare(t, h)
					operators := func(now func() time.Time) error {
						s, name, role := h.Admin(), "Anna Archer", identity.Manager
						s.Now = now
						_, err := s.Set(t.Context(), acme, housetest.Operator, ann.ID, admin.Changes{Name: &name, Role: &role}, identity.Peer{})
						return err
					}
					if first == "operator" {
						inTheMiddle(t, h, 1, operators, func() error { return theirs(h.Clock.Now) })
					} else {
						inTheMiddle(t, h, own.reading, theirs, func() error { return operators(h.Clock.Now) })
					}
					u := housetest.User(t, acme, ann.ID)
					if u.Name != "Anna Archer" || u.Role != identity.Manager {
						t.Errorf("the operator's change is lost: %q, %s", u.Name, u.Role)
					}
					if u.Email.Folded != own.email || u.TimeZone != own.zone || own.zone != "" != (u.Language == "id") {
						t.Errorf("the person's change is lost: %s, %q, %q", u.Email.Folded, u.Language, u.TimeZone)
					}
					if signsIn(t, h, signin.Try{Email: own.former}, old) || !signsIn(t, h, signin.Try{Email: own.email}, old) {
						t.Error("the directory finds them under the former address, or not under theirs")
					}
					h.Clock.Advance(72 * time.Hour)
					h.AddUser(t, acme, housetest.Person{Email: own.former}) // whose it was is free again, with the way back over
				})
			})
		}
	}
}
