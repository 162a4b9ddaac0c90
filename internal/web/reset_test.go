package web_test

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/internal/front"
	"github.com/vestibule-id/vestibule/internal/housetest"
	"github.com/vestibule-id/vestibule/internal/identity"
)

const (
	newWords    = "new_password=violet lantern ember"
	sameWords   = "confirm_password=violet lantern ember"
	notThere    = "/reset-password/ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	linkOver    = "This link does not work"
	askedAnswer = "If there is an account with these details and it has an e-mail address, a link is on its way there."
)

// follow opens a link and lands on the clean page behind it.
func (b *browser) follow(path, token string) *browser {
	b.t.Helper()
	b.get(path + "?token=" + token).expect(303)
	return b.get(b.answer.Get("Location"))
}

// action is where the form of the last page is sent to.
func (b *browser) action() string {
	b.t.Helper()
	found := regexp.MustCompile(`<form method="post" action="(/(?:reset-password|invitation|undo-address|confirm-address|forgot-password|t/)[^"]*)"`).FindStringSubmatch(b.body)
	if found == nil {
		b.t.Fatalf("no form in: %s", b.body)
	}
	return found[1]
}

// resetToken is a link's token, mailed as somebody has asked for it.
func resetToken(t *testing.T, s *site, path string, fields ...string) string {
	t.Helper()
	s.browser(t).post(path, fields...).arrive().expect(200, askedAnswer)
	letters := slices.DeleteFunc(s.Work(t), func(l housetest.Letter) bool { return l.Kind != identity.LetterReset })
	if len(letters) != 1 {
		t.Fatalf("%d letters, want 1", len(letters))
	}
	return letters[0].Token()
}

// Proves: W3, W5, Q1, Q2, P6, 4.2
func TestForgottenPasswordIsReset(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		acme := s.AddTenant(t, "acme", identity.Workspace)
		s.AddUser(t, acme, housetest.Person{Email: "ann@acme.test", Password: "correct horse"})
		sprockets := s.AddTenant(t, "wicked-sprockets", identity.Extension)
		s.AddUser(t, sprockets, housetest.Person{Extension: "201", Email: "eve@x.test", Password: "correct horse"})
		kontak := s.AddTenant(t, "kontak", identity.Email)
		s.AddUser(t, kontak, housetest.Person{Email: "kim@kontak.test", Password: "correct horse"})
		for _, way := range []struct {
			name, page, label, button string
			fields                    []string
			slug                      string
			signIn                    []string
		}{
			{"workspace", "/forgot-password", "Tenant Slug", "Send Reset Link", []string{"tenant=ACME", "email= Ann@ACME.test"}, "acme", []string{"email=ann@acme.test"}},
			{"extension", "/forgot-password?style=extension", "Extension number", "Send Reset Link", []string{"username=201-wicked-sprockets"}, "wicked-sprockets", []string{"username=201"}},
			{"extension within", "/t/wicked-sprockets/forgot-password", "Extension number", "Send Reset Link", []string{"username=201"}, "wicked-sprockets", []string{"username=201"}},
			{"email", "/forgot-password?style=email", "Email Address", "Send me reset password instructions", []string{"email=kim@kontak.test"}, "kontak", []string{"email=kim@kontak.test"}},
		} {
			t.Run(way.name, func(t *testing.T) {
				s.browser(t).get(way.page).expect(200, way.label, way.button)
				token := resetToken(t, s, way.page, way.fields...)
				b := s.browser(t)
				b.follow("/reset-password", token).expect(200, "New Password", "Reset Password")
				b.post(b.action(), newWords+way.name, sameWords+way.name).expect(303, "/t/"+way.slug+"/login?notice=password-reset")
				if left := slices.DeleteFunc(keysOf(b.cookies), func(name string) bool { return !strings.HasPrefix(name, front.FlowCookie) }); len(left) > 0 {
					t.Errorf("the browser keeps %v of a link that is spent", left)
				}
				b.get("/t/"+way.slug+"/login?notice=password-reset").expect(200, "Your password has been reset.")
				b.post("/t/"+way.slug+"/login", append(way.signIn, "password=correct horse")...).expect(401)
				b.post("/t/"+way.slug+"/login", append(way.signIn, "password=violet lantern ember"+way.name)...).expect(303)
				b.follow("/reset-password", token).expect(410, linkOver, "Send a New Link")
				s.Clock.Advance(time.Hour)
			})
		}
	})
}

