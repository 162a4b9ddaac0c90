package session_test

import (
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/internal/housetest"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/secret"
	"github.com/vestibule-id/vestibule/internal/session"
)

// Proves: W10, 2.7
func TestRefreshRotates(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		withAnn(t, h)
		g := enter(t, h, identity.Program)
		seen := map[secret.Token]bool{g.Refresh: true}
		for range 5 {
			h.Clock.Advance(time.Minute)
			next := lives(t, h, g.Refresh, true)
			if seen[next.Refresh] || next.AccessToken == g.AccessToken || next.Session.ID != g.Session.ID {
				t.Fatal("not another pair of tokens of the same session")
			}
			seen[next.Refresh] = true
			alive(t, h, g.AccessToken, true) // the old one until it is over
			alive(t, h, next.AccessToken, true)
			g = next
		}
	})
}

// Proves: W10, 2.7
func TestTenAtOnce(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		acme, _ := withAnn(t, h)
		second := h.Node(t)
		g := enter(t, h, identity.Program)
		for round := range 5 {
			answers := make([]session.Grant, 10)
			var tabs sync.WaitGroup
			for i := range answers {
				node := []*housetest.House{h, second}[i%2]
				tabs.Go(func() {
					var err error
					if answers[i], err = node.Sessions.Refresh(t.Context(), string(g.Refresh), true, peer); err != nil {
						t.Errorf("round %d, tab %d: %v", round, i, err)
					}
				})
			}
			tabs.Wait()
			for i, a := range answers {
				if a.Refresh != answers[0].Refresh || a.Refresh == g.Refresh {
					t.Fatalf("round %d: tab %d was answered another token than tab 0", round, i)
				}
				alive(t, second, a.AccessToken, true)
			}
			g = answers[0]
		}
		if n := len(housetest.Events(t, acme, identity.EventTokenReuse)); n != 0 {
			t.Errorf("%d events of reuse, want none", n)
		}
	})
}

// An answer that was lost is asked for again, however late.
//
// Proves: W10, 2.7
func TestLostAnswer(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		withAnn(t, h)
		first := enter(t, h, identity.Program)
		lost := lives(t, h, first.Refresh, true)
		h.Clock.Advance(time.Hour)
		again := lives(t, h.Node(t), first.Refresh, true)
		if again.Refresh != lost.Refresh {
			t.Error("asked again: another token")
		}
		h.Clock.Advance(time.Hour)
		lives(t, h, lives(t, h, again.Refresh, true).Refresh, true)
	})
}

// A refresh token that comes back after its successor was used is a copy in
// the wrong hands, but for the grace time in which ten tabs may race.
//
// Proves: W10, G4, 2.7, 4.6
func TestReuse(t *testing.T) {
	const grace = 10 * time.Second
	for _, test := range []struct {
		name  string
		after time.Duration
		ends  bool
	}{
		{"at once", 0, false},
		{"at the end of the grace time", grace, false},
		{"after the grace time", grace + time.Microsecond, true},
		{"an hour later", time.Hour, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			housetest.Each(t, func(t *testing.T, h *housetest.House) {
				acme, ann := withAnn(t, h)
				first := enter(t, h, identity.Program)
				bystander := enter(t, h, identity.Program)
				second := lives(t, h, first.Refresh, true)
				third := lives(t, h, second.Refresh, true)
				h.Clock.Advance(test.after)
				again := lives(t, h, first.Refresh, !test.ends)
				events := housetest.Events(t, acme, identity.EventTokenReuse)
				if !test.ends {
					if again.Refresh != second.Refresh || len(events) != 0 {
						t.Errorf("within the grace time: another answer than before, or an event (%d)", len(events))
					}
					lives(t, h, third.Refresh, true)
					return
				}
				lives(t, h, third.Refresh, false)
				alive(t, h, third.AccessToken, false)
				alive(t, h, bystander.AccessToken, test.after < 5*time.Minute)
				lives(t, h, bystander.Refresh, true)
				if len(events) != 1 || events[0].User != ann.ID || events[0].Session != first.Session.ID || events[0].Peer != peer {
					t.Errorf("events %+v, want one about the session", events)
				}
				lives(t, h, first.Refresh, false)
				if n := len(housetest.Events(t, acme, identity.EventTokenReuse)); n != 1 {
					t.Errorf("%d events when it comes once more, want still 1", n)
				}
				letters, err := acme.Letters(t.Context(), identity.Letter{}, 9)
				if err != nil || len(letters) != 1 || letters[0].Kind != "token_reuse" || letters[0].User != ann.ID {
					t.Errorf("the person is told by %+v (%v)", letters, err)
				}
			})
		})
	}
}

