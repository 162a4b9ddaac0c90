package web_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/internal/front"
	"github.com/vestibule-id/vestibule/internal/housetest"
	"github.com/vestibule-id/vestibule/internal/identity"
)

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
