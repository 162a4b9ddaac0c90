package web_test

import (
	"strings"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/internal/front"
	"github.com/vestibule-id/vestibule/internal/housetest"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/store"
)

const (
	newPassword  = "new_password=two herons fly over"
	confirmation = "confirm_password=two herons fly over"
	present      = "current_password=correct horse"
)

// change sends the form about the password from a page.
func (b *browser) change(page string, fields ...string) *browser {
	b.t.Helper()
	return b.post("/settings/password", append(b.get(page).expect(200).bound(), fields...)...)
}

// live is the session a browser carries.
func (b *browser) live() store.Live {
	b.t.Helper()
	live, err := b.site.Sessions.CheckCookie(b.t.Context(), b.session())
	if err != nil {
		b.t.Fatal(err)
	}
	return live
}

// The words are those of the manual of the tenant's style.
//
// Proves: P9, Q4
func TestSettingsInTheWordsOfTheStyle(t *testing.T) {
	s := sqlite(t)
	ann(t, s)
	phone := s.AddTenant(t, "wickedsprockets", identity.Extension)
	s.AddUser(t, phone, housetest.Person{Extension: "201", Password: "correct horse"})
	crm := s.AddTenant(t, "crm", identity.Email)
	s.AddUser(t, crm, housetest.Person{Email: "quinn@crm.test", Password: "correct horse"})

	others := []string{"<h1>Profile Settings</h1>", ">Account Settings</a>", ">Existing Password<", ">New Password<", ">Confirm New Password<", "<button>Update</button>"}
	extension := []string{"<h1>Settings</h1>", ">Change Password</a>", ">Current Password<", ">New Password<", ">Confirm New Password<", "<button>Change Password</button>"}
	for _, test := range []struct {
		login, who string
		says       []string
	}{
		{"/t/acme/login", "email=ann@acme.test", others},
		{"/login", "email=quinn@crm.test", others},
		{"/login", "username=201-wickedsprockets", extension},
	} {
		b := s.browser(t).post(test.login, test.who, right).expect(303)
		b.get("/settings").expect(200, append(test.says, `id="profile"`, `id="sessions"`, `id="appearance"`)...)
		b.get("/settings/account").expect(200, test.says...).expect(200, `aria-current="page">`).lacks(`id="profile"`, `id="sessions"`)
	}
	s.browser(t).get("/settings").expect(303, "/login?return_to=%2Fsettings")
}

// The person stays signed in, with another cookie; every other session ends.
//
// Proves: P9, Q4, W6
func TestChangePasswordOnThePage(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		ann(t, s)
		b, other := s.browser(t).signIn(), s.browser(t).signIn()
		before := b.session()
		for _, test := range []struct {
			name   string
			fields []string
			says   []string
		}{
			{"nothing filled in", nil, []string{"This field is needed here."}},
			{"a wrong current password", []string{"current_password=wrong horse", newPassword, confirmation}, []string{"That is not your current password.", `id="current_password-error"`}},
			{"two unlike ones", []string{present, newPassword, "confirm_password=another"}, []string{"The two new passwords are not the same.", `id="confirm_password-error"`}},
			{"too short and common", []string{present, "new_password=123", "confirm_password=123"}, []string{"A password has at least 8 characters.", `id="new_password-error"`}},
			{"the same again", []string{present, "new_password=correct horse", "confirm_password=correct horse"}, []string{"other than the present one"}},
		} {
			b.change("/settings", test.fields...).expect(422, test.says...).expect(422, `id="profile"`).lacks("correct horse", "two herons")
		}
		b.change("/settings/account", "current_password=wrong horse", newPassword, confirmation).expect(422, "That is not your").lacks(`id="profile"`)

		b.change("/settings", present, newPassword, confirmation).expect(303, "/settings?done=password#password")
		if b.session() == before || b.session() == "" || b.cookies[front.AccessCookie] == "" {
			t.Errorf("cookies %v", b.cookies)
		}
		b.get("/settings?done=password").expect(200, "Your password was changed.")
		stolen := s.browser(t)
		stolen.cookies[front.SessionCookie] = before
		stolen.get("/home").expect(303)
		other.get("/home").expect(303)
		other.post("/t/acme/login", "email=ann@acme.test", right).expect(401)
		other.post("/t/acme/login", "email=ann@acme.test", "password=two herons fly over").expect(303)

		b.change("/settings/account", "current_password=two herons fly over", "new_password=a lake at dawn", "confirm_password=a lake at dawn").
			expect(303, "/settings/account?done=password#password")
	})
}

// Whoever has the cookie alone guesses five times and then waits; the owner's
// own browser does not.
//
// Proves: P5, P9
func TestGuessingOnThePage(t *testing.T) {
	s := sqlite(t)
	ann(t, s)
	b := s.browser(t).signIn()
	thief := s.browser(t)
	thief.cookies[front.SessionCookie], thief.address = b.session(), "198.51.100.7:4000"
	for range 5 {
		thief.change("/settings", "current_password=a guess", newPassword, confirmation).expect(422, "That is not your current password.")
	}
	thief.change("/settings", present, newPassword, confirmation).expect(429, "There were too many attempts. Wait 15 minutes, then try again.", `data-wait="900"`)
	if thief.answer.Get("Retry-After") != "900" {
		t.Errorf("Retry-After %q", thief.answer.Get("Retry-After"))
	}
	b.change("/settings", present, newPassword, confirmation).expect(303)
	thief.get("/settings").expect(303)
}

