package recovery_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/internal/account"
	"github.com/vestibule-id/vestibule/internal/admin"
	"github.com/vestibule-id/vestibule/internal/housetest"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/recovery"
	"github.com/vestibule-id/vestibule/internal/session"
	"github.com/vestibule-id/vestibule/internal/signin"
	"github.com/vestibule-id/vestibule/internal/store"
)

// asksFor signs Ann in and has her ask for another address; the token is in the
// letter to it.
func asksFor(t *testing.T, h *housetest.House, try signin.Try, email string) (in session.Grant, token string) {
	t.Helper()
	try.Password, try.From = old, signin.From{Kind: identity.Program, Peer: home.Peer, Source: home.Source}
	out, err := h.SignIn.SignIn(t.Context(), try)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.Account().AskAddress(t.Context(), out.Grant.Live, account.AddressChange{Email: email, Password: old, From: try.From}); err != nil {
		t.Fatal(err)
	}
	letters := kind(h.Work(t), identity.LetterAddressConfirm)
	if len(letters) != 1 || letters[0].Data[identity.DataTo] != email {
		t.Fatalf("letters %+v", letters)
	}
	return out.Grant, letters[0].Token()
}

func confirm(t *testing.T, h *housetest.House, token string) error {
	t.Helper()
	_, err := h.Recovery().ConfirmAddress(t.Context(), token, home)
	return err
}

// Sessions stay; what was mailed to the former address opens nothing; both
// addresses are told, and from the former one the change can be taken back.
//
// Proves: G6, 5.1, 4.6
func TestConfirmAddress(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		acme, ann := annOf(t, h)
		reset := token(t, h, annsWish)
		in, link := asksFor(t, h, annsTry, "ann@new.test")
		for range 2 {
			if o, err := h.Recovery().OpenAddress(t.Context(), link); err != nil || o.Link.Data != "ann@new.test" || o.User.Email != ann.Email {
				t.Fatalf("opened: %+v, %v", o, err)
			}
		}
		wants(t, "confirmed", confirm(t, h, link), nil)
		wants(t, "confirmed twice", confirm(t, h, link), policy.ErrLink)
		if live, err := h.Sessions.Check(t.Context(), in.AccessToken); err != nil || live.User.Email.Folded != "ann@new.test" {
			t.Errorf("her session: %v, %v", live.User.Email, err)
		}
		wants(t, "the reset link to the former address", redeem(t, h, reset, fresh), policy.ErrLink)
		var told []string
		var undo string
		for _, l := range h.Work(t) {
			told = append(told, l.Kind+" "+l.Data[identity.DataTo]+" "+l.Data[identity.DataNewAddress]+" "+l.Data[identity.DataAddress])
			if l.Kind == identity.LetterAddressUndo {
				undo = l.Token()
			}
		}
		slices.Sort(told)
		if want := []string{"letter.address_changed  ann@new.test 192.0.2.1", "letter.address_undo ann@acme.test ann@new.test 192.0.2.1"}; !slices.Equal(told, want) {
			t.Errorf("letters %q, want %q", told, want)
		}
		if signsIn(t, h, annsTry, old) || !signsIn(t, h, signin.Try{Tenant: "acme", Email: "ann@new.test"}, old) {
			t.Error("she signs in with the former address, or not with the new one")
		}
		if _, err := h.Recovery().Undo(t.Context(), undo, home); err != nil {
			t.Fatal(err)
		}
		if got := housetest.User(t, acme, ann.ID).Email; got != ann.Email {
			t.Errorf("taken back: %v", got)
		}
		if _, err := h.Sessions.Check(t.Context(), in.AccessToken); !errors.Is(err, session.ErrEnded) {
			t.Errorf("taken back, her session: %v", err)
		}
	})
}