// Proves: P7, Q3, Q7, 4.2
func TestForgottenPasswordTellsNobodyWhoIsThere(t *testing.T) {
	s := sqlite(t)
	acme := s.AddTenant(t, "acme", identity.Workspace, "support-contact=Call 4711")
	s.AddUser(t, acme, housetest.Person{Email: "ann@acme.test", Password: "correct horse"})
	s.AddUser(t, acme, housetest.Person{Email: "off@acme.test", Password: "correct horse", Status: identity.Deactivated})
	sprockets := s.AddTenant(t, "sprockets", identity.Extension, "support-contact=Call 4711")
	s.AddUser(t, sprockets, housetest.Person{Extension: "201", Password: "correct horse"})
	pages := map[string]bool{}
	for _, name := range []string{"email=ann@acme.test", "email=off@acme.test", "email=nobody@acme.test"} {
		b := s.browser(t).post("/t/acme/forgot-password", name).expect(303, "/t/acme/forgot-password?asked=yes").arrive().expect(200, askedAnswer, "contact your system administrator or Call 4711")
		pages[b.body] = true
	}
	if len(pages) != 1 {
		t.Errorf("%d different answers", len(pages))
	}
	s.browser(t).get("/t/sprockets/forgot-password").expect(200, "An extension without an e-mail address cannot be reset by mail: contact your system administrator or Call 4711.")
	for _, name := range []string{"username=201", "username=202"} {
		s.browser(t).post("/t/sprockets/forgot-password", name).arrive().expect(200, "contact your system administrator or Call 4711")
	}
	if letters := s.Work(t); len(letters) != 1 {
		t.Errorf("%d letters, want the one to Ann", len(letters))
	}
}

// Proves: 4.2
func TestForgottenPasswordRefusesWhatIsNoAddress(t *testing.T) {
	s := sqlite(t)
	acme := s.AddTenant(t, "acme", identity.Workspace)
	s.AddUser(t, acme, housetest.Person{Email: "kim@acme.test", Password: "correct horse"})
	for _, row := range []struct {
		name   string
		fields []string
		status int
	}{
		{"two addresses in one field", []string{"email=kim@acme.test,eve@evil.test"}, 422},
		{"two fields", []string{"email=kim@acme.test", "email=eve@evil.test"}, 422},
		{"a list", []string{"email[]=kim@acme.test", "email[]=eve@evil.test"}, 422},
		{"a header in it", []string{"email=kim@acme.test\r\nBcc: eve@evil.test"}, 422},
		{"a twin with the Kelvin sign", []string{"email=\u212aim@acme.test"}, 422},
		{"a twin in fullwidth", []string{"email=\uff4bim@acme.test"}, 422},
		{"no address", []string{"email=kim"}, 422},
		{"nothing", []string{"email= "}, 422},
		{"too long", []string{"email=" + strings.Repeat("k", 1000) + "@acme.test"}, 422},
		{"huge", []string{"email=" + strings.Repeat("k", 10<<20)}, 413},
	} {
		t.Run(row.name, func(t *testing.T) {
			s.browser(t).post("/t/acme/forgot-password", row.fields...).expect(row.status).lacks(askedAnswer)
		})
	}
	if letters := s.Work(t); len(letters) != 0 {
		t.Errorf("%d letters, want none", len(letters))
	}
}

// Proves: 4.2
func TestForgottenPasswordWaitsAfterManyWishes(t *testing.T) {
	s := sqlite(t)
	s.AddTenant(t, "acme", identity.Workspace)
	b := s.browser(t)
	for range 20 {
		b.post("/t/acme/forgot-password", "email=nobody@acme.test").expect(303)
	}
	b.post("/t/acme/forgot-password", "email=nobody@acme.test").expect(429, "Wait 1 hour")
	if b.answer.Get("Retry-After") != "3600" {
		t.Errorf("Retry-After %q", b.answer.Get("Retry-After"))
	}
	s.Clock.Advance(500 * time.Millisecond) // what counts down is what the sentence says
	b.post("/t/acme/forgot-password", "email=nobody@acme.test").expect(429, "Wait 1 hour", `data-wait="3600"`, "<title>Problem: ")
	b.address = "198.51.100.7:4000"
	b.post("/t/acme/forgot-password", "email=nobody@acme.test").expect(303)
}

