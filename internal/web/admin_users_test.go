package web_test

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/internal/housetest"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/store"
)

// bureau is a tenant with an administrator, who is signed in, a manager and
// Ann.
func bureau(t *testing.T, s *site, style identity.Style) (acme store.Tenant, ann identity.User, boss, manager *browser) {
	t.Helper()
	acme = s.AddTenant(t, "acme", style, "support-contact=desk@acme.test")
	s.AddUser(t, acme, housetest.Person{Email: "boss@acme.test", Extension: "100", Name: "The Boss", Role: identity.Admin, Password: "correct horse"})
	s.AddUser(t, acme, housetest.Person{Email: "mia@acme.test", Extension: "101", Name: "Mia Manager", Role: identity.Manager, Password: "correct horse"})
	ann = s.AddUser(t, acme, housetest.Person{Email: "ann@acme.test", Extension: "201", Name: "Ann Lee", Password: "correct horse"})
	names := []string{"email=boss@acme.test", "email=mia@acme.test"}
	if style == identity.Extension {
		names = []string{"username=100", "username=101"}
	}
	return acme, ann, s.browser(t).post("/t/acme/login", names[0], right).expect(303), s.browser(t).post("/t/acme/login", names[1], right).expect(303)
}

// act presses a button of a page.
func (b *browser) act(page, action string, fields ...string) *browser {
	b.t.Helper()
	return b.post(action, append(b.get(page).expect(200).bound(), fields...)...)
}

// arrive opens where the last answer leads.
func (b *browser) arrive() *browser {
	b.t.Helper()
	b.expect(303)
	return b.get(b.answer.Get("Location"))
}

// Proves: Q5, G2, 5.2
func TestListOfUsers(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		acme, ann, boss, manager := bureau(t, s, identity.Workspace)
		boss.get("/settings").expect(200, `aria-label="Profile Settings">`)
		if left := between(t, strings.ReplaceAll(boss.body, `"`, "'"), "class='parts'"); !strings.Contains(left, ">Users</a>") {
			t.Errorf("on the left of the settings: %s", left)
		}
		boss.get("/home").expect(200, `<a href="/admin/users">Users</a>`)
		boss.get("/admin/users").expect(200, "<strong>3</strong> active", "<strong>0</strong> waiting", ">Ann Lee</a>", ">Mia Manager</a>", ">The Boss</a>", ">Reset Password</button>")
		boss.get("/admin/users?q=LEE").expect(200, ">Ann Lee</a>", `value="LEE"`).lacks(">The Boss</a>")
		boss.get("/admin/users?q=101").expect(200, ">Mia Manager</a>").lacks(">Ann Lee</a>")
		boss.get("/admin/users?role=manager").expect(200, ">Mia Manager</a>").lacks(">Ann Lee</a>")
		boss.get("/admin/users?status=invited").expect(200, "Nobody fits.")
		boss.get("/admin/users?status=none").expect(422, "The list cannot be filtered")
		manager.get("/admin/users").expect(200, "/admin/users/"+string(ann.ID)+"/password-reset")
		if n := strings.Count(manager.body, "/password-reset"); n != 2 {
			t.Errorf("a manager may reset %d, want two: themselves and Ann", n)
		}

		boss.act("/admin/users?q=ann", "/admin/users/"+string(ann.ID)+"/password-reset").arrive().expect(200, "A link to choose a new password was mailed to Ann Lee.", `value="ann"`)
		if letters := s.Work(t); len(letters) != 1 || letters[0].User != ann.ID {
			t.Errorf("letters %v", letters)
		}
		none := s.AddUser(t, acme, housetest.Person{Extension: "202", Name: "No Mail", Password: "correct horse"})
		boss.act("/admin/users", "/admin/users/"+string(none.ID)+"/password-reset").expect(409, "has no e-mail address. Give an initial password instead.", ">No Mail</a>")

		member := s.browser(t).post("/t/acme/login", "email=ann@acme.test", right).expect(303)
		member.get("/home").expect(200).lacks("/admin/")
		member.get("/admin/users").expect(403, "You may not do that", "desk@acme.test")
	})
}

