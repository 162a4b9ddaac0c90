package account_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/internal/account"
	"github.com/vestibule-id/vestibule/internal/housetest"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/recovery"
	"github.com/vestibule-id/vestibule/internal/session"
	"github.com/vestibule-id/vestibule/internal/signin"
	"github.com/vestibule-id/vestibule/internal/store"
)

// confirmations are the letters to new addresses that wait to be sent.
func confirmations(t *testing.T, h *housetest.House) (list []housetest.Letter) {
	t.Helper()
	for _, l := range h.Work(t) {
		if l.Kind == identity.LetterAddressConfirm {
			list = append(list, l)
		}
	}
	return list
}

func ask(t *testing.T, h *housetest.House, live store.Live, email, password string) error {
	t.Helper()
	_, err := service(h).AskAddress(t.Context(), live, account.AddressChange{Email: email, Password: password, From: browserAt(home, "bro_here")})
	return err
}

// Proves: G6, 5.1
func TestAskAddressRefuses(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		acme, ann := withAnn(t, h)
		here := enter(t, h, browserAt(home, "bro_here"))
		for _, row := range []struct {
			name, email, password string
			err                   error
			field                 string
		}{
			{"a wrong password", "new@acme.test", "a guess", signin.ErrNotCurrent, "body.current_password"},
			{"no password", "new@acme.test", "", nil, "body.current_password"},
			{"no address", "", present, identity.ErrEmail, "body.email"},
			{"two addresses", "new@acme.test, x@evil.test", present, identity.ErrEmail, "body.email"},
			{"a line break", "new@acme.test\r\nBcc: x@evil.test", present, identity.ErrEmail, "body.email"},
			{"the present one", "Ann@ACME.test", present, account.ErrSameAddress, "body.email"},
		} {
			err := ask(t, h, here.Live, row.email, row.password)
			if p := problem.Of(err); row.err != nil && !errors.Is(err, row.err) || p == nil || len(p.Fields) != 1 || p.Fields[0].Location != row.field {
				t.Errorf("%s: %v", row.name, err)
			}
		}
		if list := confirmations(t, h); len(list) > 0 {
			t.Errorf("%d letters", len(list))
		}
		if n := len(housetest.Events(t, acme, identity.EventAddressFail)); n != 1 {
			t.Errorf("%d events of a wrong password, want 1", n)
		}
		// Guessing here is guessing at the door.
		for range 4 {
			if err := ask(t, h, here.Live, "new@acme.test", "a guess"); !errors.Is(err, signin.ErrNotCurrent) {
				t.Fatal(err)
			}
		}
		if err := ask(t, h, here.Live, "new@acme.test", present); !errors.Is(err, policy.ErrWait) {
			t.Errorf("after five guesses: %v, want %v", err, policy.ErrWait)
		}
		if p, err := service(h).PendingAddress(t.Context(), here.Live); err != nil || p.Email != "" {
			t.Errorf("waiting: %+v, %v", p, err)
		}
		if got := housetest.User(t, acme, ann.ID).Email; got != ann.Email {
			t.Errorf("address %v", got)
		}
	})
}

// The letter goes to the new address and nothing changes before its link is
// used; of several wishes the last one counts.
//
// Proves: G6, 5.1
func TestAskAddress(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		acme, ann := withAnn(t, h)
		here := enter(t, h, browserAt(home, "bro_here"))
		if err := ask(t, h, here.Live, "first@acme.test", present); err != nil {
			t.Fatal(err)
		}
		first := confirmations(t, h)
		if len(first) != 1 || first[0].Data[identity.DataTo] != "first@acme.test" || first[0].User != ann.ID {
			t.Fatalf("letters %+v", first)
		}
		if err := ask(t, h, here.Live, "Second@acme.test", present); err != nil {
			t.Fatal(err)
		}
		second := confirmations(t, h)
		p, err := service(h).PendingAddress(t.Context(), here.Live)
		if err != nil || p.Email != "Second@acme.test" || !p.Expires.Equal(h.Clock.Now().Add(time.Hour)) {
			t.Errorf("waiting: %+v, %v", p, err)
		}
		if _, err := h.Recovery().OpenAddress(t.Context(), first[0].Token()); !errors.Is(err, policy.ErrLink) {
			t.Errorf("the link of the first wish: %v, want %v", err, policy.ErrLink)
		}
		if got := housetest.User(t, acme, ann.ID).Email; got != ann.Email {
			t.Errorf("address %v before the link is used", got)
		}
		if _, err := h.Recovery().ConfirmAddress(t.Context(), second[0].Token(), recovery.From{}); err != nil {
			t.Fatal(err)
		}
		if got := housetest.User(t, acme, ann.ID).Email; got != (identity.EmailAddress{Typed: "Second@acme.test", Folded: "second@acme.test"}) {
			t.Errorf("address %v afterwards", got)
		}
		if p, err := service(h).PendingAddress(t.Context(), here.Live); err != nil || p.Email != "" {
			t.Errorf("still waiting: %+v, %v", p, err)
		}
		var told []string
		for _, e := range housetest.Events(t, acme, identity.EventAddressAsked, identity.EventAddressConfirmed) {
			told = append(told, e.Kind+" "+string(e.User))
		}
		if want := []string{"email_change_request " + string(ann.ID), "email_change_request " + string(ann.ID), "email_change_confirm " + string(ann.ID)}; !slices.Equal(told, want) {
			t.Errorf("events %q", told)
		}
	})
}