// The address of a letter's link ends in a cookie, with no trace in Referer or
// history, and whatever is fetched spends nothing.
//
// Proves: 4.1, W4
func TestOpeningALinkSpendsNothing(t *testing.T) {
	s := sqlite(t)
	acme := s.AddTenant(t, "acme", identity.Workspace)
	s.AddUser(t, acme, housetest.Person{Email: "ann@acme.test", Password: "correct horse"})
	token := resetToken(t, s, "/t/acme/forgot-password", "email=ann@acme.test")

	b := s.browser(t)
	for range 3 {
		b.get("/reset-password?token=" + token).expect(303)
		if got := b.answer.Get("Referrer-Policy"); got != "no-referrer" {
			t.Errorf("Referrer-Policy %q", got)
		}
		to := b.answer.Get("Location")
		if strings.Contains(to, token) || !strings.HasPrefix(to, "/reset-password/") {
			t.Errorf("leads to %s", to)
		}
		cookie := b.answer.Get("Set-Cookie")
		if !strings.HasPrefix(cookie, front.FlowCookie) || !strings.Contains(cookie, "SameSite=Lax") || !strings.Contains(cookie, "HttpOnly") {
			t.Errorf("cookie %s", cookie)
		}
		b.get(to).expect(200, "Reset Password").lacks(token)
		if got := b.answer.Get("Referrer-Policy"); got != "same-origin" {
			t.Errorf("Referrer-Policy %q", got)
		}
	}
	// A mail scanner: HEAD, prefetch, and a form sent without the cookie.
	scanner := s.browser(t)
	scanner.do(httptest.NewRequest("HEAD", housetest.Issuer+"/reset-password?token="+token, nil)).expect(303)
	if scanner.answer.Get("Set-Cookie") != "" {
		t.Error("HEAD gets a cookie")
	}
	scanner.header = http.Header{"Sec-Purpose": {"prefetch"}}
	scanner.follow("/reset-password", token).expect(200)
	action := scanner.action()
	blind := s.browser(t)
	blind.post(action, newWords, sameWords).expect(410, linkOver)
	blind.post("/reset-password?token="+token, newWords, sameWords).expect(405)
	b.from = "cross-site"
	b.post(action, newWords, sameWords).expect(403)
	b.from = "same-origin"
	// The link is as good as new.
	b.follow("/reset-password", token)
	b.post(b.action(), newWords, sameWords).expect(303, "/t/acme/login?notice=password-reset")
}

// Proves: W4, 4.1
func TestLinksThatAreOver(t *testing.T) {
	s := sqlite(t)
	acme := s.AddTenant(t, "acme", identity.Workspace)
	s.AddUser(t, acme, housetest.Person{Email: "ann@acme.test", Password: "correct horse"})
	token := resetToken(t, s, "/t/acme/forgot-password", "email=ann@acme.test")
	b := s.browser(t)
	over := func(token string) {
		t.Helper()
		b.follow("/reset-password", token).expect(410, linkOver, "Send a New Link")
	}
	over(token[:len(token)-1])
	changed := []byte(token)
	changed[len(changed)-5] ^= 1
	over(string(changed))
	over("rst_made-up")
	over("inv_" + token[4:])
	over(strings.ToUpper(token))
	over(token + "&token=" + token)
	over("%00%0d%0aSet-Cookie:x")
	b.get(notThere).expect(410, linkOver)
	b.post(notThere, newWords, sameWords).expect(410, linkOver)
	b.get("/reset-password/..%2f").expect(410)
	b.follow("/invitation", token).expect(410, linkOver, "ask whoever invited you")

	b.follow("/reset-password", token).expect(200)
	action := b.action()
	s.Clock.Advance(time.Hour)
	b.get(action).expect(410, linkOver)
	b.post(action, newWords, sameWords).expect(410, linkOver, `href="/t/acme/forgot-password"`)
}

// Proves: W5, W6, 4.3
func TestRefusedPasswordsLeaveTheLink(t *testing.T) {
	s := sqlite(t)
	acme := s.AddTenant(t, "acme", identity.Workspace, "password-min-length=12")
	s.AddUser(t, acme, housetest.Person{Email: "ann@acme.test", Name: "Ann Archer", Password: "correct horse"})
	token := resetToken(t, s, "/t/acme/forgot-password", "email=ann@acme.test")
	b := s.browser(t)
	action := b.follow("/reset-password", token).action()
	b.post(action, "new_password=violet fox", "confirm_password=violet fox").expect(422, "at least 12 characters")
	b.post(action, "new_password=AnnArcher2030", "confirm_password=AnnArcher2030").expect(422, "little more than the name")
	b.post(action, "new_password=correcthorsebattery", "confirm_password=correcthorse").expect(422, "not the same")
	b.post(action, "new_password=violet lantern").expect(422, "Fill in Confirm New Password.").lacks("violet lantern")
	b.post(action, newWords, sameWords).expect(303)
}