// Proves: 5.2
func TestPagesOfTheListOfUsers(t *testing.T) {
	s := sqlite(t)
	acme, _, boss, _ := bureau(t, s, identity.Workspace)
	for i := range 120 {
		s.AddUser(t, acme, housetest.Person{Email: fmt.Sprintf("p%d@acme.test", i), Name: fmt.Sprintf("Person %03d", i)})
	}
	seen, page := map[string]bool{}, "/admin/users"
	for range 3 {
		boss.get(page).expect(200)
		for _, id := range regexp.MustCompile(`href="/admin/users/(usr_\w+)"`).FindAllStringSubmatch(boss.body, -1) {
			seen[id[1]] = true
		}
		if next := regexp.MustCompile(`href="([^"]+)" rel="next"`).FindStringSubmatch(boss.body); next != nil {
			page = strings.ReplaceAll(next[1], "&amp;", "&")
		}
	}
	if len(seen) != 123 {
		t.Errorf("%d users on three pages", len(seen))
	}
	boss.expect(200, "First page").lacks("Next page")
}

// Proves: G2, 5.2
func TestPageOfAUser(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		acme, ann, boss, manager := bureau(t, s, identity.Workspace)
		hers := s.browser(t).signIn()
		page := "/admin/users/" + string(ann.ID)
		boss.get(page).expect(200, "<h1>Ann Lee</h1>", `value="ann@acme.test"`, "Recent events", ">Signed in</span>", "from 192.0.2.1", "Delete this user")
		manager.get(page).expect(200, `value="ann@acme.test"`).lacks("Recent events", "Delete this user")
		boss.act(page, page, "name=Ann <b>Other</b>", "email=other@acme.test", "role=manager").arrive().expect(200, "The changes were saved.", "Ann <b>Other</b>")
		boss.lacks("Ann <b>Other</b></h1>" + "!")
		if strings.Contains(boss.body, "<b>Other") {
			t.Error("a name became markup")
		}
		boss.act(page, page, "name=Ann", "email=nothing", "role=boss").expect(422, `id="email-error"`, "There is no such role.", `value="nothing"`)
		boss.act(page, page, "name=Ann", "email=mia@acme.test", "role=user").expect(409, "Somebody in this organization has that e-mail address")
		boss.act(page, page+"/sessions/end").arrive().expect(200, "All sessions of Ann")
		hers.get("/home").expect(303)
		boss.act(page, page+"/unlock").arrive().expect(200, "need not wait any more")
		boss.act(page, page+"/deactivate").arrive().expect(200, "was deactivated", ">Reactivate</button>")
		boss.act(page, page+"/password-reset").expect(409, "The user is not active.")
		boss.act(page, page+"/reactivate").arrive().expect(200, "was reactivated")
		boss.act(page, page+"/delete").arrive().expect(200, "The user was deleted.")
		boss.get(page).expect(404)
		if users, err := acme.Users(t.Context(), "", 9); err != nil || len(users) != 2 {
			t.Errorf("%d users, %v", len(users), err)
		}
	})
}

// Proves: Q7, 5.2
func TestMailTroubleOnThePage(t *testing.T) {
	s := sqlite(t)
	acme, ann, boss, _ := bureau(t, s, identity.Workspace)
	trouble := identity.MailTrouble{Kind: identity.MailBounced, Answer: "550 no such <user>", At: s.Clock.Now()}
	if err := acme.Tx(t.Context(), func(tx *store.Tx) error { return tx.SetMailTrouble(t.Context(), ann.ID, "ann@acme.test", trouble) }); err != nil {
		t.Fatal(err)
	}
	page := "/admin/users/" + string(ann.ID)
	boss.get("/admin/users").expect(200, "mail fails")
	boss.get(page).expect(200, "does not arrive", "550 no such <user>", "If it is right, ask desk@acme.test.")
	boss.act(page, page, "email=ann.lee@acme.test").arrive().expect(200).lacks("does not arrive")
}

