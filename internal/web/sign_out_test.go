package web_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/internal/front"
	"github.com/vestibule-id/vestibule/internal/housetest"
	"github.com/vestibule-id/vestibule/internal/identity"
)

// Proves: W13
func TestSignOut(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		ann(t, s)
		b := s.browser(t)
		b.get("/logout").expect(303, "/login")
		b.post("/logout").expect(303, "/login")
		b.post("/t/acme/login", "email=ann@acme.test", right).expect(303)
		stolen := s.browser(t)
		stolen.cookies[front.SessionCookie] = b.session()
		stolen.get("/home").expect(200)
		b.get("/logout").expect(200, "Sign out of Acme Inc.?")
		token := "form_token=" + b.hidden("form_token")
		b.get("/home").expect(200, "Welcome")
		known := b.cookies[front.BrowserCookie]
		b.post("/logout", token).expect(303, "/t/acme/login")
		if b.session() != "" || b.answer.Get("Clear-Site-Data") != `"cache"` || b.cookies[front.BrowserCookie] != known {
			t.Errorf("cookies %v, headers %v", b.cookies, b.answer)
		}
		stolen.get("/home").expect(303, "/t/acme/login?return_to=%2Fhome")
		stolen.post("/logout").expect(303, "/t/acme/login")
		if stolen.session() != "" {
			t.Error("the cookie of an ended session stays")
		}
	})
}

func TestFormsAreBoundToTheirSession(t *testing.T) {
	s := sqlite(t)
	ann(t, s)
	globex := s.AddTenant(t, "globex", identity.Workspace)
	s.AddUser(t, globex, housetest.Person{Email: "bob@globex.test", Password: "correct horse"})
	b := s.browser(t)
	b.post("/t/globex/login", "email=bob@globex.test", right).expect(303)
	bobs := "form_token=" + b.get("/home").hidden("form_token")
	b.post("/t/acme/login", "email=ann@acme.test", right).expect(303)
	for _, token := range []string{bobs, "form_token=", "x=y", "form_token=made-up"} {
		b.post("/logout", token).expect(409, "This form was opened in another session")
		b.get("/home").expect(200)
	}
	earlier := "form_token=" + b.hidden("form_token")
	b.post("/t/acme/login", "email=ann@acme.test", right).expect(303)
	b.post("/logout", earlier).expect(303) // who wants out gets out
	b.get("/home").expect(303)
}

func TestOpeningAPageIsAnInteraction(t *testing.T) {
	s := sqlite(t)
	ann(t, s)
	walk := func(path string, prefetch bool) int {
		b := s.browser(t)
		b.post("/t/acme/login", "email=ann@acme.test", right).expect(303)
		for range 3 {
			s.Clock.Advance(2 * time.Hour)
			if b.header = (http.Header{}); prefetch {
				b.header.Set("Sec-Purpose", "prefetch;prerender")
			}
			b.get(path)
		}
		b.header = http.Header{}
		return b.get("/home").status
	}
	for _, path := range []string{"/home", "/phone", "/logout"} {
		if walk(path, false) != 200 {
			t.Errorf("%s is no interaction", path)
		}
		if walk(path, true) != 303 {
			t.Errorf("%s is an interaction although nobody asked for it", path)
		}
	}
	if walk("/assets/x.css", false) != 303 {
		t.Error("a file is an interaction")
	}
}

func TestProgramsTokensAreNoCookies(t *testing.T) {
	s := sqlite(t)
	acme := s.AddTenant(t, "acme", identity.Workspace)
	ann := s.AddUser(t, acme, housetest.Person{Email: "ann@acme.test", Password: "correct horse"})
	b := s.browser(t).post("/t/acme/login", "email=ann@acme.test", right).expect(303)
	live := housetest.Events(t, acme, identity.EventLoginSuccess)[0]
	b.cookies[front.SessionCookie] = string(s.Store.Keys().RefreshToken(acme.ID(), live.Session, 0))
	b.get("/home").expect(303)
	b.cookies[front.SessionCookie] = string(s.Store.Keys().SessionToken(acme.ID(), live.Session))
	b.get("/home").expect(200)
	housetest.SetStatus(t, acme, ann.ID, identity.Deactivated)
	s.Clock.Advance(time.Second)
	b.get("/home").expect(303, "/t/acme/login?return_to=%2Fhome")
}

// Who goes back after signing out stands at their tenant's door again, though
// no cookie tells the tenant any more: the browser remembers where a page was
// opened from.
//
// Proves: W13, 3.3
func TestBackAfterSigningOut(t *testing.T) {
	s := sqlite(t)
	ann(t, s)
	b := s.browser(t).post("/t/acme/login", "email=ann@acme.test", right).expect(303)
	b.post("/logout", "form_token="+b.get("/home").hidden("form_token")).expect(303, "/t/acme/login")
	for _, test := range []struct{ name, from, to string }{
		{"from the tenant's door", housetest.Issuer + "/t/acme/login", "/t/acme/login"},
		{"from its way to a new password", housetest.Issuer + "/t/acme/forgot-password", "/t/acme/login"},
		{"from elsewhere here", housetest.Issuer + "/settings", "/login"},
		{"from another site", "https://evil.test/t/acme/login", "/login"},
		{"from what is no slug", housetest.Issuer + "/t/a%2Fb/login", "/login"},
		{"from a slug in the wrong place", housetest.Issuer + "/x/t/acme/login", "/login"},
		{"from nowhere", "", "/login"},
	} {
		b.header.Set("Referer", test.from)
		t.Run(test.name, func(t *testing.T) {
			b.t = t
			b.get("/home").expect(303, test.to+"?return_to=%2Fhome")
		})
	}
}
