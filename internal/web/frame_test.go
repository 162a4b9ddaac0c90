package web_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/vestibule-id/vestibule/internal/front"
	"github.com/vestibule-id/vestibule/internal/housetest"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/policy"
)

func workshop(t *testing.T, s *site) *browser {
	t.Helper()
	sprockets := s.AddTenant(t, "sprockets", identity.Extension, "name=Wicked Sprockets", "accent=#ffcc00")
	s.AddUser(t, sprockets, housetest.Person{Extension: "201", Name: "Will Workshop", Password: "correct horse"})
	return s.browser(t).post("/t/sprockets/login", "username=201", right).expect(303, "/phone")
}

// Proves: 3.2, P10, W12, Q4, P9
func TestTheFrame(t *testing.T) {
	s := sqlite(t)
	ann(t, s)
	b := s.browser(t)
	b.post("/t/acme/login", "email=ann@acme.test", right).expect(303)
	b.get("/home").expect(200, ">Acme Inc.<", `<span class="avatar" aria-hidden="true">AL</span><span class="name">Ann Lee</span>`,
		`<button class="bare" form="leave">Logout</button>`, `<a href="/settings">Profile Settings</a>`,
		`<button class="icon leave" form="leave" title="Sign Out">`, `<button class="bare" form="leave">Sign Out</button>`,
		`<form id="leave" method="post" action="/logout" hidden>`, `<small>ann@acme.test</small>`,
		`<a href="/home" aria-current="page">Home</a>`, `<title>Home · Acme Inc.</title>`).lacks(">Phone<")
	b.get("/logout").expect(200, "Sign out of Acme Inc.?").lacks(`form="leave"`)

	phone := workshop(t, s)
	phone.get("/phone").expect(200, `<a href="/settings">Settings</a>`, `<a href="/home">Home</a>`, `<a href="/phone" aria-current="page">Phone</a>`,
		"The phone is not set up", "Ask your organization’s administrator", `<small>201-sprockets</small>`, `<span class="avatar" aria-hidden="true">WW</span>`).lacks("Profile Settings")
	phone.post("/logout", "form_token="+phone.hidden("form_token")).expect(303, "/t/sprockets/login")
}

// Proves: 3.2, W8
func TestHomeSaysWhatOneMayDo(t *testing.T) {
	s := sqlite(t)
	ann(t, s)
	b := s.browser(t)
	b.post("/t/acme/login", "email=ann@acme.test", right).expect(303)
	b.get("/home").expect(200, "Welcome, Ann Lee", "acme", "This is your first.", "Create and edit roles", "After 4 hours without activity",
		"9 January 2030, 09:00 UTC", "Your role lets you do everything there is to do here. Need help? Ask desk@acme.test.").lacks("Do you need to do more?")
	b.post("/t/acme/login", "email=ann@acme.test", right).expect(303)
	b.get("/home").lacks("This is your first.")
	workshop(t, s).get("/home").expect(200, "your own profile, password and sessions", "Do you need to do more? Ask your organization’s administrator or help@door.test").lacks("Administration", "Create", "Delete", "audit")
}

// Proves: 3.2, W8
func TestEveryPermissionHasWords(t *testing.T) {
	s := sqlite(t)
	for _, role := range policy.BuiltInRoles() {
		tenant := s.AddTenant(t, "the-"+role.Name, identity.Workspace)
		s.AddUser(t, tenant, housetest.Person{Email: "a@x.test", Password: "correct horse", Role: role.Name})
		b := s.browser(t).post("/t/the-"+role.Name+"/login", "email=a@x.test", right).expect(303)
		if got := strings.Count(b.get("/home").body, "<li>"); got != len(slices.Collect(role.Permissions.All()))+1 {
			t.Errorf("%s: %d lines for %v", role.Name, got, slices.Collect(role.Permissions.All()))
		}
	}
}

// Proves: P11, 3.2
func TestTheme(t *testing.T) {
	s := sqlite(t)
	b := s.browser(t)
	b.get("/login").expect(200, `<html lang="en">`, `content="light dark"`, `name="theme" value="light"`, "Theme: system", `name="return_to" value="/login"`)
	b.post("/theme", "theme=light", "return_to=/login?style=email").expect(303, "/login?style=email")
	b.get("/login").expect(200, `<html lang="en" data-theme="light">`, `content="light"`, `value="dark"`)
	b.post("/theme", "theme=dark").expect(303, "/")
	if cookie := b.answer.Get("Set-Cookie"); !strings.HasPrefix(cookie, "__Host-theme=dark; Path=/; Max-Age=31536000;") {
		t.Errorf("cookie %s", cookie)
	}
	b.get("/login").expect(200, `data-theme="dark"`, `content="dark"`, `value="system"`)
	b.get("/nothing").expect(404, `data-theme="dark"`)
	b.post("/theme", "theme=system").expect(303)
	if _, kept := b.cookies[front.ThemeCookie]; kept {
		t.Error("the system's theme needs no cookie")
	}
	b.post("/theme", "theme=pink").expect(422, "There is no such theme.")
	for _, odd := range []string{"pink", "DARK", "dark%22", "dark.", ""} {
		b.cookies[front.ThemeCookie] = odd
		b.get("/login").expect(200, `<html lang="en">`)
	}
}

