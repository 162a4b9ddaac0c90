package web_test

import (
	"strings"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/internal/front"
	"github.com/vestibule-id/vestibule/internal/housetest"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/secret"
)

const right, wrong = "password=correct horse", "password=battery staple"

func ann(t *testing.T, s *site) {
	t.Helper()
	acme := s.AddTenant(t, "acme", identity.Workspace, "name=Acme Inc.", "support-contact=desk@acme.test")
	s.AddUser(t, acme, housetest.Person{Email: "ann@acme.test", Name: "Ann Lee", Password: "correct horse", Role: identity.Admin})
}

// Proves: W1
func TestWorkspaceStyle(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		ann(t, s)
		b := s.browser(t)
		b.get("/").expect(303, "/login")
		b.get("/login").expect(200, "Tenant Slug", "Email Address", ">Password<", ">Sign In<", "administrator or help@door.test")
		b.post("/login", "tenant=ACME ", "email=Ann@acme.test", wrong).
			expect(401, `role="alert">The sign-in details are not right.`, `aria-describedby="problem`, `value="ACME "`, `value="Ann@acme.test"`,
				`autocomplete="current-password" aria-describedby="problem" aria-invalid="true" required autofocus`).
			lacks("battery")
		b.post("/login", "tenant=", "email=ann@acme.test", "password=").expect(422, "Fill in Tenant Slug and Password.", "ann@acme.test")
		b.post("/login", "tenant=nobody", "email=ann@acme.test", right).expect(401, "not right")
		b.post("/login", "tenant= ACME", "email=Ann@acme.test", right).expect(303, "/home")
		b.get("/").expect(303, "/home")
		b.get("/home").expect(200, "Welcome, Ann Lee", "ann@acme.test", "Admin", "Acme Inc.", "192.0.2.1", "2 January 2030, 09:00 UTC", "Sign Out")
		b.get("/phone").expect(200, "The phone is not set up", "desk@acme.test", `href="/admin/organization#sign-in"`).lacks("organization’s administrator")
		b.get("/login").expect(200, "You are signed in to Acme Inc. as Ann Lee.", `href="/home"`)
	})
}

// Proves: W1, W2
func TestAddressTellsTheTenant(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		ann(t, s)
		s.AddTenant(t, "globex", identity.Workspace)
		b := s.browser(t)
		b.get("/t/acme/login").expect(200, "Sign in to Acme Inc.", "Email Address", "administrator or desk@acme.test").lacks("Tenant Slug")
		b.get("/t/ACME/login?style=extension").expect(200, "Sign in to Acme Inc.").lacks("Username")
		b.get("/t/nobody/login").expect(404, "There is no organization at this address.", `href="/login"`)
		b.get("/t/a%00b/login").expect(404, "There is no organization at this address.")
		b.post("/t/nobody/login", "email=ann@acme.test", right).expect(404)
		b.post("/t/globex/login", "email=ann@acme.test", right).expect(401, "Sign in to Globex")
		b.post("/t/globex/login", "tenant=acme", "email=ann@acme.test", right).expect(401)
		b.post("/t/acme/login", "tenant=globex", "email=ann@acme.test", right).expect(303, "/home")
	})
}

// Proves: P2
func TestExtensionStyle(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		sprockets := s.AddTenant(t, "wicked-sprockets", identity.Extension)
		s.AddUser(t, sprockets, housetest.Person{Extension: "201", Password: "correct horse"})
		s.AddTenant(t, "other", identity.Extension)
		b := s.browser(t)
		b.get("/login?style=extension").expect(200, ">Username<", `name="username"`).lacks("Tenant Slug", "Email Address")
		for _, name := range []string{"201-wicked-sprockets", " 201-WICKED-Sprockets\t"} {
			s.browser(t).post("/login", "username="+name, right).expect(303, "/phone")
			s.browser(t).post("/t/wicked-sprockets/login", "username="+name, right).expect(303, "/phone")
		}
		s.browser(t).post("/t/wicked-sprockets/login", "username=201", right).expect(303, "/phone")
		b.post("/t/wicked-sprockets/login", "username=201-other", right).expect(401, "The sign-in details are not right.", `value="201-other"`)
		b.post("/t/other/login", "username=201-wicked-sprockets", right).expect(401)
		b.post("/login", "username=201", right).expect(401, ">Username<").lacks("Tenant Slug")
		b.post("/login?style=email", "username=201-wicked-sprockets", right).expect(303, "/phone")
		b.get("/home").expect(200, "Welcome, 201")
	})
}

