package web_test

import (
	"strings"
	"testing"

	"github.com/vestibule-id/vestibule/internal/front"
	"github.com/vestibule-id/vestibule/internal/housetest"
	"github.com/vestibule-id/vestibule/internal/store/storetest"
	"github.com/vestibule-id/vestibule/internal/web"
)

func sqlite(t *testing.T) *site {
	t.Helper()
	return open(t, housetest.New(t, storetest.Address(t, "sqlite")))
}

// Routes anybody may open. Adding one is a security review.
var public = map[string]bool{
	"GET /{$}": true, "GET /assets/{file}": true,
	"GET /login": true, "POST /login": true, "POST /login/choice": true, "POST /login/initial-password": true,
	"GET /t/{slug}/login": true, "POST /t/{slug}/login": true, "POST /t/{slug}/login/initial-password": true,
	"POST /theme":          true, // of a browser, names nobody
	"GET /forgot-password": true, "POST /forgot-password": true, "GET /t/{slug}/forgot-password": true, "POST /t/{slug}/forgot-password": true,
	"GET /reset-password": true, "GET /reset-password/{flow}": true, "POST /reset-password/{flow}": true, // the link decides
	"GET /invitation": true, "GET /invitation/{flow}": true, "POST /invitation/{flow}": true,
	"GET /undo-address": true, "GET /undo-address/{flow}": true, "POST /undo-address/{flow}": true,
	"GET /confirm-address": true, "GET /confirm-address/{flow}": true, "POST /confirm-address/{flow}": true,
	"GET /logout": true, "POST /logout": true, // of nobody: leads to sign-in
	"GET /session/state": true, "POST /session/renew": true, "POST /session/password": true, // of nobody: says so
	"GET /.well-known/change-password": true,
	"GET /t/{slug}/logo/{file}":        true, // a picture the sign-in page shows
}

func TestStrangersAreKeptOut(t *testing.T) {
	for _, route := range (&web.Pages{}).Routes() {
		open := route.Guard.Check(front.Nobody) == nil
		if open != public[route.Pattern] {
			t.Errorf("%s: open to strangers is %v, want %v", route.Pattern, open, public[route.Pattern])
		}
	}
}

// filled is a path that a pattern matches.
func filled(pattern string) string {
	return strings.NewReplacer("{$}", "", "{slug}", "acme", "{file}", "none.css").Replace(pattern)
}

func TestOtherSitesCannotPost(t *testing.T) {
	s := sqlite(t)
	ann(t, s)
	b := s.browser(t)
	b.post("/t/acme/login", "email=ann@acme.test", right).expect(303)
	token := "form_token=" + b.get("/home").hidden("form_token")
	for _, from := range []string{"cross-site", "same-site"} {
		b.from = from
		for _, route := range s.pages.Routes() {
			if method, path, _ := strings.Cut(route.Pattern, " "); method == "POST" {
				b.post(filled(path), "email=ann@acme.test", right, token).expect(403, "This request came from another site.")
			}
		}
	}
	b.from = "same-origin"
	b.get("/home").expect(200)
}