// Proves: P1, P7, 5.2
func TestCreateAndHandOver(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		_, ann, boss, _ := bureau(t, s, identity.Extension)
		boss.get("/admin/users/new").expect(200, ">Extension<", ">Initial Password<", `value="password" checked`)
		slip := boss.act("/admin/users/new", "/admin/users", "name=Eve", "extension=203", "role=user", "access=password", "email=").
			expect(200, "Initial password for Eve", "203-acme", housetest.Issuer+"/t/acme/login")
		made := regexp.MustCompile(`class="spelled">([^<]+)<`).FindStringSubmatch(slip.body)[1]
		s.browser(t).post("/t/acme/login", "username=203", "password="+made).expect(200, "Choose your password")
		boss.act("/admin/users/new", "/admin/users", "name=Typed", "extension=204", "role=user", "access=password", "initial_password=seven doors and a lamp").
			expect(200, "204-acme", "seven doors and a lamp")
		boss.act("/admin/users/new", "/admin/users", "name=Typed", "extension=203", "role=user", "access=password").expect(409, "has that extension already", `value="203"`)
		boss.act("/admin/users/new", "/admin/users", "name=", "extension=x", "role=user", "access=password", "initial_password=short").expect(422, "A name is missing.", `id="extension-error"`).lacks("short")
		boss.act("/admin/users/new", "/admin/users", "name=Ivy", "extension=205", "email=ivy@acme.test", "role=user", "access=invitation").
			arrive().expect(200, "An invitation was mailed to Ivy.")
		if letters := s.Work(t); len(letters) != 1 {
			t.Errorf("%d letters", len(letters))
		}
		again := boss.act("/admin/users/"+string(ann.ID), "/admin/users/"+string(ann.ID)+"/initial-password").expect(200, "201-acme", "is good until")
		made = regexp.MustCompile(`class="spelled">([^<]+)<`).FindStringSubmatch(again.body)[1]
		s.browser(t).post("/t/acme/login", "username=201", "password="+made).expect(200, "Choose your password")
		s.Clock.Advance(8 * 24 * time.Hour)
		s.browser(t).post("/t/acme/login", "username=201", "password="+made).expect(401)
	})
}

// Who reloads the page of a slip sends its form again: nothing is made a second
// time, and the password that has been handed over stays as it is.
//
// Proves: P7, 5.2
func TestReloadOfASlip(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		_, ann, boss, _ := bureau(t, s, identity.Extension)
		for _, row := range []struct{ page, action, username string }{
			{"/admin/users/new", "/admin/users", "203"},
			{"/admin/users/" + string(ann.ID), "/admin/users/" + string(ann.ID) + "/initial-password", "201"},
		} {
			boss.get(row.page).expect(200)
			form := append(boss.bound(), "once="+boss.hidden("once"), "name=Eve", "extension=203", "role=user", "access=password")
			made := spelled(boss.post(row.action, form...).expect(200, row.username+"-acme"))
			boss.post(row.action, form...).arrive().expect(200, "was shown once and cannot be shown again", "New Initial Password").lacks(made)
			s.browser(t).post("/t/acme/login", "username="+row.username, "password="+made).expect(200, "Choose your password")

			boss.get(row.page)
			filledIn := append(boss.bound(), "once="+boss.hidden("once"), "name=Eve Two", "extension=204", "role=user", "access=password")
			if spelled(boss.post(row.action, filledIn...).expect(200)) == made {
				t.Errorf("%s: the form opened anew shows the password of before", row.action)
			}
			back := append(filledIn[:len(filledIn):len(filledIn)], "email=eve@acme.test")
			back[4] = "extension=205" // what the browser kept of the form, filled in for somebody else
			spelled(boss.post(row.action, back...).expect(200))
		}
	})
}

func spelled(slip *browser) string {
	return regexp.MustCompile(`class="spelled">([^<]+)<`).FindStringSubmatch(slip.body)[1]
}