// Proves: G6, 5.1
func TestResendAndCancelAddress(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		withAnn(t, h)
		here := enter(t, h, browserAt(home, "bro_here"))
		resend := func() error {
			_, err := service(h).ResendAddress(t.Context(), here.Live, identity.Peer{})
			return err
		}
		cancel := func() error { return service(h).CancelAddress(t.Context(), here.Live, identity.Peer{}) }
		if err := errors.Join(resend(), cancel()); !errors.Is(err, account.ErrNoChange) {
			t.Errorf("nothing waits: %v", err)
		}
		if err := ask(t, h, here.Live, "new@acme.test", present); err != nil {
			t.Fatal(err)
		}
		if err := resend(); err != nil {
			t.Fatal(err)
		}
		letters := confirmations(t, h)
		if len(letters) != 2 || letters[0].Token() != letters[1].Token() || letters[1].Data[identity.DataTo] != "new@acme.test" {
			t.Fatalf("letters %+v", letters)
		}
		if err := cancel(); err != nil {
			t.Fatal(err)
		}
		if _, err := h.Recovery().ConfirmAddress(t.Context(), letters[0].Token(), recovery.From{}); !errors.Is(err, policy.ErrLink) {
			t.Errorf("after it was cancelled: %v, want %v", err, policy.ErrLink)
		}
		if err := errors.Join(resend(), cancel()); !errors.Is(err, account.ErrNoChange) {
			t.Errorf("after it was cancelled: %v", err)
		}
		// Strangers' mailboxes are not flooded: three letters an hour.
		if err := ask(t, h, here.Live, "x@stranger.test", present); err != nil {
			t.Fatal(err)
		}
		if err := resend(); !errors.Is(err, policy.ErrLetters) || problem.Of(err).RetryAfter != time.Hour {
			t.Errorf("the fourth letter: %v, want %v", err, policy.ErrLetters)
		}
		if err := ask(t, h, here.Live, "y@stranger.test", present); !errors.Is(err, policy.ErrLetters) {
			t.Errorf("the fourth letter: %v, want %v", err, policy.ErrLetters)
		}
		// Nobody has guessed: however often it is asked, a right password is no try.
		for i := range 6 {
			if err := ask(t, h, here.Live, "y@stranger.test", present); !errors.Is(err, policy.ErrLetters) {
				t.Errorf("asked %d more times: %v, want %v", i+1, err, policy.ErrLetters)
			}
		}
		if _, err := signIn(t, h, browserAt(home, "bro_here"), present); err != nil {
			t.Errorf("signing in afterwards: %v", err)
		}
		if p, err := service(h).PendingAddress(t.Context(), here.Live); err != nil || p.Email != "x@stranger.test" {
			t.Errorf("waiting: %+v, %v", p, err)
		}
		h.Clock.Advance(time.Hour)
		if err := resend(); !errors.Is(err, account.ErrNoChange) {
			t.Errorf("an hour later: %v, want %v", err, account.ErrNoChange)
		}
		if err := ask(t, h, here.Live, "y@stranger.test", present); err != nil {
			t.Errorf("an hour later: %v", err)
		}
	})
}

// Whoever has no session any more, or another password by now, asks for
// nothing, however fresh what was seen of the session is.
//
// Proves: G6, 5.1
func TestAskAddressAfterTheEnd(t *testing.T) {
	for _, row := range []struct {
		name string
		end  func(t *testing.T, h *housetest.House, acme store.Tenant, ann identity.User, here session.Grant)
	}{
		{"signed out", func(t *testing.T, h *housetest.House, _ store.Tenant, _ identity.User, here session.Grant) {
			if err := h.Sessions.SignOut(t.Context(), here.Live, identity.Peer{}); err != nil {
				t.Fatal(err)
			}
		}},
		{"deactivated", func(t *testing.T, _ *housetest.House, acme store.Tenant, ann identity.User, _ session.Grant) {
			housetest.SetStatus(t, acme, ann.ID, identity.Deactivated)
		}},
		{"suspended", func(t *testing.T, h *housetest.House, acme store.Tenant, _ identity.User, _ session.Grant) {
			h.SetTenantStatus(t, acme, identity.TenantSuspended)
		}},
		{"out of time", func(_ *testing.T, h *housetest.House, _ store.Tenant, _ identity.User, _ session.Grant) {
			h.Clock.Advance(8 * 24 * time.Hour)
		}},
	} {
		t.Run(row.name, func(t *testing.T) {
			housetest.Each(t, func(t *testing.T, h *housetest.House) {
				acme, ann := withAnn(t, h)
				here := enter(t, h, browserAt(home, "bro_here"))
				row.end(t, h, acme, ann, here)
				if err := ask(t, h, here.Live, "new@acme.test", present); err == nil || problem.Of(err) == nil {
					t.Errorf("asked: %v", err)
				}
				_, rerr := service(h).ResendAddress(t.Context(), here.Live, identity.Peer{})
				if err := errors.Join(rerr, service(h).CancelAddress(t.Context(), here.Live, identity.Peer{})); !errors.Is(err, session.ErrEnded) {
					t.Errorf("afterwards: %v, want %v", err, session.ErrEnded)
				}
				if list := confirmations(t, h); len(list) > 0 {
					t.Errorf("%d letters", len(list))
				}
			})
		})
	}
}