// Proves: 4.1
func TestTwoLinksInTwoTabsDoNotMix(t *testing.T) {
	s := sqlite(t)
	for _, slug := range []string{"acme", "twin"} {
		tenant := s.AddTenant(t, slug, identity.Workspace)
		s.AddUser(t, tenant, housetest.Person{Email: "ann@x.test", Password: "correct horse"})
	}
	b := s.browser(t)
	first := b.follow("/reset-password", resetToken(t, s, "/t/acme/forgot-password", "email=ann@x.test")).action()
	second := b.follow("/reset-password", resetToken(t, s, "/t/twin/forgot-password", "email=ann@x.test")).action()
	b.post(first, newWords+" one", sameWords+" one").expect(303, "/t/acme/login?notice=password-reset")
	b.post(second, newWords+" two", sameWords+" two").expect(303, "/t/twin/login?notice=password-reset")
	b.post("/t/twin/login", "email=ann@x.test", "password=violet lantern ember two").expect(303)
	b.post("/t/acme/login", "email=ann@x.test", "password=violet lantern ember one").expect(303)
}

// Whoever opens many links keeps room in the header for the last of them.
//
// Proves: 4.1
func TestFlowCookiesDoNotPileUp(t *testing.T) {
	s := sqlite(t)
	b := s.browser(t)
	for range 40 {
		b.get("/reset-password?token=rst_made-up").expect(303)
	}
	if n := len(slices.DeleteFunc(keysOf(b.cookies), func(name string) bool { return !strings.HasPrefix(name, front.FlowCookie) })); n > 10 {
		t.Errorf("%d flow cookies", n)
	}
}

func keysOf(m map[string]string) (keys []string) {
	for key := range m {
		keys = append(keys, key)
	}
	return keys
}

// Links begin with the public address, whatever the request says of itself.
//
// Proves: 4.2
func TestForgedHostsChangeNothing(t *testing.T) {
	s := sqlite(t)
	acme := s.AddTenant(t, "acme", identity.Workspace)
	s.AddUser(t, acme, housetest.Person{Email: "ann@acme.test", Password: "correct horse"})
	for _, header := range []string{"X-Forwarded-Host", "X-Forwarded-Proto", "Forwarded", "X-Original-Host", "X-Host"} {
		r := httptest.NewRequest("POST", "https://evil.test/t/acme/forgot-password", strings.NewReader("email=ann%40acme.test"))
		r.Host = "evil.test"
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set(header, "host=evil.test")
		s.browser(t).do(r).expect(303, "/t/acme/forgot-password?asked=yes").arrive().expect(200, askedAnswer).lacks("evil.test")
	}
	for _, letter := range s.Work(t) {
		for _, value := range letter.Data {
			if strings.Contains(value, "evil") {
				t.Errorf("a letter knows of %q", value)
			}
		}
	}
}

// A thief who changes an address from the person's own session does not keep
// them out.
//
// Proves: G6, 4.6
func TestChangeOfAddressIsTakenBack(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		acme := s.AddTenant(t, "acme", identity.Workspace)
		u := s.AddUser(t, acme, housetest.Person{Email: "Ann@acme.test", Role: identity.Admin, Password: "correct horse"})
		thief := "thief@evil.test"
		told := map[string]housetest.Letter{}
		for _, letter := range s.ChangeAddress(t, acme, u.ID, "correct horse", thief) {
			told[letter.Kind] = letter
		}
		undo := told[identity.LetterAddressUndo]
		if len(told) != 2 || told[identity.LetterAddressChanged].Data[identity.DataTo] != "" || undo.Data[identity.DataTo] != "Ann@acme.test" {
			t.Fatalf("letters %v", told)
		}
		in := s.browser(t).post("/t/acme/login", "email="+thief, right)
		in.expect(303)
		// The thief's further steps do not take the way back away.
		var to []string
		for _, letter := range s.ChangeAddress(t, acme, u.ID, "correct horse", "thief2@evil.test") {
			if letter.Kind == identity.LetterAddressChanged && letter.Link == "" {
				to = append(to, letter.Data[identity.DataTo])
			}
		}
		if slices.Sort(to); !slices.Equal(to, []string{"", thief}) {
			t.Errorf("of the second change %q were told, want the user and the address it had", to)
		}
		b := s.browser(t)
		b.follow("/undo-address", undo.Token()).expect(200, "Ann@acme.test", "Take the Change Back")
		action := b.action()
		s.browser(t).post(action).expect(410, linkOver)
		b.post(action).expect(303, "/t/acme/forgot-password?notice=address-restored")
		b.get("/t/acme/forgot-password?notice=address-restored").expect(200, "has its former e-mail address again")
		b.follow("/undo-address", undo.Token()).expect(410, linkOver)
		in.get("/home").expect(303)
		if got := housetest.User(t, acme, u.ID).Email.Typed; got != "Ann@acme.test" {
			t.Errorf("address %s", got)
		}
		s.browser(t).post("/t/acme/login", "email=ann@acme.test", right).expect(303)
	})
}