// Proves: P11, W13
func TestThemeOutlivesTheSession(t *testing.T) {
	s := sqlite(t)
	b := workshop(t, s)
	b.post("/theme", "theme=dark", "return_to=/phone").expect(303, "/phone")
	b.get("/phone").expect(200, `data-theme="dark"`, `name="return_to" value="/phone"`)
	b.post("/logout", "form_token="+b.hidden("form_token")).expect(303)
	b.get("/login").expect(200, `data-theme="dark"`)
}

// Proves: 3.2, 3.5
func TestThemeLeadsNowhereElse(t *testing.T) {
	s := sqlite(t)
	b := s.browser(t)
	for _, to := range []string{"https://evil.test", "//evil.test", `/\evil.test`, "/%2fevil.test", "javascript:alert(1)", "evil.test", "/\t/evil.test", ""} {
		b.post("/theme", "theme=dark", "return_to="+to).expect(303, "/")
	}
	b.from = "cross-site"
	b.post("/theme", "theme=dark").expect(403)
}

// Proves: 3.1, P5
func TestTheWaitIsThereToCountDown(t *testing.T) {
	s := sqlite(t)
	ann(t, s)
	b := s.browser(t)
	for range 5 {
		b.post("/t/acme/login", "email=ann@acme.test", wrong).expect(401).lacks("data-wait")
	}
	s.Clock.Advance(500_000_000)
	b.post("/t/acme/login", "email=ann@acme.test", right).expect(429, `role="alert" data-wait="900">There were too many attempts. Wait 15 minutes, then try again.`,
		`value="ann@acme.test"`, ">Sign In<")
}

// Proves: 3.1, W1
func TestFieldsSayWhatIsWrongWithThem(t *testing.T) {
	s := sqlite(t)
	b := s.browser(t)
	b.post("/login", "tenant=", "email="+strings.Repeat("a", 321), "password=x").expect(422, "Fill in Tenant Slug.",
		`aria-describedby="tenant-error" aria-invalid="true"`, `<p class="error" id="tenant-error">This field is needed here.</p>`,
		`<title>Problem: Sign in`).lacks(`id="password-error"`)
	b.get("/login").expect(200, `aria-describedby="tenant-hint"`, `autocomplete="username"`, `autocomplete="current-password"`).lacks("aria-invalid", "alert")
	for _, id := range regexp.MustCompile(`aria-describedby="([^"]+)"`).FindAllStringSubmatch(b.body, -1) {
		for word := range strings.FieldsSeq(id[1]) {
			b.expect(200, `id="`+word+`"`)
		}
	}
}

// Proves: W3, P6, Q1, 3.1
func TestWaysToANewPassword(t *testing.T) {
	s := sqlite(t)
	ann(t, s)
	workshop(t, s)
	s.AddTenant(t, "kontak", identity.Email)
	b := s.browser(t)
	for path, link := range map[string]string{
		"/login":                 `<a href="/forgot-password">Forgot Password?</a>`,
		"/login?style=extension": `<a href="/forgot-password?style=extension">Forgot password?</a>`,
		"/login?style=email":     `<a href="/forgot-password?style=email">Forgot Password</a>`,
		"/t/acme/login":          `<a href="/t/acme/forgot-password">Forgot Password?</a>`,
		"/t/sprockets/login":     `<a href="/t/sprockets/forgot-password">Forgot password?</a>`,
		"/t/kontak/login":        `<a href="/t/kontak/forgot-password">Forgot Password</a>`,
	} {
		_, below, _ := strings.Cut(b.get(path).expect(200, link).body, `id="password"`)
		if !strings.Contains(below, link) {
			t.Errorf("%s: not below the password", path)
		}
	}
	b.get("/login?style=email&return_to=/phone").expect(200, `href="/login?return_to=%2Fphone"`, `href="/login?return_to=%2Fphone&style=extension"`)
	b.get("/t/acme/login").lacks("Sign in with")
}

// Proves: W7, 3.1
func TestTheAddressFillsInTheSlug(t *testing.T) {
	s := sqlite(t)
	b := s.browser(t)
	b.get("/login?tenant=ACME").expect(200, `name="tenant" type="text" autocomplete="organization" value="acme"`, `required autofocus`)
	for _, odd := range []string{"?tenant=a", "?tenant=a&tenant=b", "?tenant=%3Cb%3E", "?tenant=a%00b", "?tenant=" + strings.Repeat("a", 41)} {
		b.get("/login"+odd).expect(200, `autocomplete="organization" value=""`)
	}
	b.get("/login?notice=password-reset").expect(200, `role="status">Your password has been reset.`)
	b.get("/login?notice=Send+money").expect(200).lacks("money")
}