// Proves: W10, P9
func TestSettingsFormsOfAnotherSession(t *testing.T) {
	s := sqlite(t)
	twoTenants(t, s)
	b := s.browser(t).post("/t/globex/login", "email=bob@globex.test", right).expect(303)
	bobs := b.get("/settings").bound()
	b.signIn()
	for path, fields := range map[string][]string{
		"/settings/password": {present, newPassword, confirmation}, "/settings/profile": {"name=Bob"},
		"/settings/sessions/end-others": nil, "/settings/sessions/ses_x/end": nil,
	} {
		for _, binding := range [][]string{bobs, nil, {"form_token=made-up"}} {
			b.post(path, append(fields[:len(fields):len(fields)], binding...)...).expect(409, "This form was opened in another session")
		}
	}
	earlier := b.get("/settings").expect(200).lacks("Bob").bound()
	b.signIn()
	b.post("/settings/profile", append(earlier, "name=Ann of before")...)
	to := b.answer.Get("Location")
	if b.status != 303 || !strings.HasPrefix(to, "/settings?kept=") {
		t.Fatalf("%d %s", b.status, to)
	}
	b.get(to).expect(200, "nothing has been changed yet", `value="Ann of before"`)
	b.get("/settings").expect(200).lacks("Ann of before")
	b.post("/settings/password", append(earlier, present, newPassword, confirmation)...).expect(303)
	b.get(b.answer.Get("Location")).expect(200).lacks("two herons")
	b.post("/t/acme/login", "email=ann@acme.test", right).expect(303) // the password is what it was
}

// A name is text, whatever is in it.
//
// Proves: G5
func TestProfileOnThePage(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		ann(t, s)
		b := s.browser(t).signIn()
		set := func(name string) *browser {
			return b.post("/settings/profile", append(b.get("/settings").bound(), "name="+name)...)
		}
		set("Ann Heron").expect(303, "/settings?done=profile#profile")
		b.get("/settings?done=profile").expect(200, "Your profile was saved.", `value="Ann Heron"`)
		b.get("/home").expect(200, "Ann Heron")
		set(strings.Repeat("x", 201)).expect(422, `id="name-error"`, strings.Repeat("x", 201))
		set("").expect(422, `id="name-error"`)
		b.get("/home").expect(200, "Ann Heron")
		for _, name := range []string{`<script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, `{{.User}}`, `' onfocus='alert(1)`} {
			set(name).expect(303)
			for _, page := range []string{"/settings", "/home", "/settings?done=<script>alert(1)</script>"} {
				if b.get(page).expect(200); strings.Contains(b.body, "<script>alert") || strings.Contains(b.body, "<img") || strings.Contains(b.body, "' onfocus") {
					t.Errorf("%s: the name %s is markup in: %s", page, name, b.body)
				}
			}
		}
		b.post("/settings/profile", append(b.get("/settings").bound(), "name=Ann", "role=user", "email=eve@acme.test")...).expect(303)
		if u, err := s.Store.Tenant(tenantOf(t, s, "acme")).UserByEmail(t.Context(), "ann@acme.test"); err != nil || u.Role != identity.Admin || u.Name != "Ann" {
			t.Errorf("afterwards %+v (%v)", u, err)
		}
	})
}

func tenantOf(t *testing.T, s *site, slug string) identity.TenantID {
	t.Helper()
	row, err := s.Store.TenantBySlug(t.Context(), slug)
	if err != nil {
		t.Fatal(err)
	}
	return row.ID
}

// A person sees their sessions, and ends any of them or all others.
//
// Proves: G5
func TestOwnSessionsOnThePage(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		twoTenants(t, s)
		at := func(agent, address string) *browser {
			b := s.browser(t)
			b.header.Set("User-Agent", agent)
			b.address = address + ":4000"
			return b.signIn()
		}
		b := at("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "192.0.2.1")
		windows := at("Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:145.0) Gecko/20100101 Firefox/145.0", "198.51.100.7")
		odd := at("<script>alert(1)</script>", "203.0.113.9")
		bob := s.browser(t).post("/t/globex/login", "email=bob@globex.test", right).expect(303)
		theirs := bob.live().Session.ID

		b.get("/settings").expect(200, "Firefox on Linux", "This session", "Firefox on Windows", "198.51.100.7", "Unknown device", "last active", "2 January 2030, 09:00 UTC")
		if strings.Contains(b.body, "<script>alert") || strings.Count(b.body, ">End</button>") != 2 {
			t.Errorf("the list: %s", b.body)
		}
		id := windows.live().Session.ID
		bound := b.bound()
		b.post("/settings/sessions/"+string(theirs)+"/end", bound...).expect(404, "There is nothing here.")
		b.post("/settings/sessions/ses_nothing/end", bound...).expect(404, "There is nothing here.")
		bob.get("/home").expect(200)
		b.post("/settings/sessions/"+string(id)+"/end", bound...).expect(303, "/settings?done=session#sessions")
		b.get("/settings?done=session").expect(200, "The session has ended.").lacks("Firefox on Windows")
		windows.get("/home").expect(303)
		odd.get("/home").expect(200)
		b.post("/settings/sessions/end-others", bound...).expect(303, "/settings?done=sessions#sessions")
		b.get("/settings").expect(200).lacks("End all others")
		odd.get("/home").expect(303)
		bob.get("/home").expect(200)
		s.Clock.Advance(time.Minute)
		b.get("/home").expect(200)
	})
}
