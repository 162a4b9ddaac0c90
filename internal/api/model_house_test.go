package api_test

import (
	"context"
	"fmt"
	"net/http"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/vestibule-id/vestibule/internal/housetest"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/signin"
	"github.com/vestibule-id/vestibule/internal/store"
)

var (
	bg      = context.Background()
	actor   = identity.Actor{Operator: true}
	sources = []string{"192.0.2.1", "198.51.100.7"}
)

// rules are the tenants' policy: lanes short enough for walks to fill them.
var rules = func() identity.Policy {
	p := policy.Defaults()
	p.StrangerAttempts, p.SourceAttempts = 7, 12
	return p
}()

const rightPassword = "a right password"

// world is the installation under test beside what the model believes of it.
type world struct {
	t     *testing.T
	house *housetest.House
	open  func(*housetest.House) door
	nodes []*node

	focus    int // the person most steps of this walk are about
	people   []*person
	sessions []*modelSession
	lanes    map[string]*modelLane
	seen     map[string]int // situations the walks came into
}

func (w *world) saw(situation string) { w.seen[situation]++ }

// missing is a situation no walk has come into; empty when there is none.
func (w *world) missing() string {
	for _, situation := range situations {
		if w.seen[situation] == 0 {
			return situation
		}
	}
	return ""
}

// person is a name at the door. One of them is nobody's.
type person struct {
	try    signin.Try
	tenant store.Tenant
	user   identity.User
	there  bool // there is such a user
	active bool
	known  string // the model's key for the user's lanes
}

type modelSession struct {
	who               *person
	alive             bool
	generation        int
	tokens            []string // refresh tokens by generation
	rotated           time.Time
	idleEnd, absolute time.Time
	access            []modelToken
}

type modelToken struct {
	text string
	end  time.Time
}

// begin makes tenants nobody has been to yet, one of each style.
func (w *world) begin(walk int) {
	w.focus = walk
	w.sessions, w.people = nil, nil // the lanes where no tenant is stay
	slug := func(name string) string { return fmt.Sprintf("%s-%d", name, walk) }
	address := func(name string) string { return fmt.Sprintf("%s%d@x.test", name, walk) }

	acme := w.house.AddTenant(w.t, slug("acme"), identity.Workspace)
	for _, name := range []string{"ann", "bob"} {
		w.add(acme, housetest.Person{Email: address(name)}, signin.Try{Tenant: slug("acme"), Email: address(name)})
	}
	wicked := w.house.AddTenant(w.t, slug("wicked"), identity.Extension)
	w.add(wicked, housetest.Person{Extension: "201"}, signin.Try{Username: "201-" + slug("wicked")})
	kontak := w.house.AddTenant(w.t, slug("kontak"), identity.Email)
	w.add(kontak, housetest.Person{Email: address("kim")}, signin.Try{Email: address("kim")})

	w.people = append(w.people, &person{ // nobody
		try: signin.Try{Tenant: slug("acme"), Email: address("nobody")}, tenant: acme, known: slug("nobody"),
	})
}

func (w *world) add(tenant store.Tenant, p housetest.Person, try signin.Try) {
	cheap := w.house.SignIn.Params
	row, err := tenant.Get(bg)
	if err != nil {
		w.t.Fatal(err)
	}
	u := identity.User{Extension: p.Extension}
	if p.Email != "" {
		u.Email = housetest.Email(w.t, p.Email)
	}
	p.Hash = cheap.Hash(housetest.Password(w.t, rightPassword), signin.Salt(tenant, row.Style, u))
	u = w.house.AddUser(w.t, tenant, p)
	w.people = append(w.people, &person{try: try, tenant: tenant, user: u, there: true, active: true, known: string(u.ID)})
}

func (w *world) now() time.Time { return w.house.Clock.Now() }

// ---- the limiter, as the architecture describes it

type modelLane struct {
	tries        int
	since, until time.Time
	wait         time.Duration
}

type laneRule struct {
	key       string
	limit     int
	base, max time.Duration
}

