package web_test

import (
	"io/fs"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/vestibule-id/vestibule/internal/housetest"
	"github.com/vestibule-id/vestibule/internal/identity"
)

// Times are shown where the person is: in their own zone, else their
// organization's.
//
// Proves: G5, G7, 5.1
func TestTimesAreThoseOfTheZone(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		ann(t, s)
		acme := s.tenant(t, "acme")
		bob := s.AddUser(t, acme, housetest.Person{Email: "bob@acme.test", Password: "correct horse"})
		s.SetTenant(t, acme, "time-zone=Asia/Jakarta")
		b := s.browser(t).signIn()
		shown := func(zone string) {
			t.Helper()
			now := s.Clock.Now().In(identity.Zone(zone))
			today := now.Format("2 January 2006, 15:04 ") + identity.ZoneWord(now)
			for _, page := range []string{"/home", "/settings", "/admin/users", "/admin/users/" + string(bob.ID), "/admin/audit"} {
				b.get(page).expect(200, today).lacks(" UTC<")
			}
		}
		shown("Asia/Jakarta")
		region := func(fields ...string) *browser {
			return b.post("/settings/region", append(b.get("/settings").expect(200).bound(), fields...)...)
		}
		b.get("/settings").expect(200, "As your organization: Asia/Jakarta", "As your organization: English", `<option value="Europe/Berlin">Europe/Berlin`)
		region("language=id", "time_zone=Europe/Berlin").expect(303, "/settings?done=region#region")
		b.get("/settings?done=region").expect(200, "Saved.", `<option value="Europe/Berlin" selected>`, `<option value="id" selected>`)
		shown("Europe/Berlin")
		b.get("/admin/audit").expect(200, "those of Europe/Berlin")
		region("time_zone=Local").expect(422, "A time zone is a name like Europe/Berlin")
		region("language=<b>").expect(422, "That is none of the languages").lacks("<b>")
		region("language=", "time_zone=Asia/Calcutta").expect(303)
		b.get("/settings").expect(200, `<option value="Asia/Calcutta" selected>`)
		shown("Asia/Calcutta")
	})
}

// An administrator chooses the language of somebody's letters; their own
// address is not among what they edit.
//
// Proves: G2, 5.1
func TestLanguageOfAnother(t *testing.T) {
	s := sqlite(t)
	ann(t, s)
	acme := s.tenant(t, "acme")
	bob := s.AddUser(t, acme, housetest.Person{Email: "bob@acme.test", Name: "Bob", Password: "correct horse"})
	b := s.browser(t).signIn()
	page := "/admin/users/" + string(bob.ID)
	b.post(page, append(b.get(page).expect(200, `id="email"`).bound(), "language=id")...).expect(303)
	if u := housetest.User(t, acme, bob.ID); u.Language != "id" || u.Name != "Bob" {
		t.Errorf("afterwards %+v", u)
	}
	b.post(page, append(b.get(page).bound(), "language=tlh")...).expect(422)
	own := "/admin/users/" + string(b.live().User.ID)
	bound := b.get(own).expect(200, `href="/settings/email"`).lacks(`id="email"`).bound()
	b.post(own, append(bound, "email=other@acme.test")...).expect(403)
	if u := housetest.User(t, acme, b.live().User.ID); u.Email.Folded != "ann@acme.test" {
		t.Errorf("afterwards %+v", u)
	}
}

// No page shows a time that was not brought where its reader is.
//
// Proves: 5.1
func TestEveryTimeIsBroughtIntoAZone(t *testing.T) {
	pages := os.DirFS("pages")
	names, err := fs.Glob(pages, "*.html")
	if err != nil || len(names) < 20 {
		t.Fatal(names, err)
	}
	moment := regexp.MustCompile(`\{\{-? *template "moment" ([^}]*)\}\}`)
	n := 0
	for _, name := range names {
		text, err := fs.ReadFile(pages, name)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range moment.FindAllStringSubmatch(string(text), -1) {
			n++
			if inbox := name == "inbox.html" || name == "letter.html"; !inbox && !strings.HasPrefix(found[1], "($.In ") {
				t.Errorf("%s: %s", name, found[0])
			}
		}
	}
	if n < 10 {
		t.Errorf("only %d times were found", n)
	}
}
