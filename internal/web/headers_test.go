package web_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/internal/front"
	"github.com/vestibule-id/vestibule/internal/housetest"
	"github.com/vestibule-id/vestibule/internal/store"
)

// inline is what the content security policy would not let run or apply.
var inline = regexp.MustCompile(`<script>|<script[^>]*>[^<]|<style| style=| on[a-z]+=|javascript:`)

// secured checks the headers of the last answer, whatever it is.
func (b *browser) secured(what string) {
	b.t.Helper()
	asset := strings.HasPrefix(b.answer.Get("Cache-Control"), "public")
	want := map[string]string{
		"Content-Security-Policy":      front.APICSP,
		"X-Content-Type-Options":       "nosniff",
		"Referrer-Policy":              "same-origin",
		"Cross-Origin-Opener-Policy":   "same-origin",
		"Cross-Origin-Resource-Policy": "same-origin",
		"X-Frame-Options":              "DENY",
		"Cache-Control":                "no-store",
		"Strict-Transport-Security":    "max-age=63072000; includeSubDomains",
		"Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), " +
			"publickey-credentials-get=(self), publickey-credentials-create=(self)",
		"Server": "", "X-Powered-By": "", "Access-Control-Allow-Origin": "", "Access-Control-Allow-Credentials": "",
	}
	if strings.HasPrefix(b.answer.Get("Content-Type"), "text/html") && b.status/100 != 3 {
		want["Content-Security-Policy"] = front.PageCSP
	}
	if b.status == 303 && b.answer.Get("Referrer-Policy") == "no-referrer" {
		want["Referrer-Policy"] = "no-referrer" // stricter: the address has a token in it
	}
	if asset {
		want["Cache-Control"] = "public, max-age=31536000, immutable"
	}
	for name, value := range want {
		if got := b.answer.Values(name); strings.Join(got, "|") != value {
			b.t.Errorf("%s: %d, %s is %q, want %q", what, b.status, name, got, value)
		}
	}
	if asset && (len(b.answer.Values("Set-Cookie")) > 0 || strings.Contains(b.body, "Ann Lee")) {
		b.t.Errorf("%s: everybody's caches would keep %q", what, b.answer.Values("Set-Cookie"))
	}
	if b.answer.Get("X-Request-Id") == "" || inline.MatchString(b.body) {
		b.t.Errorf("%s: %d %v %s", what, b.status, b.answer, b.body)
	}
}

// Every answer of every route, good or bad, carries the headers of part 5.
//
// Proves: 3.5, W13
func TestEveryAnswerCarriesTheHeaders(t *testing.T) {
	s := sqlite(t)
	twoTenants(t, s)
	late := s.browser(t).signIn()
	s.Clock.Advance(4 * time.Hour) // now it is too late
	stranger, member := s.browser(t), s.browser(t).signIn()
	session := member.session()
	routes := append(s.pages.Routes(), front.Route{Pattern: "GET /nothing"}, front.Route{Pattern: "POST /nothing"})
	for _, b := range []*browser{stranger, member, late} {
		for _, route := range routes {
			method, path, _ := strings.Cut(route.Pattern, " ")
			path = filled(path)
			for _, m := range []string{"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"} {
				b.do(httptest.NewRequest(m, housetest.Issuer+path, http.NoBody)).secured(m + " " + path)
			}
			if method == "GET" {
				continue
			}
			b.post(path).secured("empty " + path)
			b.postRaw(path, "application/json", "{}").secured("JSON to " + path)
			b.postRaw(path, "application/x-www-form-urlencoded", strings.Repeat("x", 70_000)).secured("too much to " + path)
			b.from = "cross-site"
			b.post(path, "x=y").expect(403).secured("from another site to " + path)
			b.from = "same-origin"
		}
	}
	if member.session() != session {
		t.Error("a request without fields changed the session")
	}
	page := member.get("/login").body
	for _, path := range regexp.MustCompile(`/assets/[^"]+`).FindAllString(page, -1) {
		member.get(path).expect(200).secured(path)
		member.header.Set("If-None-Match", member.answer.Get("ETag"))
		member.get(path).expect(304).secured(path)
		member.header.Del("If-None-Match")
	}
	if err := s.Store.Close(); err != nil {
		t.Fatal(err)
	}
	s.Clock.Advance(time.Second)
	member.get("/home").expect(500).secured("an accident")
}

// A browser on a laptop must not learn that localhost speaks only https.
//
// Proves: 3.5
func TestNoTransportSecurityOverHTTP(t *testing.T) {
	h := http.Header{}
	if front.SecureHeaders(h, false); h.Get("Strict-Transport-Security") != "" {
		t.Error(h)
	}
}

// seen is all that people and administrators could see of a tenant but when
// somebody last did something.
func seen(t *testing.T, tenant store.Tenant, now time.Time) string {
	t.Helper()
	row, err := tenant.Get(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	users, err := tenant.Users(t.Context(), "", 100)
	if err != nil {
		t.Fatal(err)
	}
	all := fmt.Sprintf("%+v\n%+v\n%+v\n", row, users, housetest.Events(t, tenant))
	for _, u := range users {
		sessions, err := tenant.Sessions(t.Context(), u.ID, now)
		if err != nil {
			t.Fatal(err)
		}
		for _, one := range sessions {
			one.InteractedAt, one.IdleEnd = time.Time{}, time.Time{}
			all += fmt.Sprintf("%+v\n", one)
		}
	}
	return all
}

// Proves: 3.5
func TestGetChangesNothing(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		ann(t, s)
		row, err := s.Store.TenantBySlug(t.Context(), "acme")
		if err != nil {
			t.Fatal(err)
		}
		acme := s.Store.Tenant(row.ID)
		stranger, member := s.browser(t), s.browser(t).signIn()
		token := member.get("/home").hidden("form_token")
		before := seen(t, acme, s.Clock.Now())
		fields := "?tenant=acme&email=ann%40acme.test&password=correct+horse&current_password=correct+horse" +
			"&new_password=a+fresh+start&confirm_password=a+fresh+start&theme=dark&interaction=true&form_token=" + token
		for _, route := range s.pages.Routes() {
			_, path, _ := strings.Cut(route.Pattern, " ")
			for _, b := range []*browser{stranger, member} {
				for _, method := range []string{"GET", "HEAD", "OPTIONS"} {
					b.do(httptest.NewRequest(method, housetest.Issuer+filled(path)+fields, http.NoBody))
					if cookies := b.answer.Values("Set-Cookie"); len(cookies) > 0 {
						t.Errorf("%s %s sets %q", method, path, cookies)
					}
				}
			}
		}
		if after := seen(t, acme, s.Clock.Now()); after != before {
			t.Errorf("before:\n%s\nafter:\n%s", before, after)
		}
		member.get("/home").expect(200)
	})
}

// Whoever forges nothing but cookies and fields stays outside all the same.
//
// Proves: 3.5, W13
func TestAnotherSitesFormDoesNothing(t *testing.T) {
	s := sqlite(t)
	twoTenants(t, s)
	b := s.browser(t).signIn()
	fields := append(b.get("/note").bound(), note)
	for _, from := range []string{"cross-site", "same-site", ""} {
		b.from = from
		b.post("/note", fields...).expect(403)
		b.post("/logout", fields...).expect(403)
		b.post("/session/renew", "interaction=true").expect(403)
		b.post("/session/password", fields[0], right).expect(403)
	}
	if len(s.notes.Sent) > 0 {
		t.Errorf("executed: %q", s.notes.Sent)
	}
	b.from = "same-origin"
	b.get("/home").expect(200)
}