func TestForms(t *testing.T) {
	s := sqlite(t)
	ann(t, s)
	const urlencoded = "application/x-www-form-urlencoded"
	for _, test := range []struct {
		name, contentType, body string
		status                  int
		says                    string
	}{
		{"plain", urlencoded, "email=ann%40acme.test&password=correct+horse", 303, ""},
		{"with a charset", urlencoded + "; charset=UTF-8", "email=ann%40acme.test&password=correct+horse", 303, ""},
		{"unknown fields are no matter", urlencoded, "email=ann%40acme.test&password=correct+horse&x=y", 303, ""},
		{"another charset", urlencoded + "; charset=utf-16", "email=a", 415, "must be sent as"},
		{"JSON", "application/json", `{"email":"ann@acme.test"}`, 415, "must be sent as"},
		{"multipart", "multipart/form-data; boundary=x", "--x--", 415, "must be sent as"},
		{"no type", "", "email=a", 415, "must be sent as"},
		{"a field twice", urlencoded, "email=ann%40acme.test&password=correct+horse&email=bob%40acme.test", 422, "more than once"},
		{"a field twice, alike", urlencoded, "email=a&password=b&email=a", 422, "more than once"},
		{"not UTF-8", urlencoded, "email=ann%40acme.test&password=%ff", 422, "The form is not UTF-8."},
		{"a name not UTF-8", urlencoded, "%ff=a", 422, "The form is not UTF-8."},
		{"NUL", urlencoded, "email=a%00&password=b", 422, "NUL"},
		{"bad escape", urlencoded, "email=%zz", 422, "cannot be read"},
		{"semicolon", urlencoded, "email=a;password=b", 422, "cannot be read"},
		{"too large", urlencoded, "email=" + strings.Repeat("a", 64<<10), 413, "larger than 64 KiB"},
		{"just not too large", urlencoded, "email=" + strings.Repeat("a", 64<<10-6), 422, "Fill in Password."},
		{"a name too long", urlencoded, "password=b&email=" + strings.Repeat("a", 321), 422, "Shorten Email Address."},
		{"a password too long", urlencoded, "email=a&password=" + strings.Repeat("a", 1025), 422, "longer than 1024 bytes"},
		{"nothing", urlencoded, "", 422, "Fill in Email Address and Password."},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := s.browser(t).postRaw("/t/acme/login", test.contentType, test.body)
			if b.expect(test.status); test.says != "" {
				b.expect(test.status, test.says)
			}
		})
	}
	b := s.browser(t)
	b.header.Set("Content-Encoding", "gzip")
	b.post("/t/acme/login", "email=ann@acme.test", right).expect(415)
}

func TestAssets(t *testing.T) {
	s := sqlite(t)
	b := s.browser(t).get("/login")
	for _, path := range []string{between(t, b.body, `rel="stylesheet" href="`), between(t, b.body, `<script type="module" src="`)} {
		b.get(path).expect(200)
		tag := b.answer.Get("ETag")
		if b.answer.Get("Cache-Control") != "public, max-age=31536000, immutable" || len(tag) != 18 || b.answer.Get("Content-Length") == "" {
			t.Errorf("%s: %v", path, b.answer)
		}
		if !strings.HasPrefix(path, "/assets/"+strings.Trim(tag, `"`)+"-") {
			t.Errorf("%s has the tag %s", path, tag)
		}
		b.header.Set("If-None-Match", tag)
		b.get(path).expect(304)
		b.header.Del("If-None-Match")
	}
	b.get("/assets/style.css").expect(404, "There is nothing here.")
	b.get("/assets/..%2fpages%2flayout.html").expect(404)
}

func between(t *testing.T, text, start string) string {
	t.Helper()
	_, rest, found := strings.Cut(text, start)
	inside, _, _ := strings.Cut(rest, `"`)
	if !found {
		t.Fatalf("no %s in %s", start, text)
	}
	return inside
}

func TestProblemPages(t *testing.T) {
	s := sqlite(t)
	ann(t, s)
	b := s.browser(t)
	b.get("/nothing").expect(404, "There is nothing here.", "administrator or help@door.test", b.answer.Get("X-Request-Id"))
	b.post("/home").expect(405, "This address does not take that method.")
	if allow := b.answer.Get("Allow"); allow != "GET, HEAD" {
		t.Errorf("Allow: %s", allow)
	}
	b.post("/t/acme/login", "email=ann@acme.test", right).expect(303)
	b.get("/nothing").expect(404, "There is nothing here.", "Sign Out", "administrator or desk@acme.test", b.answer.Get("X-Request-Id"))
	if err := s.Store.Close(); err != nil {
		t.Fatal(err)
	}
	b = s.browser(t)
	b.get("/t/acme/login").expect(500, "Something went wrong on our side.", b.answer.Get("X-Request-Id")).lacks("closed", "sql")
}
