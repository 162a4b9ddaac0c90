package web_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/vestibule-id/vestibule/internal/housetest"
	"github.com/vestibule-id/vestibule/internal/identity"
)

// Where each return_to leads after signing in.
var returns = map[string]string{
	"/phone":                        "/phone",
	"/phone?a=b&c=d#e":              "/phone?a=b&c=d#e",
	"/a/%C3%A9?next=//x":            "/a/%C3%A9?next=//x",
	"":                              "/home",
	"phone":                         "/home",
	"//evil.test":                   "/home",
	"///evil.test":                  "/home",
	`/\evil.test`:                   "/home",
	`\/evil.test`:                   "/home",
	"/%5cevil.test":                 "/home",
	"/%2fevil.test":                 "/home",
	"https://evil.test":             "/home",
	"https:evil.test":               "/home",
	"https:///evil.test":            "/home",
	"http://door.test/x":            "/home",
	"javascript:alert(1)":           "/home",
	"/\t/evil.test":                 "/home",
	"/\r\nLocation: /x":             "/home",
	"/%0d%0aLocation:%20/x":         "/home",
	"/%00":                          "/home",
	"/%zz":                          "/home",
	" /phone":                       "/home",
	"/é":                            "/home",
	"/phone\x00":                    "/home",
	"/" + strings.Repeat("a", 2000): "/home",
	"/phone&return_to=/home":        "/home",
}

func TestReturnTo(t *testing.T) {
	s := sqlite(t)
	ann(t, s)
	for to, want := range returns {
		query := "?return_to=" + url.QueryEscape(to)
		if strings.HasPrefix(to, "/phone&") {
			query = "?return_to=" + to // twice
		}
		b := s.browser(t).post("/t/acme/login"+query, "email=ann@acme.test", right)
		if got := b.answer.Get("Location"); b.status != 303 || got != want {
			t.Errorf("%.40q leads to %d %q, want %q", to, b.status, got, want)
		}
		if b.get("/login" + query); !strings.Contains(b.body, "Go on") || want == "/home" && strings.Contains(b.body, "evil") {
			t.Errorf("%.40q: %s", to, b.body)
		}
	}
	b := s.browser(t)
	b.get("/home?tab=1").expect(303, "/login?return_to=%2Fhome%3Ftab%3D1")
	b.get(b.answer.Get("Location")).expect(200, `action="/login?return_to=%2Fhome%3Ftab%3D1"`)
}

func TestLandingPage(t *testing.T) {
	s := sqlite(t)
	for i, landing := range []string{"/phone", "/home", ""} {
		tenant := s.AddTenant(t, fmt.Sprintf("tenant%d", i), identity.Workspace, "landing="+landing)
		s.AddUser(t, tenant, housetest.Person{Email: "ann@acme.test", Password: "correct horse"})
		want := []string{"/phone", "/home", "/home"}[i]
		b := s.browser(t).post(fmt.Sprintf("/t/tenant%d/login", i), "email=ann@acme.test", right).expect(303, want)
		b.get("/").expect(303, want)
	}
}