func rulesFor(tenant, known, source string) []laneRule {
	wait := time.Duration(rules.SignInWait)
	return []laneRule{
		{tenant + " source " + source, rules.SourceAttempts, wait, wait},
		{known + " strangers", rules.StrangerAttempts, wait, 24 * time.Hour},
		{known + " place " + source, rules.SignInAttempts, wait, wait},
	}
}

// bare reports whether somebody signs in with the address alone: then it is
// counted first where no tenant is, and the tenant's own lanes refuse silently.
func (p *person) bare() bool { return p.try.Tenant == "" && p.try.Username == "" }

func (w *world) bareRules(p *person, source string) []laneRule {
	return rulesFor("nowhere", "nowhere "+p.try.Email, source)
}

func (w *world) ownRules(p *person, source string) []laneRule {
	return rulesFor(string(p.tenant.ID()), p.known, source)
}

// waiting is how long a try must wait; zero counts it in every lane. silently
// says that it is refused without being told to wait.
func (w *world) waiting(p *person, source string) (left time.Duration, silently bool) {
	if !p.bare() {
		return w.reserve(w.ownRules(p, source)), false
	}
	if left = w.reserve(w.bareRules(p, source)); left > 0 {
		return left, false
	}
	return 0, w.reserve(w.ownRules(p, source)) > 0
}

func (w *world) reserve(rules []laneRule) (left time.Duration) {
	now := w.now()
	for _, r := range rules {
		if l := w.lanes[r.key]; l != nil && l.until.After(now) {
			if l.until.Sub(now) > r.base {
				w.saw("a wait that has doubled")
			}
			left = max(left, l.until.Sub(now))
		}
	}
	if left > 0 {
		return left
	}
	for _, r := range rules {
		l := w.lanes[r.key]
		if l == nil {
			l = &modelLane{since: now, wait: r.base}
			w.lanes[r.key] = l
		}
		waited := !l.until.IsZero()
		quiet := !waited && !l.since.Add(r.base).After(now) || waited && !l.until.Add(r.base).After(now)
		if quiet {
			l.wait = r.base
		}
		if quiet || waited {
			l.tries, l.since = 0, now
		}
		l.tries++
		l.until = time.Time{}
		if l.tries >= r.limit {
			l.until = now.Add(l.wait)
			l.wait = min(2*l.wait, r.max)
		}
	}
	return 0
}

func (w *world) forgive(p *person, source string) {
	refunds := []laneRule{w.ownRules(p, source)[0]}
	if p.bare() {
		refunds = append(refunds, w.bareRules(p, source)[0])
	}
	for _, r := range refunds {
		l := w.lanes[r.key]
		l.tries--
		if !l.until.IsZero() {
			l.until, l.wait = time.Time{}, r.base
		}
	}
	w.unlock(p)
}

func (w *world) unlock(p *person) {
	if p.bare() {
		for _, source := range sources {
			for _, r := range w.bareRules(p, source)[1:] {
				delete(w.lanes, r.key)
			}
		}
	}
	delete(w.lanes, p.known+" strangers")
	for _, source := range sources {
		delete(w.lanes, p.known+" place "+source)
	}
}

// ---- sessions

func (s *modelSession) live(now time.Time) bool {
	return s.alive && now.Before(s.idleEnd) && now.Before(s.absolute)
}

func (w *world) keep(rt *rapid.T, s *modelSession, a answer) {
	end := w.now().Add(time.Duration(rules.AccessTokenTTL))
	for _, other := range []time.Time{s.idleEnd, s.absolute} {
		if other.Before(end) {
			end = other
		}
	}
	s.access = append(s.access, modelToken{a.access, end.Truncate(time.Second)})
	if want := int(end.Truncate(time.Second).Sub(w.now()) / time.Second); a.expiresIn != want {
		rt.Fatalf("the access token lasts %d s, want %d", a.expiresIn, want)
	}
	if a.user != string(s.who.user.ID) {
		rt.Fatalf("signed in as %s, want %s", a.user, s.who.user.ID)
	}
}

func want(rt *rapid.T, what string, got, want int) {
	if got != want {
		rt.Fatalf("%s: status %d, want %d", what, got, want)
	}
}

func expected(fine bool, yes int) int {
	if fine {
		return yes
	}
	return http.StatusUnauthorized
}