// Proves: Q1, W2
func TestEmailStyleAndTheChoiceBetweenTenants(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		for _, slug := range []string{"kontak", "lumbung"} {
			s.AddUser(t, s.AddTenant(t, slug, identity.Email), housetest.Person{Email: "eva@x.test", Name: "Eva at " + slug, Password: "correct horse"})
		}
		b := s.browser(t)
		b.get("/login?style=email").expect(200, "Email Address").lacks("Tenant Slug", "Username")
		b.post("/t/lumbung/login", "email=eva@x.test", right).expect(303, "/home").get("/home").expect(200, "Eva at lumbung")
		b = s.browser(t)
		b.post("/login?return_to=/phone", "email=eva@x.test", right).expect(200, `name="tenant" value="kontak"`, `name="tenant" value="lumbung"`,
			`name="return_to" value="/login?return_to=%2Fphone&style=email"`)
		token := "choice_token=" + b.hidden("choice_token")
		if b.session() != "" {
			t.Error("a session before the choice")
		}
		b.post("/login/choice", token, "tenant=nobody").expect(401, "Sign in again.", "Email Address").lacks("Tenant Slug")
		b.post("/login/choice", "choice_token=made up", "tenant=kontak").expect(401)
		b.post("/login/choice?return_to=%2Fphone", token, "tenant=kontak").expect(303, "/phone")
		b.get("/home").expect(200, "Eva at kontak")
		s.Clock.Advance(6 * time.Minute)
		s.browser(t).post("/login/choice", token, "tenant=lumbung").expect(401, "That took too long")
	})
}

func TestInitialPassword(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		acme := s.AddTenant(t, "acme", identity.Workspace)
		s.AddUser(t, acme, housetest.Person{Email: "new@acme.test", Password: "correct horse", MustChange: true})
		b := s.browser(t)
		b.post("/t/acme/login?return_to=/phone", "email=new@acme.test", right).expect(200, "New Password", "Confirm New Password", "8 or more characters")
		token := "change_token=" + b.hidden("change_token")
		to := "/t/acme/login/initial-password?return_to=%2Fphone"
		b.expect(200, `action="`+to+`"`, `name="return_to" value="/t/acme/login?return_to=%2Fphone"`)
		b.post(to, token, "new_password=acme", "confirm_password=acme").
			expect(422, "A password has at least 8 characters.", "This is little more than").lacks(`value="acme"`)
		b.post(to, token, "new_password=a fresh start", "confirm_password=a fresh stars").expect(422, "The two new passwords are not the same.")
		b.post(to, token, "new_password=a fresh start", "confirm_password=").expect(422, "Fill in Confirm New Password.")
		b.post(to, token, "new_password=correct horse", "confirm_password=correct horse").expect(422, "other than the initial one", b.hidden("change_token"))
		b.post(to, "change_token=made up", "new_password=a fresh start", "confirm_password=a fresh start").expect(401, "Sign in again.", "Sign in to Acme")
		if b.session() != "" {
			t.Error("a session before the change")
		}
		b.post(to, token, "new_password=a fresh start", "confirm_password=a fresh start").expect(303, "/phone")
		b.get("/home").expect(200)
		b.post(to, token, "new_password=another start", "confirm_password=another start").expect(401)
		s.browser(t).post("/t/acme/login", "email=new@acme.test", "password=a fresh start").expect(303, "/home")
	})
}

// Proves: P5
func TestWait(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		ann(t, s)
		known := s.browser(t)
		known.post("/t/acme/login", "email=ann@acme.test", right).expect(303)
		stranger := s.browser(t)
		for range 5 {
			stranger.post("/t/acme/login", "email=ann@acme.test", wrong).expect(401)
		}
		s.Clock.Advance(30 * time.Second)
		stranger.post("/t/acme/login", "email=ann@acme.test", right).
			expect(429, "There were too many attempts. Wait 14 minutes 30 seconds, then try again.", "ann@acme.test")
		if after := stranger.answer.Get("Retry-After"); after != "870" {
			t.Errorf("Retry-After: %s", after)
		}
		if len(stranger.cookies) != 0 {
			t.Errorf("cookies %v without a sign-in", stranger.cookies)
		}
		for range 4 {
			known.post("/t/acme/login", "email=ann@acme.test", wrong).expect(401)
		}
		known.post("/t/acme/login", "email=ann@acme.test", right).expect(303)
	})
}

