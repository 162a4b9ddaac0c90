package web_test

import (
	"encoding/json"
	"math"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/internal/front"
	"github.com/vestibule-id/vestibule/internal/housetest"
	"github.com/vestibule-id/vestibule/internal/identity"
)

// known is what /session/state says.
type known struct {
	SignedIn  bool    `json:"signed_in"`
	Person    string  `json:"person"`
	FormToken string  `json:"form_token"`
	IdleIn    float64 `json:"idle_in"`
	IdleWarn  float64 `json:"idle_warn"`
	EndsIn    float64 `json:"ends_in"`
	EndsWarn  float64 `json:"ends_warn"`
	AccessIn  float64 `json:"access_in"`
	AccessFor float64 `json:"access_for"`
	SignIn    string  `json:"sign_in"`
	Landing   string  `json:"landing"`
	Problem   string  `json:"problem"`
}

// told reads the last answer as a state.
func (b *browser) told(status int) (s known) {
	b.t.Helper()
	if b.status != status || b.answer.Get("Content-Type") != "application/json" || b.answer.Get("Cache-Control") != "no-store" {
		b.t.Fatalf("%d %v: %s", b.status, b.answer, b.body)
	}
	if err := json.Unmarshal([]byte(b.body), &s); err != nil {
		b.t.Fatal(err)
	}
	return s
}

func (b *browser) state() known {
	b.t.Helper()
	return b.get("/session/state").told(200)
}

func about(got float64, want time.Duration) bool { return math.Abs(got-want.Seconds()) < 0.01 }

// The browser carries a JSON Web Token, made by the door when it is over.
//
// Proves: W9, W10, 3.3
func TestAccessCookie(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		twoTenants(t, s)
		b := s.browser(t).signIn()
		first := b.cookies[front.AccessCookie]
		live, err := s.Sessions.Check(t.Context(), first)
		if err != nil || live.User.Name != "Ann Lee" {
			t.Fatalf("the access cookie is of %q: %v", live.User.Name, err)
		}
		line := strings.Join(b.answer.Values("Set-Cookie"), "\n")
		if !strings.Contains(line, "__Host-access="+first+"; Path=/; Max-Age=300; HttpOnly; Secure; SameSite=Lax") {
			t.Errorf("cookies: %s", line)
		}
		for _, step := range []struct {
			name    string
			prepare func()
			made    bool
		}{
			{"while it is good", func() { s.Clock.Advance(5*time.Minute - time.Second) }, false},
			{"when it is over", func() { s.Clock.Advance(time.Second) }, true},
			{"when there is none", func() { delete(b.cookies, front.AccessCookie) }, true},
			{"when it is no token", func() { b.cookies[front.AccessCookie] = "x.y.z" }, true},
			{"when it is of an earlier session", func() { b.cookies[front.AccessCookie] = first }, true},
			{"when it is another person's", func() {
				bob := s.browser(t).post("/t/globex/login", "email=bob@globex.test", right).expect(303)
				b.cookies[front.AccessCookie] = bob.cookies[front.AccessCookie]
			}, true},
			{"when nobody has asked for the page", func() {
				b.header.Set("Sec-Purpose", "prefetch")
				delete(b.cookies, front.AccessCookie)
			}, false},
		} {
			if step.prepare(); step.name == "when it is of an earlier session" {
				first = b.signIn().cookies[front.AccessCookie]
				b.signIn().cookies[front.AccessCookie] = first
			}
			before := b.cookies[front.AccessCookie]
			b.get("/home").expect(200, "Ann Lee")
			if made := b.cookies[front.AccessCookie] != before; made != step.made {
				t.Errorf("%s: made anew is %v", step.name, made)
			}
			if live, err := s.Sessions.Check(t.Context(), b.cookies[front.AccessCookie]); step.made && (err != nil || live.User.Name != "Ann Lee") {
				t.Errorf("%s: of %q, %v", step.name, live.User.Name, err)
			}
		}
		alone := s.browser(t)
		alone.cookies[front.AccessCookie] = first
		alone.get("/home").expect(303)
	})
}

