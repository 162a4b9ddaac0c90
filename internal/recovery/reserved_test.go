package recovery_test

import (
	"strings"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/internal/admin"
	"github.com/vestibule-id/vestibule/internal/enroll"
	"github.com/vestibule-id/vestibule/internal/housetest"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/recovery"
	"github.com/vestibule-id/vestibule/internal/signin"
	"github.com/vestibule-id/vestibule/internal/store"
)

// A takeover is a way to give an address to somebody, and what it is refused
// with where somebody has the address.
type takeover struct {
	name    string
	prepare func(t *testing.T, h *housetest.House, acme store.Tenant, address string) func() error
	refused error
}

var takeovers = []takeover{
	{"an invitation", func(t *testing.T, h *housetest.House, acme store.Tenant, address string) func() error {
		return func() error {
			_, err := h.Invitations().Invite(t.Context(), acme, housetest.Operator, enroll.Invitee{Email: address, Role: identity.Member}, true, identity.Peer{})
			return err
		}
	}, enroll.ErrTaken},
	{"a new user", func(t *testing.T, h *housetest.House, acme store.Tenant, address string) func() error {
		return func() error {
			_, err := h.Admin().Create(t.Context(), acme, housetest.Operator, admin.NewUser{Email: address, Name: "Eve", Role: identity.Member}, identity.Peer{})
			return err
		}
	}, admin.ErrTaken},
	{"an edit of another user", func(t *testing.T, h *housetest.House, acme store.Tenant, address string) func() error {
		eve := h.AddUser(t, acme, housetest.Person{Email: "eve@acme.test", Name: "Eve"})
		return func() error {
			_, err := h.Admin().Set(t.Context(), acme, housetest.Operator, eve.ID, admin.Changes{Email: &address}, identity.Peer{})
			return err
		}
	}, admin.ErrTaken},
	{"another's own change", func(t *testing.T, h *housetest.House, acme store.Tenant, address string) func() error {
		h.AddUser(t, acme, housetest.Person{Email: "eve@acme.test", Name: "Eve", Password: old})
		return func() error {
			_, link := asksFor(t, h, signin.Try{Tenant: "acme", Email: "eve@acme.test"}, address)
			return confirm(t, h, link)
		}
	}, recovery.ErrAddressTaken},
	{"an import", func(t *testing.T, h *housetest.House, acme store.Tenant, address string) func() error {
		return func() error {
			s := &enroll.Service{Now: h.Clock.Now}
			_, err := s.Import(t.Context(), acme, housetest.Operator, strings.NewReader("email,name\n"+address+",Eve\n"), enroll.Options{}, identity.Peer{})
			return err
		}
	}, enroll.ErrRefused},
}

// Whoever changes somebody's address cannot close the way back by giving the
// former one to somebody else: while the link lives it is nobody else's.
//
// Proves: 5.1, 4.1
func TestTheAddressOfTheWayBackIsKept(t *testing.T) {
	for _, try := range takeovers {
		for _, row := range []struct {
			name string
			do   func(t *testing.T, h *housetest.House, acme store.Tenant, ann identity.User, undo string)
			free bool
		}{
			{"at once", func(*testing.T, *housetest.House, store.Tenant, identity.User, string) {}, false},
			{"in the last second", func(_ *testing.T, h *housetest.House, _ store.Tenant, _ identity.User, _ string) {
				h.Clock.Advance(72*time.Hour - time.Second)
			}, false},
			{"after three days", func(_ *testing.T, h *housetest.House, _ store.Tenant, _ identity.User, _ string) {
				h.Clock.Advance(72 * time.Hour)
			}, true},
			{"once an administrator has corrected it", func(t *testing.T, h *housetest.House, acme store.Tenant, ann identity.User, _ string) {
				readdressed(t, h, acme, ann, "third@acme.test")
			}, true},
			{"taken back, and then given up", func(t *testing.T, h *housetest.House, acme store.Tenant, ann identity.User, undo string) {
				_, err := h.Recovery().Undo(t.Context(), undo, home)
				wants(t, "taken back", err, nil)
				readdressed(t, h, acme, ann, "third@acme.test")
			}, true},
		} {
			t.Run(try.name+" "+row.name, func(t *testing.T) {
				housetest.Each(t, func(t *testing.T, h *housetest.House) {
					acme, ann := annOf(t, h)
					undo := kind(h.ChangeAddress(t, acme, ann.ID, old, "thief@evil.test"), identity.LetterAddressUndo)[0].Token()
					take := try.prepare(t, h, acme, "Ann@ACME.test")
					row.do(t, h, acme, ann, undo)
					if row.free {
						wants(t, "the address is free", take(), nil)
						return
					}
					wants(t, "the address is kept", take(), try.refused)
					_, err := h.Recovery().Undo(t.Context(), undo, home)
					wants(t, "the way back", err, nil)
					if got := housetest.User(t, acme, ann.ID).Email; got != ann.Email {
						t.Errorf("back to %v", got)
					}
				})
			})
		}
	}
}

func readdressed(t *testing.T, h *housetest.House, acme store.Tenant, ann identity.User, address string) {
	t.Helper()
	_, err := h.Admin().Set(t.Context(), acme, housetest.Operator, ann.ID, admin.Changes{Email: &address}, identity.Peer{})
	wants(t, "corrected", err, nil)
}

// It is kept for who had it, in its tenant only, and not the one they have now.
//
// Proves: 5.1
func TestTheAddressOfTheWayBackIsKeptForOne(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		acme, ann := annOf(t, h)
		undo := kind(h.ChangeAddress(t, acme, ann.ID, old, "thief@evil.test"), identity.LetterAddressUndo)[0].Token()
		h.AddUser(t, h.AddTenant(t, "other", identity.Workspace), housetest.Person{Email: "ann@acme.test"})
		h.ChangeAddress(t, acme, ann.ID, old, "ann@acme.test") // as she herself may
		h.AddUser(t, acme, housetest.Person{Email: "thief@evil.test"})
		_, err := h.Recovery().Undo(t.Context(), undo, home)
		wants(t, "the way back", err, nil)
	})
}

// While somebody confirms another address, an administrator gives their former
// one away: either way the way back stays open.
//
// Proves: 5.1, 5.3
func TestAnAddressIsGivenAwayWhileItChanges(t *testing.T) {
	for _, try := range takeovers {
		t.Run(try.name, func(t *testing.T) {
			housetest.Each(t, func(t *testing.T, h *housetest.House) {
				acme, ann := annOf(t, h)
				take := try.prepare(t, h, acme, "ann@acme.test")
				_, link := asksFor(t, h, annsTry, "thief@evil.test")
				var gave error
				inTheMiddle(t, h, 2, func(now func() time.Time) error {
					_, err := under(h, now).ConfirmAddress(t.Context(), link, home)
					return err
				}, func() error {
					gave = take()
					return nil
				})
				wants(t, "given away", gave, try.refused)
				l, err := acme.LivingLink(t.Context(), ann.ID, identity.UndoLink, h.Clock.Now())
				wants(t, "the link", err, nil)
				_, err = h.Recovery().Undo(t.Context(), string(acme.Keys().LinkToken(identity.UndoLink, acme.ID(), l.ID)), home)
				wants(t, "the way back", err, nil)
				if got := housetest.User(t, acme, ann.ID).Email; got != ann.Email {
					t.Errorf("back to %v", got)
				}
			})
		})
	}
}