// What is two steps behind is refused even within the grace time.
//
// Proves: 2.7
func TestReuseTwoStepsBehind(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		withAnn(t, h)
		first := enter(t, h, identity.Program)
		g := first
		for range 3 {
			g = lives(t, h, g.Refresh, true)
		}
		lives(t, h, first.Refresh, false)
		lives(t, h, g.Refresh, false)
	})
}

// Proves: W13, 2.7
func TestForeignTokens(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		acme, ann := withAnn(t, h)
		program, browser := enter(t, h, identity.Program), enter(t, h, identity.Browser)
		if browser.Refresh != "" || program.Cookie != "" {
			t.Error("a session has both a cookie and a refresh token")
		}
		keys := h.Store.Keys()
		for name, token := range map[string]string{
			"empty":                        "",
			"made up":                      "rft_AAAA",
			"an access token":              program.AccessToken,
			"a browser's cookie":           string(browser.Cookie),
			"a refresh token of a browser": string(keys.RefreshToken(acme.ID(), browser.Session.ID, 0)),
			"of a session that never was":  string(keys.RefreshToken(acme.ID(), identity.NewSessionID(), 0)),
			"of another tenant":            string(keys.RefreshToken(identity.NewTenantID(), program.Session.ID, 0)),
			"of the future":                string(keys.RefreshToken(acme.ID(), program.Session.ID, 7)),
			"tampered with":                string(program.Refresh) + "A",
		} {
			if _, err := h.Sessions.Refresh(t.Context(), token, true, peer); !errors.Is(err, session.ErrEnded) {
				t.Errorf("refreshing with one %s: %v, want %v", name, err, session.ErrEnded)
			}
		}
		for name, cookie := range map[string]string{
			"empty":                      "",
			"an access token":            browser.AccessToken,
			"a refresh token":            string(program.Refresh),
			"a cookie made of a program": string(keys.SessionToken(acme.ID(), program.Session.ID)),
			"of another tenant":          string(keys.SessionToken(identity.NewTenantID(), browser.Session.ID)),
			"tampered with":              string(browser.Cookie) + "A",
		} {
			if _, err := h.Sessions.CheckCookie(t.Context(), cookie); !errors.Is(err, session.ErrEnded) {
				t.Errorf("a cookie that is %s: %v, want %v", name, err, session.ErrEnded)
			}
		}
		live, err := h.Sessions.CheckCookie(t.Context(), string(browser.Cookie))
		if err != nil || live.User.ID != ann.ID {
			t.Errorf("Ann's cookie: %v", err)
		}
		lives(t, h, program.Refresh, true) // none of it has ended anything
	})
}

// Signing out wins against a renewal under way, whichever is first.
//
// Proves: W13, 2.7
func TestRaceOfSignOutAndRefresh(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		withAnn(t, h)
		second := h.Node(t)
		for round := range housetest.Rounds() {
			g := enter(t, h, identity.Program)
			alive(t, second, g.AccessToken, true) // remembered there
			var renewed session.Grant
			var refreshed, ended error
			housetest.AtOnce(4*time.Millisecond, func() {
				renewed, refreshed = second.Sessions.Refresh(t.Context(), string(g.Refresh), true, peer)
			}, func() {
				ended = h.Sessions.SignOut(t.Context(), g.Live, peer)
			})
			if ended != nil || refreshed != nil && !errors.Is(refreshed, session.ErrEnded) {
				t.Fatalf("round %d: %v, %v", round, ended, refreshed)
			}
			alive(t, h, g.AccessToken, false)
			h.Clock.Advance(time.Second)
			tokens := []string{g.AccessToken}
			if refreshed == nil {
				tokens = append(tokens, renewed.AccessToken)
				lives(t, second, renewed.Refresh, false)
			}
			for _, token := range tokens {
				alive(t, h, token, false)
				alive(t, second, token, false)
			}
			if _, err := h.Store.Tenant(g.Tenant.ID).LiveSession(t.Context(), g.Session.ID, h.Clock.Now()); err == nil {
				t.Fatalf("round %d: the session lives", round)
			}
		}
	})
}

// Two copies of a token from before the grace time end the session once.
//
// Proves: 2.7
func TestRaceOfReuse(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		acme, _ := withAnn(t, h)
		second := h.Node(t)
		for range housetest.Rounds() {
			first := enter(t, h, identity.Program)
			newest := lives(t, h, lives(t, h, first.Refresh, true).Refresh, true)
			h.Clock.Advance(time.Minute)
			replay := func(node *housetest.House) func() {
				return func() { _, _ = node.Sessions.Refresh(t.Context(), string(first.Refresh), true, peer) }
			}
			housetest.AtOnce(time.Millisecond, replay(h), replay(second))
			lives(t, h, newest.Refresh, false)
		}
		if n := len(housetest.Events(t, acme, identity.EventTokenReuse)); n != housetest.Rounds() {
			t.Errorf("%d events for %d sessions", n, housetest.Rounds())
		}
	})
}