// No browser keeps a cookie above 4096 bytes.
//
// Proves: W9, 3.5
func TestTheLongestNamesFitIntoACookie(t *testing.T) {
	s := sqlite(t)
	tenant := s.AddTenant(t, strings.Repeat("a", 40), identity.Workspace)
	email := strings.Repeat("e", 64) + "@" + strings.Repeat(strings.Repeat("d", 60)+".", 3) + "test"
	s.AddUser(t, tenant, housetest.Person{Email: email, Name: strings.Repeat("😀", 200), Extension: "1234567890", Role: identity.Admin, Password: "correct horse"})
	b := s.browser(t).post("/t/"+strings.Repeat("a", 40)+"/login", "email="+email, right).expect(303)
	for _, line := range b.answer.Values("Set-Cookie") {
		if name, _, _ := strings.Cut(line, ";"); len(name) > 4000 {
			t.Errorf("%d bytes: %.20s", len(name), line)
		}
	}
	if b.cookies[front.AccessCookie] == "" {
		t.Error("no access cookie")
	}
}

// Proves: W11, P4, 3.3
func TestState(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		twoTenants(t, s)
		b := s.browser(t)
		if got := b.state(); got != (known{SignIn: "/login", Landing: "/"}) {
			t.Errorf("of nobody: %+v", got)
		}
		b.signIn().get("/home")
		before := b.hidden("form_token")
		s.Clock.Advance(time.Hour)
		got := b.state()
		if !got.SignedIn || !about(got.IdleIn, 3*time.Hour) || !about(got.EndsIn, 167*time.Hour) || got.AccessIn != 0 || got.AccessFor != 300 ||
			got.IdleWarn != 120 || got.EndsWarn != 300 || got.SignIn != "/t/acme/login" || got.Landing != "/home" ||
			got.FormToken != before || got.Person == "" || !strings.HasPrefix(got.FormToken, got.Person+".") {
			t.Errorf("of Ann: %+v", got)
		}
		if cookies := b.answer.Values("Set-Cookie"); len(cookies) > 0 {
			t.Errorf("asking sets %q", cookies)
		}
		if again := s.browser(t).signIn(); again.state().Person != got.Person {
			t.Error("Ann is somebody else in another browser")
		}
		if bob := s.browser(t).post("/t/globex/login", "email=bob@globex.test", right).expect(303); bob.state().Person == got.Person {
			t.Error("Bob is Ann")
		}
		b.get("/home")
		s.Clock.Advance(30 * time.Second) // an interaction this node has not written yet
		b.get("/home")
		if got := b.state(); !about(got.IdleIn, 4*time.Hour) {
			t.Errorf("after opening a page: %+v", got)
		}
		for range 48 {
			s.Clock.Advance(5 * time.Minute)
			b.state()
		}
		if got := b.state(); got != (known{SignIn: "/t/acme/login", Landing: "/"}) {
			t.Errorf("after the end: %+v", got)
		}
	})
}

// A page carries what /session/state says.
//
// Proves: 3.3
func TestPagesCarryTheState(t *testing.T) {
	s := sqlite(t)
	twoTenants(t, s)
	b := s.browser(t).signIn().get("/home")
	raw, ok := strings.CutPrefix(between(t, b.body, ` data-state="`), "")
	var page known
	if err := json.Unmarshal([]byte(strings.ReplaceAll(raw, "&#34;", `"`)), &page); !ok || err != nil {
		t.Fatal(err)
	}
	if asked := b.state(); page != asked {
		t.Errorf("the page says %+v, the server %+v", page, asked)
	}
}

// Renewals from the background go on for ever and move nothing: a tab left alone
// times out. A person's move the idle end.
//
// Proves: W10, W11, P4, 3.3
func TestRenew(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		twoTenants(t, s)
		b := s.browser(t).signIn()
		for n := range 48 {
			before := b.cookies[front.AccessCookie]
			s.Clock.Advance(4 * time.Minute)
			got := b.post("/session/renew", "interaction=false").told(200)
			if want := 4*time.Hour - time.Duration(n+1)*4*time.Minute; !about(got.IdleIn, want) || !about(got.AccessIn, min(want, 5*time.Minute)) {
				t.Fatalf("renewal %d: %+v", n, got)
			}
			if b.cookies[front.AccessCookie] == before {
				t.Fatal("the access cookie is the old one")
			}
		}
		for _, row := range []struct {
			name, interaction string
			moves             bool
		}{
			{"a person's", "interaction=true", true},
			{"a word that is none", "interaction=yes", false},
			{"nothing said", "x=y", false},
		} {
			s.Clock.Advance(20 * time.Minute)
			if got := b.post("/session/renew", row.interaction).told(200); about(got.IdleIn, 4*time.Hour) != row.moves {
				t.Errorf("%s: %+v", row.name, got)
			}
		}
		s.Clock.Advance(3*time.Hour + 20*time.Minute)
		if got := b.post("/session/renew", "interaction=true").told(401); got.SignedIn || got.SignIn != "/t/acme/login" || got.FormToken != "" {
			t.Errorf("after the end: %+v", got)
		}
		b.get("/home").expect(303)
		s.browser(t).post("/session/renew", "interaction=true").told(401)
	})
}