// Proves: 3.2
func TestProblemsStandInTheirTenantsFrame(t *testing.T) {
	s := sqlite(t)
	ann(t, s)
	b := s.browser(t)
	b.postRaw("/t/acme/login", "application/json", "{}").expect(415, "<span>Acme Inc.</span>", `href="/t/acme/login">Go to Sign-In`, "or desk@acme.test")
	b.get("/t/nobody/login").expect(404, "<span>"+housetest.Product+"</span>", `href="/login">Go to Sign-In`, "or help@door.test")
}

// Proves: 3.4, G7
func TestAccentIsPartOfTheStylesheet(t *testing.T) {
	s := sqlite(t)
	b := workshop(t, s)
	address := between(t, b.get("/phone").body, `rel="stylesheet" href="`)
	if !strings.HasSuffix(address, "-style.css?accent=ffcc00") {
		t.Fatalf("stylesheet %s", address)
	}
	b.get(address).expect(200, "--fill:light-dark(#ffcc00,#ffcc00)", "--on-fill:light-dark(#000000,#000000)", ".card {")
	if tag := b.answer.Get("ETag"); !strings.HasSuffix(tag, `-ffcc00"`) {
		t.Errorf("tag %s", tag)
	}
	plain, _, _ := strings.Cut(address, "?")
	for _, odd := range []string{"", "?accent=", "?accent=red", "?accent=ffcc0", "?accent=}*{}", "?accent=ffcc00&accent=000000"} {
		b.get(plain + odd).expect(200).lacks("--fill:light-dark(#ffcc00")
	}
	icon, err := url.PathUnescape(strings.TrimPrefix(between(t, s.browser(t).get("/t/sprockets/login").body, `type="image/svg+xml" href="`), "data:image/svg+xml,"))
	if err != nil || !strings.Contains(icon, "fill='#ffcc00'") || !strings.Contains(icon, "fill='#000000'>W</text>") {
		t.Errorf("icon %s %v", icon, err)
	}
}

// fetch asks as a browser does that reads gzip, and counts every byte of the
// answer, headers included, as HTTP/1.1 writes them.
func (s *site) fetch(t *testing.T, path string) (text string, wire int, header http.Header) {
	t.Helper()
	server := httptest.NewServer(s.mux)
	defer server.Close()
	r, err := http.NewRequestWithContext(t.Context(), "GET", server.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Accept-Encoding", "gzip, deflate, br, zstd")
	res, err := server.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	var head bytes.Buffer
	if err := res.Header.Write(&head); err != nil {
		t.Fatal(err)
	}
	wire = len("HTTP/1.1 200 OK\r\n\r\n") + head.Len() + len(body)
	if res.Header.Get("Content-Encoding") == "gzip" {
		z, err := gzip.NewReader(bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		if body, err = io.ReadAll(z); err != nil {
			t.Fatal(err)
		}
	}
	return string(body), wire, res.Header
}

// loaded is everything that a page makes a browser ask for.
var loaded = regexp.MustCompile(`(?:<link rel="[a-z]+"[^>]* href|<script[^>]* src|<img[^>]* src)="(/[^"]*)"`)

// Proves: 3.4
func TestTheSignInPageIsLight(t *testing.T) {
	s := sqlite(t)
	ann(t, s)
	workshop(t, s)
	for _, path := range []string{"/login", "/login?style=extension", "/login?style=email", "/t/acme/login", "/t/sprockets/login"} {
		page, sum, header := s.fetch(t, path)
		if header.Get("Content-Encoding") != "gzip" || header.Get("Vary") != "Accept-Encoding" {
			t.Errorf("%s: %v", path, header)
		}
		parts := loaded.FindAllStringSubmatch(page, -1)
		if len(parts) != 2 {
			t.Errorf("%s: %d requests: %q", path, 1+len(parts), parts)
		}
		for _, part := range parts {
			_, wire, header := s.fetch(t, part[1])
			if sum += wire; header.Get("Content-Encoding") != "gzip" {
				t.Errorf("%s: %v", part[1], header)
			}
		}
		if sum > 15<<10 {
			t.Errorf("%s: %d bytes", path, sum)
		}
		t.Logf("%s: %d bytes in %d requests", path, sum, 1+len(parts))
	}
}

// Proves: 3.4, 3.5
func TestPagesOfAPersonAreNotCompressed(t *testing.T) {
	s := sqlite(t)
	ann(t, s)
	b := s.browser(t)
	b.header.Set("Accept-Encoding", "gzip")
	plain := func(status int) {
		t.Helper()
		if b.status != status || b.answer.Get("Content-Encoding") != "" {
			t.Errorf("%d %v", b.status, b.answer)
		}
	}
	b.post("/t/acme/login", "email=ann@acme.test", wrong)
	plain(401)
	b.post("/t/acme/login", "email=ann@acme.test", right)
	for _, path := range []string{"/home", "/phone", "/logout", "/login", "/t/acme/login", "/settings", "/nothing"} {
		b.get(path)
		plain(map[bool]int{true: 404, false: 200}[path == "/nothing"])
	}
}