// Whatever a page offers, its forms are refused to whoever may not.
//
// Proves: G3, W2, 5.2
func TestWhoMayDoWhatOnThePages(t *testing.T) {
	s := sqlite(t)
	acme, ann, boss, manager := bureau(t, s, identity.Workspace)
	twin := s.AddTenant(t, "twin", identity.Workspace)
	stranger := s.AddUser(t, twin, housetest.Person{Email: "ann@acme.test", Name: "Ann Lee", Password: "correct horse"})
	member := s.browser(t).post("/t/acme/login", "email=ann@acme.test", right).expect(303)
	users, err := acme.Users(t.Context(), "", 9)
	if err != nil {
		t.Fatal(err)
	}
	acts := []string{"", "/password-reset", "/initial-password", "/unlock", "/sessions/end", "/deactivate", "/reactivate", "/delete"}
	for _, act := range acts {
		fields := append(member.get("/home").bound(), "name=Eve")
		member.post("/admin/users/"+string(ann.ID)+act, fields...).expect(403)
		for _, id := range []identity.UserID{stranger.ID, "usr_00000000000000000000000000000000"} {
			boss.act("/admin/users", "/admin/users/"+string(id)+act, "name=Eve").expect(404, "There is nothing here.")
		}
		manager.act("/admin/users", "/admin/users/"+string(users[0].ID)+act, "name=Eve").expect(403)
		boss.post("/admin/users/"+string(ann.ID)+act, "name=Eve").expect(409, "opened in another session")
	}
	boss.get("/admin/users/" + string(stranger.ID)).expect(404)
	manager.get("/admin/users/new").expect(200).lacks(`value="admin"`)
	manager.act("/admin/users/new", "/admin/users", "name=Eve", "email=eve@acme.test", "role=admin", "access=password").expect(403)
	manager.act("/admin/users/new", "/admin/users", "name=Eve", "email=eve@acme.test", "role=admin", "access=invitation").expect(403)
	boss.act("/admin/users/"+string(users[0].ID), "/admin/users/"+string(users[0].ID)+"/deactivate").expect(409, "keeps at least one active administrator")
	after, err := acme.Users(t.Context(), "", 9)
	if err != nil || len(after) != 3 {
		t.Fatalf("%d users, %v", len(after), err)
	}
	for i := range after {
		if users[i].LastSignIn = after[i].LastSignIn; after[i] != users[i] {
			t.Errorf("changed: %+v", after[i])
		}
	}
}

// What would let a visitor become somebody who may more is neither offered nor
// taken.
//
// Proves: G3, 5.2, 5.3
func TestPageOfAUserWhoMayMore(t *testing.T) {
	s := sqlite(t)
	acme, ann, _, manager := bureau(t, s, identity.Workspace)
	if err := acme.Tx(t.Context(), func(tx *store.Tx) error {
		return tx.AddRole(t.Context(), identity.Role{Name: "auditor", Title: "Auditor", Rank: 20, Permissions: "audit.read"})
	}); err != nil {
		t.Fatal(err)
	}
	ivy := s.AddUser(t, acme, housetest.Person{Email: "ivy@acme.test", Name: "Ivy", Role: "auditor", Status: identity.Invited})
	page, hers := "/admin/users/"+string(ann.ID), "/admin/users/"+string(ivy.ID)
	manager.get(page).expect(200, ">New Initial Password</button>", `name="email"`)
	housetest.SetRole(t, acme, ann.ID, "auditor")
	manager.get(page).expect(200, ">Reset Password</button>", ">Deactivate</button>", "you cannot change the e-mail address, ann@acme.test.", "you cannot give an initial password.").
		lacks("New Initial Password", `name="email"`)
	manager.get(hers).expect(200, ">Deactivate</button>").lacks("New Initial Password", "Resend Invitation", `name="email"`)
	manager.get("/admin/users").expect(200, page+"/password-reset").lacks(hers + "/invitation")
	manager.act(page, page+"/initial-password").expect(403, "You may not do that")
	manager.act(page, page, "name=Ann Lee", "email=mia+ann@acme.test").expect(403, "You may not do that")
	manager.act(page, page, "name=Ann Other").arrive().expect(200, "The changes were saved.", "Ann Other", "ann@acme.test")
}

// What comes too late is shown again, filled in, without a password.
//
// Proves: W10, 5.2
func TestLateFormAboutAUser(t *testing.T) {
	s := sqlite(t)
	_, ann, boss, _ := bureau(t, s, identity.Workspace)
	page := "/admin/users/" + string(ann.ID)
	fields := append(boss.get(page).expect(200).bound(), "name=Annabel", "email=ann@acme.test", "role=manager")
	s.Clock.Advance(5 * time.Hour)
	boss.post(page, fields...).expect(303)
	back, err := url.Parse(boss.answer.Get("Location"))
	if err != nil {
		t.Fatal(err)
	}
	boss.post("/t/acme/login?"+back.RawQuery, "email=boss@acme.test", right).arrive().
		expect(200, `value="Annabel"`, `value="manager" selected`, "<h1>Ann Lee</h1>", "nothing has been changed yet")
}