// Somebody busy in a page of Ann's does not keep Bob's session awake, who has
// signed in beside it.
//
// Proves: W11, 3.3
func TestOnlyTheirOwnPagesKeepPeopleIn(t *testing.T) {
	s := sqlite(t)
	twoTenants(t, s)
	b := s.browser(t).signIn()
	earlier := b.state().FormToken
	now := b.signIn().state().FormToken
	bob := s.browser(t).post("/t/globex/login", "email=bob@globex.test", right).expect(303).state().FormToken
	for _, row := range []struct {
		name, token string
		moves       bool
	}{
		{"the page's own", now, true},
		{"a page of an earlier session", earlier, true},
		{"a page of somebody else", bob, false},
		{"an empty one", "", false},
	} {
		s.Clock.Advance(time.Hour)
		if got := b.post("/session/renew", "interaction=true", "form_token="+row.token).told(200); about(got.IdleIn, 4*time.Hour) != row.moves {
			t.Errorf("%s: %+v", row.name, got)
		}
	}
}

// A session that lasts as long as there are interactions ends all the same, and
// no token outlives it.
//
// Proves: W11, 3.3
func TestTheAbsoluteEnd(t *testing.T) {
	s := sqlite(t)
	ann(t, s)
	b := s.browser(t).signIn()
	for range 55 {
		s.Clock.Advance(3 * time.Hour)
		b.post("/session/renew", "interaction=true").told(200)
	}
	s.Clock.Advance(3*time.Hour - 2*time.Minute)
	if got := b.post("/session/renew", "interaction=true").told(200); !about(got.IdleIn, 2*time.Minute) || !about(got.EndsIn, 2*time.Minute) || !about(got.AccessIn, 2*time.Minute) {
		t.Errorf("%+v", got)
	}
	s.Clock.Advance(2 * time.Minute)
	b.post("/session/renew", "interaction=true").told(401)
}

// Proves: W10, P5, 3.3
func TestPasswordInPlace(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		twoTenants(t, s)
		b := s.browser(t).signIn()
		bobs := s.browser(t).post("/t/globex/login", "email=bob@globex.test", right).expect(303).state().FormToken
		before := b.state()
		token := "form_token=" + before.FormToken
		s.Clock.Advance(time.Hour)
		old := s.browser(t)
		old.cookies = map[string]string{front.SessionCookie: b.session()}
		access := b.cookies[front.AccessCookie]

		b.post("/session/password", "form_token="+bobs, right).expect(409, "This form was opened in another session")
		b.post("/session/password", right).expect(409)
		if got := b.post("/session/password", token, wrong).told(422); got.Problem != "That is not your current password." || got.FormToken != before.FormToken {
			t.Errorf("a wrong password: %+v", got)
		}
		after := b.post("/session/password", token, right).told(200)
		if after.Person != before.Person || after.FormToken == before.FormToken || !about(after.EndsIn, 168*time.Hour) || after.AccessIn != 300 {
			t.Errorf("%+v after %+v", after, before)
		}
		if b.session() == old.session() || b.cookies[front.AccessCookie] == access {
			t.Error("the cookies are the old ones")
		}
		b.get("/home").expect(200, "Ann Lee")
		old.get("/home").expect(303)
		if again := b.post("/session/password", token, right).told(200); again.FormToken == after.FormToken {
			t.Error("a tab that has not heard of it was not let in")
		}
		for range 5 {
			b.post("/session/password", token, wrong).told(422)
		}
		if got := b.post("/session/password", token, right).told(429); !strings.Contains(got.Problem, "Wait 15 minutes") || b.answer.Get("Retry-After") != "900" {
			t.Errorf("waiting: %+v", got)
		}
		b.get("/home").expect(200)
		s.browser(t).post("/session/password", token, right).told(401)
	})
}

