package server_test

import (
	"context"
	"net"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/internal/config"
	"github.com/vestibule-id/vestibule/internal/housetest"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/mail/mailtest"
	"github.com/vestibule-id/vestibule/internal/recovery"
	"github.com/vestibule-id/vestibule/internal/store"
)

// The running server answers a request for a reset link by a letter, over the
// operator's mail server: not at once, which would tell by other requests' time
// whether there was anybody to write to, but within two seconds.
//
// Proves: W3, 4.2, 4.7
func TestARequestBecomesALetter(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		withAnn(t, h)
		sink := mailtest.Start(t)
		s := assemble(t, h, func(c *config.Serve) {
			c.Mail, c.MailFrom = config.Address(sink.Address()), "Front Desk <desk@door.test>"
		})
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- s.Run(ctx, listener, nil) }()
		if w := ask(s, "POST", "/api/v1/password-resets", "application/json", `{"tenant":"acme","email":"Ann@acme.test"}`); w.Code != 202 {
			t.Fatalf("asking: %d %s", w.Code, w.Body)
		}
		if due, err := h.Store.DueTenants(t.Context(), false, h.Clock.Now(), 9); err != nil || len(due) != 0 {
			t.Errorf("the request is due at once (%v)", err)
		}
		h.Clock.Advance(recovery.AskedWithin)
		got := sink.Wait(t, 1)[0]
		if from, err := got.Header.AddressList("From"); err != nil || from[0].Address != "desk@door.test" || got.To != "ann@acme.test" {
			t.Errorf("from %v to %s (%v)", from, got.To, err)
		}
		got.Link(t)
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		acme, err := h.Store.TenantBySlug(t.Context(), "acme")
		if err != nil {
			t.Fatal(err)
		}
		list, err := h.Store.Tenant(acme.ID).Letters(t.Context(), identity.Letter{}, 9)
		if err != nil || len(list) != 1 || list[0].State != identity.LetterSent {
			t.Errorf("letters %+v (%v)", list, err)
		}
	})
}

// What became of letters is forgotten after a month; letters that nobody could
// send are given up when it is too late for them.
//
// Proves: 4.7
func TestTheSweeperSeesToLetters(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		withAnn(t, h)
		s := assemble(t, h, nil) // without a mail server
		acme, err := h.Store.TenantBySlug(t.Context(), "acme")
		if err != nil {
			t.Fatal(err)
		}
		tenant := h.Store.Tenant(acme.ID)
		now := h.Clock.Now()
		if err := tenant.Tx(t.Context(), func(tx *store.Tx) error {
			return tx.Enqueue(t.Context(), identity.Task{Kind: identity.LetterNewBrowser, At: now, Expires: now.Add(time.Hour)})
		}); err != nil {
			t.Fatal(err)
		}
		for _, row := range []struct {
			after time.Duration
			want  []identity.LetterState
		}{
			{time.Minute, []identity.LetterState{identity.LetterQueued}},
			{time.Hour, []identity.LetterState{identity.LetterExpired}},
			{30 * 24 * time.Hour, []identity.LetterState{identity.LetterExpired}},
			{31 * 24 * time.Hour, nil},
		} {
			h.Clock.Set(now.Add(row.after))
			if err := s.Sweep(t.Context()); err != nil {
				t.Fatal(err)
			}
			list, err := tenant.Letters(t.Context(), identity.Letter{}, 9)
			if err != nil || len(list) != len(row.want) || len(list) > 0 && list[0].State != row.want[0] {
				t.Errorf("after %s: %+v (%v)", row.after, list, err)
			}
		}
	})
}
