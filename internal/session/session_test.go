package session_test

import (
	"errors"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/internal/housetest"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/secret"
	"github.com/vestibule-id/vestibule/internal/session"
	"github.com/vestibule-id/vestibule/internal/signin"
	"github.com/vestibule-id/vestibule/internal/store"
)

const right = "the right password"

var peer = identity.Peer{Address: "192.0.2.1", UserAgent: "test", RequestID: "r1"}

// withAnn is a house with Ann in it, who may do the least.
func withAnn(t testing.TB, h *housetest.House, settings ...string) (acme store.Tenant, ann identity.User) {
	t.Helper()
	acme = h.AddTenant(t, "acme", identity.Workspace, settings...)
	return acme, h.AddUser(t, acme, housetest.Person{Email: "ann@acme.test", Password: right})
}

// enter signs Ann in.
func enter(t testing.TB, h *housetest.House, kind identity.SessionKind) session.Grant {
	t.Helper()
	from := signin.From{Kind: kind, Peer: peer, Source: peer.Address}
	out, err := h.SignIn.SignIn(t.Context(), signin.Try{Tenant: "acme", Email: "ann@acme.test", Password: right, From: from})
	if err != nil {
		t.Fatal(err)
	}
	return out.Grant
}

// alive wants an access token to be believed on a node, or not.
func alive(t testing.TB, h *housetest.House, token string, want bool) {
	t.Helper()
	_, err := h.Sessions.Check(t.Context(), token)
	if want && err != nil || !want && !errors.Is(err, session.ErrEnded) {
		t.Fatalf("checking the access token: %v; want alive: %v", err, want)
	}
}

// lives wants a session to be renewed for a person, or not. It is asked in the
// background, so that asking changes nothing.
func lives(t testing.TB, h *housetest.House, token secret.Token, want bool) session.Grant {
	t.Helper()
	g, err := h.Sessions.Refresh(t.Context(), string(token), false, peer)
	if want && err != nil || !want && !errors.Is(err, session.ErrEnded) {
		t.Fatalf("refreshing: %v; want alive: %v", err, want)
	}
	return g
}

// at is a time after the house has opened.
func at(d time.Duration) time.Time { return housetest.Morning.Add(d) }

// Proves: W9, P4, 2.7
func TestAccessTokenEndsWithItsSession(t *testing.T) {
	for _, test := range []struct {
		name     string
		settings []string
		want     time.Duration
	}{
		{"after its own time", nil, 5 * time.Minute},
		{"after the tenant's", []string{"access-token-ttl=7m"}, 7 * time.Minute},
		{"with the idle time", []string{"idle-timeout=90s"}, 90 * time.Second},
		{"with the session", []string{"session-lifetime=80s", "idle-timeout=90s"}, 80 * time.Second},
	} {
		t.Run(test.name, func(t *testing.T) {
			housetest.Each(t, func(t *testing.T, h *housetest.House) {
				withAnn(t, h, test.settings...)
				g := enter(t, h, identity.Program)
				if !g.ExpiresAt.Equal(at(test.want)) {
					t.Errorf("ends after %s, want %s", g.ExpiresAt.Sub(housetest.Morning), test.want)
				}
				h.Clock.Set(at(test.want - time.Microsecond))
				alive(t, h, g.AccessToken, true)
				alive(t, h.Node(t), g.AccessToken, true)
				h.Clock.Set(at(test.want))
				alive(t, h, g.AccessToken, false)
				alive(t, h.Node(t), g.AccessToken, false)
			})
		})
	}
}

// Proves: W11, P4, 2.7
func TestIdleEnd(t *testing.T) {
	const idle = 4 * time.Hour
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		withAnn(t, h)
		stays, renews, works := enter(t, h, identity.Program), enter(t, h, identity.Program), enter(t, h, identity.Program)
		h.Clock.Set(at(idle - time.Microsecond))
		lives(t, h, stays.Refresh, true)
		renews = lives(t, h, renews.Refresh, true)
		if !renews.ExpiresAt.Before(at(idle).Add(time.Second)) {
			t.Error("a token outlives its session")
		}
		works, err := h.Sessions.Refresh(t.Context(), string(works.Refresh), true, peer)
		if err != nil {
			t.Fatal(err)
		}
		h.Clock.Set(at(idle))
		lives(t, h, stays.Refresh, false)
		lives(t, h, renews.Refresh, false)
		alive(t, h, renews.AccessToken, false)
		alive(t, h, works.AccessToken, true)
		h.Clock.Set(at(2*idle - 2*time.Microsecond))
		works = lives(t, h, works.Refresh, true)
		h.Clock.Set(at(2*idle - time.Microsecond))
		lives(t, h, works.Refresh, false)
		lives(t, h.Node(t), works.Refresh, false)
	})
}

// However busy somebody is, the session ends.
//
// Proves: P4, 2.7
func TestAbsoluteEnd(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		withAnn(t, h, "session-lifetime=12h")
		g := enter(t, h, identity.Program)
		cookie := enter(t, h, identity.Browser)
		var err error
		for hours := time.Duration(3); hours < 12; hours += 3 {
			h.Clock.Set(at(hours * time.Hour))
			if g, err = h.Sessions.Refresh(t.Context(), string(g.Refresh), true, peer); err != nil {
				t.Fatal(err)
			}
			if g.Session.AbsoluteEnd.Before(g.Session.IdleEnd) {
				t.Errorf("after %d hours the idle end %v is behind the end", hours, g.Session.IdleEnd)
			}
			interact(t, h, cookie)
		}
		h.Clock.Set(at(12*time.Hour - time.Microsecond))
		g = lives(t, h, g.Refresh, true)
		interact(t, h, cookie)
		h.Clock.Set(at(12 * time.Hour))
		lives(t, h, g.Refresh, false)
		if _, err := h.Sessions.CheckCookie(t.Context(), string(cookie.Cookie)); !errors.Is(err, session.ErrEnded) {
			t.Errorf("the cookie: %v, want %v", err, session.ErrEnded)
		}
	})
}

