package api_test

import (
	"net/http"
	"time"

	"pgregory.net/rapid"

	"github.com/vestibule-id/vestibule/internal/identity"
)

// actions are the steps of a walk.
func (w *world) actions() map[string]func(*rapid.T) {
	return map[string]func(*rapid.T){
		"sign in":       w.signIn,
		"sign in again": w.signIn,
		"guess":         w.guess,
		"guess more":    w.guess,
		"refresh":       w.refresh,
		"refresh again": w.refresh,
		"check":         w.check,
		"sign out":      w.signOut,
		"clock":         w.clock,
		"deactivate":    w.deactivate,
		"unlock":        w.unlockUser,
		"restart":       w.restart,
	}
}

func (w *world) somewhere(rt *rapid.T) *node { return rapid.SampledFrom(w.nodes).Draw(rt, "node") }

func (w *world) somebody(rt *rapid.T) *person {
	if rapid.IntRange(0, 2).Draw(rt, "in focus") > 0 {
		return w.people[w.focus%len(w.people)]
	}
	return rapid.SampledFrom(w.people).Draw(rt, "who")
}

func (w *world) session(rt *rapid.T) *modelSession {
	if len(w.sessions) == 0 {
		rt.Skip("nobody has signed in yet")
	}
	return rapid.SampledFrom(w.sessions[max(0, len(w.sessions)-3):]).Draw(rt, "session")
}

func (w *world) signIn(rt *rapid.T) {
	w.try(rt, w.somebody(rt), rapid.SampledFrom(sources).Draw(rt, "source"), rightPassword)
}

// guess tries a few wrong passwords in a row, as people and thieves do.
func (w *world) guess(rt *rapid.T) {
	p, source := w.somebody(rt), rapid.SampledFrom(sources).Draw(rt, "source")
	for range rapid.IntRange(1, 6).Draw(rt, "guesses") {
		w.try(rt, p, source, "a wrong password")
	}
}

func (w *world) try(rt *rapid.T, p *person, source, password string) {
	try := p.try
	try.Password = password
	try.From.Kind, try.From.Source, try.From.Peer.Address = identity.Program, source, source
	a := w.somewhere(rt).door.signIn(try)
	left, silently := w.waiting(p, source)
	if left > 0 {
		w.saw("a wait")
		if password == rightPassword && p.active {
			w.saw("the right password during a wait")
		}
		want(rt, "sign in during a wait", a.status, http.StatusTooManyRequests)
		if seconds := int((left + time.Second - 1) / time.Second); a.retryAfter != seconds {
			rt.Fatalf("Retry-After is %d, want %d", a.retryAfter, seconds)
		}
		return
	}
	right := p.there && p.active && password == rightPassword && !silently
	want(rt, "sign in", a.status, expected(right, http.StatusCreated))
	if !right {
		return
	}
	w.forgive(p, source)
	now := w.now()
	s := &modelSession{
		who: p, alive: true, tokens: []string{a.refresh}, rotated: now,
		idleEnd: now.Add(time.Duration(rules.IdleTimeout)), absolute: now.Add(time.Duration(rules.SessionLifetime)),
	}
	w.sessions = append(w.sessions, s)
	w.keep(rt, s, a)
}

func (w *world) refresh(rt *rapid.T) {
	s := w.session(rt)
	back := rapid.IntRange(0, min(3, s.generation)).Draw(rt, "how old a token")
	interaction := rapid.Bool().Draw(rt, "interaction")
	presented, now := s.generation-back, w.now()
	a := w.somewhere(rt).door.refresh(s.tokens[presented], interaction)
	graced := back == 2 && !now.After(s.rotated.Add(time.Duration(rules.RefreshGrace)))
	fine := s.live(now) && (back <= 1 || graced)
	want(rt, "refresh", a.status, expected(fine, http.StatusOK))
	if !fine {
		if s.live(now) { // a copy in the wrong hands
			w.saw("a replayed token")
			s.alive = false
			w.settle()
		} else if s.alive {
			w.saw("a session ended by time")
		}
		return
	}
	if graced {
		w.saw("a used token within the grace time")
	}
	if back == 1 {
		w.saw("an answer asked for again")
	}
	if back == 0 {
		s.generation++
		s.tokens = append(s.tokens, a.refresh)
		s.rotated = now
	}
	if a.refresh != s.tokens[presented+1] {
		rt.Fatalf("asked again with generation %d of %d: not the same answer", presented, s.generation)
	}
	if interaction {
		s.idleEnd = now.Add(time.Duration(rules.IdleTimeout))
		w.settle()
	}
	w.keep(rt, s, a)
}

func (w *world) check(rt *rapid.T) {
	s := w.session(rt)
	token := rapid.SampledFrom(s.access).Draw(rt, "token")
	now := w.now()
	if s.live(now) && !now.Before(token.end) {
		w.saw("a token ended before its session")
	}
	a := w.somewhere(rt).door.check(token.text)
	want(rt, "check", a.status, expected(s.live(now) && now.Before(token.end), http.StatusOK))
}

func (w *world) signOut(rt *rapid.T) {
	s := w.session(rt)
	token := rapid.SampledFrom(s.access).Draw(rt, "token")
	now, node := w.now(), w.somewhere(rt)
	a := node.door.signOut(token.text)
	fine := s.live(now) && now.Before(token.end)
	want(rt, "sign out", a.status, expected(fine, http.StatusNoContent))
	if !fine {
		return
	}
	s.alive = false
	want(rt, "check on the same node at once", node.door.check(token.text).status, http.StatusUnauthorized)
	w.settle()
}

func (w *world) clock(rt *rapid.T) {
	w.house.Clock.Advance(rapid.SampledFrom([]time.Duration{
		time.Millisecond, time.Second, 9 * time.Second, 11 * time.Second, time.Minute, 5 * time.Minute,
		14 * time.Minute, 15 * time.Minute, time.Hour, 4*time.Hour - time.Microsecond, 4 * time.Hour, 50 * time.Hour,
	}).Draw(rt, "later"))
}

// deactivate or reactivate, as the operator's command line does beside the
// nodes.
func (w *world) deactivate(rt *rapid.T) {
	p := w.somebody(rt)
	if !p.there {
		rt.Skip("nobody cannot be deactivated")
	}
	do := administer(w.house).Deactivate
	if !p.active {
		do = administer(w.house).Reactivate
	}
	if err := do(bg, p.tenant, actor, p.user.ID, identity.Peer{}); err != nil {
		rt.Fatal(err)
	}
	p.active = !p.active
	for _, s := range w.sessions {
		if s.who == p && !p.active {
			s.alive = false
		}
	}
	w.settle()
}

func (w *world) unlockUser(rt *rapid.T) {
	p := w.somebody(rt)
	if !p.there {
		rt.Skip("nobody cannot be unlocked")
	}
	if err := administer(w.house).Unlock(bg, p.tenant, actor, p.user.ID, identity.Peer{}); err != nil {
		rt.Fatal(err)
	}
	w.unlock(p)
}

// restart replaces a node by a new one that remembers nothing.
func (w *world) restart(rt *rapid.T) {
	i := rapid.IntRange(0, len(w.nodes)-1).Draw(rt, "which")
	w.nodes[i] = newNode(w.nodes[i].house.Restart(w.t), w.open)
}

// settle lets a second pass: what one node changed, all hold then.
func (w *world) settle() { w.house.Clock.Advance(time.Second) }