// Proves: G1
func TestSuspendedTenant(t *testing.T) {
	s := sqlite(t)
	ann(t, s)
	b := s.browser(t).post("/t/acme/login", "email=ann@acme.test", right).expect(303)
	acme, err := s.Store.TenantBySlug(t.Context(), "acme")
	if err != nil {
		t.Fatal(err)
	}
	s.SetTenantStatus(t, s.Store.Tenant(acme.ID), identity.TenantSuspended)
	s.Clock.Advance(time.Second)
	b.get("/home").expect(303, "/t/acme/login?return_to=%2Fhome")
	b.get("/t/acme/login").expect(200)
	b.post("/t/acme/login", "email=ann@acme.test", wrong).expect(401)
	b.post("/t/acme/login", "email=ann@acme.test", right).expect(403, "This organization is suspended.", "desk@acme.test")
}

func TestBusy(t *testing.T) {
	s := sqlite(t)
	s.SignIn.Gate = secret.NewGate(1, 0, time.Second)
	place, err := s.SignIn.Gate.Enter()
	if err != nil {
		t.Fatal(err)
	}
	defer place.Leave()
	b := s.browser(t).post("/login", "tenant=acme", "email=ann@acme.test", right).expect(503, "Too many are signing in just now.", "ann@acme.test")
	if after := b.answer.Get("Retry-After"); after != "1" {
		t.Errorf("Retry-After: %s", after)
	}
}

func TestSigningInChangesTheSession(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		ann(t, s)
		globex := s.AddTenant(t, "globex", identity.Workspace)
		s.AddUser(t, globex, housetest.Person{Email: "bob@globex.test", Name: "Bob", Password: "correct horse"})
		b := s.browser(t)
		b.post("/t/acme/login", "email=ann@acme.test", right).expect(303)
		first := b.session()
		b.post("/t/acme/login", "email=ann@acme.test", wrong).expect(401)
		b.get("/home").expect(200) // a failed try ends nothing
		b.post("/t/globex/login", "email=bob@globex.test", right).expect(303)
		if b.session() == first || first == "" {
			t.Error("the session cookie did not change")
		}
		b.get("/home").expect(200, "Welcome, Bob")
		thief := s.browser(t)
		thief.cookies[front.SessionCookie] = first
		thief.get("/home").expect(303, "/t/acme/login?return_to=%2Fhome")
	})
}

func TestBrowserID(t *testing.T) {
	s := sqlite(t)
	ann(t, s)
	b := s.browser(t)
	b.post("/t/acme/login", "email=ann@acme.test", right).expect(303)
	made := b.cookies[front.BrowserCookie]
	if !strings.HasPrefix(made, "bro_") {
		t.Fatalf("browser cookie %q", made)
	}
	b.post("/t/acme/login", "email=ann@acme.test", right)
	if b.cookies[front.BrowserCookie] != made {
		t.Error("a known browser got another id")
	}
	for _, odd := range []string{"", "bro_", "bro_short", made + "a", "BRO_" + made[4:]} {
		b.cookies[front.BrowserCookie] = odd
		b.post("/t/acme/login", "email=ann@acme.test", right).expect(303)
		if got := b.cookies[front.BrowserCookie]; got == odd || len(got) != len(made) {
			t.Errorf("%q became %q", odd, got)
		}
	}
}

func TestNamesAreEscaped(t *testing.T) {
	s := sqlite(t)
	const odd = `<img src=x onerror=alert(1)> & "Sons" 'R' Us`
	tenant := s.AddTenant(t, "acme", identity.Workspace, "name="+odd, "support-contact="+odd)
	s.AddUser(t, tenant, housetest.Person{Email: "ann@acme.test", Name: odd, Password: "correct horse"})
	b := s.browser(t)
	check := func() {
		t.Helper()
		b.expect(b.status, odd)
		if strings.Contains(b.body, "<img src=x") || strings.Contains(b.body, `"Sons"`) {
			t.Errorf("not escaped: %s", b.body)
		}
	}
	b.get("/t/acme/login")
	check()
	b.post("/login", "tenant="+odd, "email="+odd, wrong).expect(401)
	check()
	b.post("/t/acme/login", "email=ann@acme.test", right).expect(303)
	for _, path := range []string{"/home", "/phone", "/logout", "/login", "/nothing"} {
		b.get(path)
		check()
	}
}

// Who writes the bare extension where the address tells no tenant hears what a
// username is made of, whoever exists.
//
// Proves: P2
func TestABareExtension(t *testing.T) {
	s := sqlite(t)
	workshop(t, s)
	const hint = "Here a username has the tenant code behind the extension, like 201-example."
	for _, name := range []string{"201", "999"} {
		s.browser(t).post("/login?style=extension", "username="+name, "password=wrong").expect(401, "The sign-in details are not right. "+hint)
	}
	s.browser(t).post("/login?style=extension", "username=201-sprockets", "password=wrong").expect(401).lacks(hint)
	s.browser(t).post("/t/sprockets/login", "username=201", "password=wrong").expect(401).lacks(hint)
}
