package web_test

import (
	"encoding/json"
	"math"
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
		if got := b.post("/session/password", token, wrong).told(422); got.Problem != "The password is not right." || got.FormToken != before.FormToken {
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
