package session_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/internal/housetest"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/session"
)

// written reads from the row when somebody last did something.
func written(t *testing.T, h *housetest.House, g session.Grant) time.Duration {
	t.Helper()
	live, err := h.Store.Tenant(g.Tenant.ID).LiveSession(t.Context(), g.Session.ID, h.Clock.Now())
	if err != nil {
		t.Fatal(err)
	}
	if idle := live.Session.IdleEnd.Sub(live.Session.InteractedAt); idle != time.Duration(h.Sessions.Effective(live.Tenant).IdleTimeout) {
		t.Errorf("the idle end is %s after the interaction", idle)
	}
	return live.Session.InteractedAt.Sub(housetest.Morning)
}

func flush(t *testing.T, h *housetest.House, all bool) {
	t.Helper()
	if err := h.Sessions.Flush(t.Context(), all); err != nil {
		t.Fatal(err)
	}
}

// Rows are written once a minute or a tenth of the idle time; what was not
// written at once is written late, at its own time.
//
// Proves: W11, P4, 2.7
func TestInteractionsAreSpared(t *testing.T) {
	for _, test := range []struct {
		name, setting string
		spare         time.Duration
	}{
		{"a minute", "idle-timeout=4h", time.Minute},
		{"a tenth of the idle time", "idle-timeout=2m", 12 * time.Second},
	} {
		t.Run(test.name, func(t *testing.T) {
			housetest.Each(t, func(t *testing.T, h *housetest.House) {
				withAnn(t, h, test.setting)
				g := enter(t, h, identity.Browser)
				is := func(want time.Duration) {
					t.Helper()
					if got := written(t, h, g); got != want {
						t.Fatalf("the row says %s, want %s", got, want)
					}
				}
				doing := func(d time.Duration) {
					t.Helper()
					h.Clock.Set(at(d))
					interact(t, h, g)
				}
				second := time.Second
				doing(test.spare - 2*second)
				doing(test.spare - second)
				flush(t, h, false)
				is(0)
				h.Clock.Set(at(test.spare))
				flush(t, h, false)
				is(test.spare - second) // late, with its own time
				doing(test.spare)
				is(test.spare - second)
				doing(2*test.spare - second)
				is(2*test.spare - second) // at once
				doing(2 * test.spare)
				flush(t, h, false)
				is(2*test.spare - second)
				flush(t, h, true) // the node stops
				is(2 * test.spare)
			})
		})
	}
}

// Renewing in the background is no interaction; a person's doing is one, in
// every kind of session.
//
// Proves: W11, P4, 2.7
func TestRenewalIsNoInteraction(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		withAnn(t, h)
		g := enter(t, h, identity.Program)
		h.Clock.Set(at(time.Hour))
		g = lives(t, h, g.Refresh, true)
		if got := written(t, h, g); got != 0 {
			t.Errorf("after a renewal in the background the row says %s, want 0s", got)
		}
		g, err := h.Sessions.Refresh(t.Context(), string(g.Refresh), true, peer)
		if err != nil {
			t.Fatal(err)
		}
		if got := written(t, h, g); got != time.Hour {
			t.Errorf("after a renewal by a person the row says %s, want 1h", got)
		}
	})
}

// An interaction never brings back what is over, and none is older than the
// one that was written by another node.
//
// Proves: W13, P4, 2.7
func TestLateInteractions(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		withAnn(t, h)
		second := h.Node(t)
		g, out := enter(t, h, identity.Browser), enter(t, h, identity.Browser)
		h.Clock.Set(at(30 * time.Second))
		interact(t, h, g)
		interact(t, h, out)
		h.Clock.Set(at(90 * time.Second))
		interact(t, second, g)
		if err := h.Sessions.SignOut(t.Context(), out.Live, peer); err != nil {
			t.Fatal(err)
		}
		flush(t, h, true)
		if got := written(t, h, g); got != 90*time.Second {
			t.Errorf("the row says %s, want the later interaction", got)
		}
		if _, err := h.Sessions.CheckCookie(t.Context(), string(out.Cookie)); !errors.Is(err, session.ErrEnded) {
			t.Errorf("signed out, then written late: %v, want %v", err, session.ErrEnded)
		}
	})
}

// An interaction that could not be written is written later.
//
// Proves: P4, 2.7
func TestNoInteractionIsLost(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		withAnn(t, h)
		g := enter(t, h, identity.Browser)
		cancelled, cancel := context.WithCancel(t.Context())
		cancel()
		h.Clock.Set(at(30 * time.Second))
		interact(t, h, g)
		if err := h.Sessions.Flush(cancelled, true); err == nil {
			t.Fatal("written although it was cancelled")
		}
		flush(t, h, true)
		if got := written(t, h, g); got != 30*time.Second {
			t.Errorf("the row says %s, want 30s", got)
		}
		h.Clock.Set(at(2 * time.Minute))
		live, err := h.Sessions.CheckCookie(t.Context(), string(g.Cookie))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := h.Sessions.Interact(cancelled, live); err == nil {
			t.Fatal("written although it was cancelled")
		}
		flush(t, h, false)
		if got := written(t, h, g); got != 2*time.Minute {
			t.Errorf("the row says %s, want 2m", got)
		}
	})
}

// broken is a context that ends in the moment it is asked about for the first
// time; meanwhile something happens.
type broken struct {
	context.Context
	meanwhile func()
}

func (b *broken) Err() error {
	happens := b.meanwhile
	if b.meanwhile = nil; happens != nil {
		happens()
	}
	return context.Canceled
}

// What could not be written never takes the place of what was done since.
//
// Proves: P4, 2.7
func TestTheLaterInteractionStays(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		withAnn(t, h)
		g := enter(t, h, identity.Browser)
		h.Clock.Set(at(30 * time.Second))
		interact(t, h, g)
		happened := false
		ctx := &broken{t.Context(), func() {
			happened = true
			h.Clock.Set(at(50 * time.Second))
			interact(t, h, g)
		}}
		if err := h.Sessions.Flush(ctx, true); err == nil || !happened {
			t.Fatal("written although it was cancelled")
		}
		flush(t, h, true)
		if got := written(t, h, g); got != 50*time.Second {
			t.Errorf("the row says %s, want 50s", got)
		}
	})
}