// Proves: G6, 5.1, W4
func TestConfirmAddressRefuses(t *testing.T) {
	for _, row := range []struct {
		name string
		do   func(t *testing.T, h *housetest.House, acme store.Tenant, ann identity.User)
		err  error
	}{
		{"an hour later", func(_ *testing.T, h *housetest.House, _ store.Tenant, _ identity.User) { h.Clock.Advance(time.Hour) }, policy.ErrLink},
		{"deactivated", func(t *testing.T, _ *housetest.House, acme store.Tenant, ann identity.User) {
			housetest.SetStatus(t, acme, ann.ID, identity.Deactivated)
		}, policy.ErrLink},
		{"suspended", func(t *testing.T, h *housetest.House, acme store.Tenant, _ identity.User) {
			h.SetTenantStatus(t, acme, identity.TenantSuspended)
		}, policy.ErrSuspended},
		{"the password was reset: a thief may have asked", func(t *testing.T, h *housetest.House, _ store.Tenant, _ identity.User) {
			wants(t, "reset", redeem(t, h, token(t, h, annsWish), fresh), nil)
		}, policy.ErrLink},
		{"an administrator has changed it", func(t *testing.T, h *housetest.House, acme store.Tenant, ann identity.User) {
			other := "other@acme.test"
			if _, err := h.Admin().Set(t.Context(), acme, housetest.Operator, ann.ID, admin.Changes{Email: &other}, identity.Peer{}); err != nil {
				t.Fatal(err)
			}
		}, policy.ErrLink},
		{"somebody else has it by now", func(t *testing.T, h *housetest.House, acme store.Tenant, _ identity.User) {
			h.AddUser(t, acme, housetest.Person{Email: "Ann@NEW.test"})
		}, recovery.ErrAddressTaken},
		{"somebody has it elsewhere", func(t *testing.T, h *housetest.House, _ store.Tenant, _ identity.User) {
			h.AddUser(t, h.AddTenant(t, "other", identity.Workspace), housetest.Person{Email: "ann@new.test"})
		}, nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			housetest.Each(t, func(t *testing.T, h *housetest.House) {
				acme, ann := annOf(t, h)
				_, link := asksFor(t, h, annsTry, "ann@new.test")
				row.do(t, h, acme, ann)
				wants(t, "confirmed", confirm(t, h, link), row.err)
				if got := housetest.User(t, acme, ann.ID).Email.Folded; row.err == nil != (got == "ann@new.test") {
					t.Errorf("address %s", got)
				}
			})
		})
	}
}

// Of several at once that confirm one address, one gets it; a link is good for
// nothing else than what it was made for.
//
// Proves: G6, 5.1
func TestConfirmAddressOnce(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		acme, ann := annOf(t, h)
		ben := h.AddUser(t, acme, housetest.Person{Email: "ben@acme.test", Password: old})
		_, anns := asksFor(t, h, annsTry, "one@new.test")
		_, bens := asksFor(t, h, signin.Try{Tenant: "acme", Email: "ben@acme.test"}, "One@new.test")
		wants(t, "as a reset", redeem(t, h, anns, fresh), policy.ErrLink)
		_, err := h.Recovery().Undo(t.Context(), anns, home)
		wants(t, "as a way back", err, policy.ErrLink)
		errs := make([]error, 2)
		housetest.AtOnce(time.Millisecond, func() { errs[0] = confirm(t, h, anns) }, func() { errs[1] = confirm(t, h, bens) })
		if (errs[0] == nil) == (errs[1] == nil) || !errors.Is(errors.Join(errs...), recovery.ErrAddressTaken) {
			t.Errorf("at once: %v", errs)
		}
		a, b := housetest.User(t, acme, ann.ID).Email.Folded, housetest.User(t, acme, ben.ID).Email.Folded
		if (a == "one@new.test") == (b == "one@new.test") {
			t.Errorf("addresses %s and %s", a, b)
		}
	})
}

// In the e-mail style the directory follows; an extension without an address
// gets its first.
//
// Proves: G6, 5.1
func TestConfirmAddressInEveryStyle(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		crm := h.AddTenant(t, "crm", identity.Email)
		h.AddUser(t, crm, housetest.Person{Email: "quinn@crm.test", Password: old})
		_, link := asksFor(t, h, signin.Try{Email: "quinn@crm.test"}, "quinn@new.test")
		wants(t, "the e-mail style", confirm(t, h, link), nil)
		if signsIn(t, h, signin.Try{Email: "quinn@crm.test"}, old) || !signsIn(t, h, signin.Try{Email: "quinn@new.test"}, old) {
			t.Error("Quinn signs in with the former address, or not with the new one")
		}
		phone := h.AddTenant(t, "phone", identity.Extension)
		u := h.AddUser(t, phone, housetest.Person{Extension: "201", Password: old})
		h.Work(t)
		_, link = asksFor(t, h, signin.Try{Username: "201-phone"}, "201@phone.test")
		wants(t, "the first address", confirm(t, h, link), nil)
		if got := housetest.User(t, phone, u.ID).Email.Folded; got != "201@phone.test" {
			t.Errorf("address %s", got)
		}
		if told := h.Work(t); len(told) != 1 || told[0].Kind != identity.LetterAddressChanged {
			t.Errorf("letters %+v: there was no former address to tell", told)
		}
	})
}
