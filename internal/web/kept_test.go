package web_test

import (
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/internal/front"
	"github.com/vestibule-id/vestibule/internal/housetest"
	"github.com/vestibule-id/vestibule/internal/identity"
)

const note, typed = "text=two loaves & a \"cake\"", `text="two loaves & a \"cake\""`

// bound are the fields that bind the form of the page a browser shows.
func (b *browser) bound() []string {
	b.t.Helper()
	return []string{"form_token=" + b.hidden("form_token"), "form_page=" + b.hidden("form_page")}
}

func twoTenants(t *testing.T, s *site) {
	t.Helper()
	ann(t, s)
	globex := s.AddTenant(t, "globex", identity.Workspace)
	s.AddUser(t, globex, housetest.Person{Email: "bob@globex.test", Name: "Bob", Password: "correct horse"})
}

func (b *browser) signIn() *browser {
	b.t.Helper()
	return b.post("/t/acme/login", "email=ann@acme.test", right).expect(303)
}

// Tab 1 shows a form, then tab 2 signs in: as the same person or as another.
//
// Proves: W10, 3.3
func TestFormsOfAnotherSession(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		twoTenants(t, s)
		b := s.browser(t).signIn()
		fields := append(b.get("/note?x=1").expect(200).bound(), note, "new_password=secret words")

		b.post("/note", fields...).expect(200, "written, from /note?x=1")
		b.signIn()
		b.post("/note", fields...)
		to, _, _ := strings.Cut(b.answer.Get("Location"), "frm_")
		if b.status != 303 || to != "/note?kept=" || len(s.notes.Sent) != 1 {
			t.Fatalf("from an earlier session: %d %s, sent %q", b.status, b.answer.Get("Location"), s.notes.Sent)
		}
		b.get(b.answer.Get("Location")).expect(200, "nothing has been changed yet", typed, `new_password=""`, `form_token=""`)
		b.post("/note", append(b.bound(), note)...).expect(200)

		b.post("/t/globex/login", "email=bob@globex.test", right).expect(303)
		for _, token := range []string{fields[0], "form_token=", "x=y", "form_token=" + strings.Repeat("A", 45)} {
			b.post("/note", token, fields[1], note).expect(409, "This form was opened in another session", "Nothing was changed.")
		}
		if len(s.notes.Sent) != 2 {
			t.Errorf("sent %q", s.notes.Sent)
		}
		b.post("/note", append(b.get("/note").bound(), note)...).expect(200)
	})
}

// What is sent after the session's end leads to sign-in and then to the same
// form, filled in but for passwords, not executed.
//
// Proves: W10, 3.3
func TestFormsAfterTheEnd(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		twoTenants(t, s)
		b := s.browser(t).signIn()
		fields := append(b.get("/note?x=1#y").bound(), note, "new_password=secret words")
		s.Clock.Advance(4 * time.Hour)
		b.post("/note", fields...)
		signIn, err := url.Parse(b.answer.Get("Location"))
		if err != nil || b.status != 303 || signIn.Path != "/t/acme/login" {
			t.Fatalf("%d %s", b.status, signIn)
		}
		back := signIn.Query().Get("return_to")
		b.get(signIn.String()).expect(200)

		bob := s.browser(t).post("/t/globex/login", "email=bob@globex.test", right).expect(303)
		bob.get(back).expect(200, `text=""`).lacks("loaves", "not been changed")

		b.post(signIn.String(), "email=ann@acme.test", right).expect(303, back)
		b.get(back).expect(200, "You were signed out before this was sent", typed, `new_password=""`)
		b.get("/note").expect(200, `text=""`).lacks("You were signed out")
		b.get(strings.Replace(back, "/note", "/diary", 1)).expect(200, `text=""`)
		if len(s.notes.Sent) > 0 {
			t.Errorf("executed: %q", s.notes.Sent)
		}
		s.Clock.Advance(time.Hour - time.Second)
		b.get(back).expect(200, typed)
		s.Clock.Advance(time.Second)
		b.get(back).expect(200, `text=""`)
	})
}

// Only what a person sent from a page of their own is kept; whoever must sign in
// comes back to the page in any case, if it is one of ours.
//
// Proves: W10, 3.3
func TestOnlyOwnFormsAreKept(t *testing.T) {
	s := sqlite(t)
	twoTenants(t, s)
	bob := s.browser(t).post("/t/globex/login", "email=bob@globex.test", right).expect(303)
	bobs := bob.get("/note").bound()
	b := s.browser(t).signIn()
	anns := b.get("/note").bound()
	session := b.session()
	s.Clock.Advance(4 * time.Hour)
	for _, row := range []struct {
		name, session string
		fields        []string
		kept          bool
		to            string
	}{
		{"her own", session, anns, true, "/t/acme/login?return_to=%2Fnote%3Fkept%3Dfrm_"},
		{"somebody else's", session, []string{bobs[0], anns[1]}, false, "/t/acme/login?return_to=%2Fnote"},
		{"without a token", session, anns[1:], false, "/t/acme/login?return_to=%2Fnote"},
		{"a form that does not say where it stands", session, anns[:1], false, "/t/acme/login"},
		{"one that stands elsewhere", session, []string{anns[0], "form_page=//evil.test/"}, false, "/t/acme/login"},
		{"without the session cookie", "", anns, false, "/login?return_to=%2Fnote"},
		{"with a made-up one", "ses_x", anns, false, "/login?return_to=%2Fnote"},
	} {
		b.cookies = map[string]string{front.SessionCookie: row.session}
		b.post("/note", slices.Concat(row.fields, []string{note})...)
		to, _, kept := strings.Cut(b.answer.Get("Location"), "frm_")
		if kept {
			to += "frm_"
		}
		if b.status != 303 || kept != row.kept || to != row.to {
			t.Errorf("%s: %d %s", row.name, b.status, b.answer.Get("Location"))
		}
	}
	b.cookies = map[string]string{front.SessionCookie: session}
	b.postRaw("/note", "multipart/form-data; boundary=x", "--x--").expect(303, "/t/acme/login")
	b.from = "cross-site"
	b.post("/note", append(anns, note)...).expect(403)
	if len(s.notes.Sent) > 0 {
		t.Errorf("executed: %q", s.notes.Sent)
	}
}

// Proves: P4, 3.3
func TestSendingAFormIsAnInteraction(t *testing.T) {
	s := sqlite(t)
	twoTenants(t, s)
	b := s.browser(t).signIn()
	fields := append(b.get("/note").bound(), note)
	for range 3 {
		s.Clock.Advance(3 * time.Hour)
		b.post("/note", fields...).expect(200)
	}
	s.Clock.Advance(4 * time.Hour)
	b.post("/note", fields...).expect(303)
}