// interact is a person doing something in a browser.
func interact(t testing.TB, h *housetest.House, g session.Grant) {
	t.Helper()
	live, err := h.Sessions.CheckCookie(t.Context(), string(g.Cookie))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.Sessions.Interact(t.Context(), live); err != nil {
		t.Fatal(err)
	}
}

// A tenant that becomes stricter means it from the next second on; one that
// becomes laxer revives nothing and gives nothing back that was promised.
//
// Proves: G7, P4, 2.7
func TestPolicyChanges(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		acme, _ := withAnn(t, h)
		second := h.Node(t)
		g := enter(t, h, identity.Program)
		h.Clock.Set(at(time.Hour))
		g = lives(t, second, g.Refresh, true)
		h.SetTenant(t, acme, "idle-timeout=30m")
		h.Clock.Advance(time.Second)
		lives(t, h, g.Refresh, false)
		lives(t, second, g.Refresh, false)
		alive(t, second, g.AccessToken, false)

		young := enter(t, h, identity.Program)
		h.SetTenant(t, acme, "idle-timeout=8h", "session-lifetime=1h")
		h.Clock.Advance(30 * time.Minute) // its promise was half an hour
		lives(t, h, young.Refresh, false)
		h.SetTenant(t, acme, "session-lifetime=")
		lives(t, h.Node(t), young.Refresh, false)

		kept := enter(t, h, identity.Program)
		h.SetTenant(t, acme, "session-lifetime=10m")
		h.Clock.Advance(10*time.Minute - time.Microsecond)
		kept = lives(t, second, kept.Refresh, true)
		h.Clock.Advance(time.Microsecond)
		lives(t, second, kept.Refresh, false)
	})
}

// Proves: 2.7
func TestOwnSessionsOnly(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		acme, _ := withAnn(t, h)
		bea := h.AddUser(t, acme, housetest.Person{Email: "bea@acme.test", Password: right})
		twin := h.AddTenant(t, "twin", identity.Workspace)
		h.AddUser(t, twin, housetest.Person{Email: "ann@acme.test", Password: right})
		mine, other, third := enter(t, h, identity.Program), enter(t, h, identity.Browser), enter(t, h, identity.Program)
		row, err := acme.Get(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		hers := h.Sessions.Make(row, bea, identity.Program, peer, h.Clock.Now())
		if err := acme.Tx(t.Context(), func(tx *store.Tx) error { return tx.AddSession(t.Context(), hers) }); err != nil {
			t.Fatal(err)
		}
		list, err := h.Sessions.List(t.Context(), mine.Live)
		if err != nil || len(list) != 3 || list[0].ID != third.Session.ID || list[2].ID != mine.Session.ID || list[0].Peer.Address != peer.Address {
			t.Fatalf("%d sessions (%v), want Ann's three, newest first", len(list), err)
		}
		for _, id := range []identity.SessionID{hers.ID, identity.NewSessionID(), ""} {
			if err := h.Sessions.End(t.Context(), mine.Live, id, peer); !errors.Is(err, problem.NotFound) {
				t.Errorf("ending a session that is not Ann's: %v, want %v", err, problem.NotFound)
			}
		}
		if err := h.Sessions.End(t.Context(), mine.Live, other.Session.ID, peer); err != nil {
			t.Fatal(err)
		}
		alive(t, h, other.AccessToken, false)
		alive(t, h, mine.AccessToken, true)
		alive(t, h, third.AccessToken, true)
		if err := h.Sessions.End(t.Context(), mine.Live, other.Session.ID, peer); !errors.Is(err, problem.NotFound) {
			t.Errorf("ending it again: %v, want %v", err, problem.NotFound)
		}
		if n, err := h.Sessions.EndOthers(t.Context(), mine.Live, peer); n != 1 || err != nil {
			t.Errorf("ended %d others (%v), want 1", n, err)
		}
		alive(t, h, third.AccessToken, false)
		alive(t, h, mine.AccessToken, true)
		if _, err := acme.LiveSession(t.Context(), hers.ID, h.Clock.Now()); err != nil {
			t.Errorf("Bea's session: %v", err)
		}
		events := housetest.Events(t, acme, identity.EventSessionTerminated)
		if len(events) != 2 || events[0].Session != other.Session.ID || events[1].Actor != mine.User.ID {
			t.Errorf("events %+v, want one for each ending", events)
		}
	})
}

// A list shows no session that is over, although its row says otherwise.
//
// Proves: G7, 2.7
func TestListLeavesOutWhatIsOver(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		acme, _ := withAnn(t, h)
		enter(t, h, identity.Program)
		h.Clock.Advance(time.Hour)
		mine := enter(t, h, identity.Program)
		h.SetTenant(t, acme, "idle-timeout=30m")
		live, err := h.Node(t).Sessions.Check(t.Context(), mine.AccessToken)
		if err != nil {
			t.Fatal(err)
		}
		if list, err := h.Sessions.List(t.Context(), live); err != nil || len(list) != 1 || list[0].ID != mine.Session.ID {
			t.Errorf("%d sessions (%v), want the one that has not ended", len(list), err)
		}
	})
}