// Ten tabs at once, and a session that ends meanwhile.
//
// Proves: W10, 3.3
func TestTenTabsRenewAtOnce(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		acme := s.AddTenant(t, "acme", identity.Workspace, "access-token-ttl=1s")
		s.AddUser(t, acme, housetest.Person{Email: "ann@acme.test", Password: "correct horse"})
		b := s.browser(t).signIn()
		for range 5 {
			s.Clock.Advance(time.Second)
			done := make(chan int)
			for range 10 {
				tab := s.browser(t)
				tab.cookies = map[string]string{front.SessionCookie: b.session()}
				go func() { done <- tab.post("/session/renew", "interaction=false").get("/home").status }()
			}
			for range 10 {
				if status := <-done; status != 200 {
					t.Errorf("a tab got %d", status)
				}
			}
		}
	})
}

// That we cannot tell whether somebody is signed in is not that nobody is.
//
// Proves: W10, 3.3
func TestNobodyIsThrownOutByAnAccident(t *testing.T) {
	s := sqlite(t)
	twoTenants(t, s)
	b := s.browser(t).signIn()
	token := "form_token=" + b.state().FormToken
	if err := s.Store.Close(); err != nil {
		t.Fatal(err)
	}
	s.Clock.Advance(time.Second)
	b.get("/session/state").expect(500)
	b.post("/session/renew", "interaction=true").expect(500)
	b.post("/session/password", token, right).expect(500)
	b.post("/logout", token).expect(500)
	if b.session() == "" {
		t.Error("told to be signed out, while the session may live")
	}
}

// Proves: 3.1
func TestChangePasswordIsWellKnown(t *testing.T) {
	s := sqlite(t)
	ann(t, s)
	b := s.browser(t)
	b.get("/.well-known/change-password").expect(303, "/login?return_to=%2Fsettings%2Faccount")
	b.signIn().get("/.well-known/change-password").expect(303, "/settings/account")
	s.Clock.Advance(5 * time.Hour)
	b.get("/.well-known/change-password").expect(303, "/t/acme/login?return_to=%2Fsettings%2Faccount")
}

// After signing out nothing is left in the browser but what names nobody, and the
// server takes neither the cookies nor the token any more.
//
// Proves: W13, 3.3
func TestSignOutLeavesNothing(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		ann(t, s)
		b := s.browser(t).signIn()
		b.cookies["__Host-flow-abc"] = "x"
		b.cookies[front.ThemeCookie] = "dark"
		token := "form_token=" + b.get("/home").hidden("form_token")
		was := map[string]string{front.SessionCookie: b.session(), front.AccessCookie: b.cookies[front.AccessCookie]}
		b.post("/logout", token).expect(303, "/t/acme/login")
		for name := range b.cookies {
			if name != front.BrowserCookie && name != front.ThemeCookie {
				t.Errorf("%s is left", name)
			}
		}
		if b.cookies[front.ThemeCookie] != "dark" || b.answer.Get("Clear-Site-Data") != `"cache"` || b.answer.Get("Cache-Control") != "no-store" {
			t.Errorf("cookies %v, headers %v", b.cookies, b.answer)
		}
		if _, err := s.Sessions.Check(t.Context(), was[front.AccessCookie]); err == nil {
			t.Error("the token is still taken")
		}
		thief := s.browser(t)
		thief.cookies = was
		thief.get("/home").expect(303)
		thief.post("/session/renew", "interaction=true").told(401)
		thief.post("/session/password", token, right).told(401)
	})
}

// Every cookie has what keeps it to this host, from scripts, and from other
// sites.
//
// Proves: W13, 3.5
func TestCookies(t *testing.T) {
	s := sqlite(t)
	ann(t, s)
	b := s.browser(t)
	var seen []string
	check := func() {
		t.Helper()
		for _, c := range (&http.Response{Header: b.answer}).Cookies() {
			seen = append(seen, c.Name)
			if !strings.HasPrefix(c.Name, "__Host-") || !c.Secure || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.Domain != "" {
				t.Errorf("%s", c.Raw)
			}
			if c.Name == front.SessionCookie && c.MaxAge > 0 {
				t.Errorf("outlives the browser: %s", c.Raw)
			}
		}
	}
	b.signIn()
	check()
	b.post("/session/renew", "interaction=false")
	check()
	b.post("/theme", "theme=dark")
	check()
	b.post("/logout", "form_token="+b.get("/home").hidden("form_token"))
	check()
	for _, name := range []string{front.SessionCookie, front.AccessCookie, front.BrowserCookie} {
		if !strings.Contains(strings.Join(seen, " "), name) {
			t.Errorf("%s was never set: %q", name, seen)
		}
	}
}
