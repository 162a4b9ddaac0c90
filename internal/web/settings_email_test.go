package web_test

import (
	"net/url"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/internal/housetest"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/store"
)

// tenant is the one with the slug.
func (s *site) tenant(t *testing.T, slug string) store.Tenant {
	t.Helper()
	row, err := s.Store.TenantBySlug(t.Context(), slug)
	if err != nil {
		t.Fatal(err)
	}
	return s.Store.Tenant(row.ID)
}

// wish sends the form about one's own address.
func (b *browser) wish(fields ...string) *browser {
	b.t.Helper()
	return b.post("/settings/email", append(b.get("/settings/email").expect(200).bound(), fields...)...)
}

// confirmToken is the token in the letter to a new address.
func confirmToken(t *testing.T, s *site) (token string) {
	t.Helper()
	for _, l := range s.Work(t) {
		if l.Kind == identity.LetterAddressConfirm {
			token = l.Token()
		}
	}
	return token
}

// Proves: G6, 5.1
func TestChangeOwnAddressOnThePage(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		ann(t, s)
		b := s.browser(t).signIn()
		for _, row := range []struct {
			name   string
			fields []string
			says   []string
		}{
			{"nothing filled in", nil, []string{"This field is needed here."}},
			{"no address", []string{"email=somewhere", present}, []string{`id="email-error"`, `value="somewhere"`}},
			{"a wrong password", []string{"email=new@acme.test", "current_password=wrong horse"}, []string{"That is not your current password.", `id="current_password-error"`, `value="new@acme.test"`}},
			{"the present address", []string{"email=Ann@Acme.test", present}, []string{"That is your address already."}},
		} {
			b.wish(row.fields...).expect(422, row.says...).lacks("correct horse", "wrong horse", "Waiting to be confirmed")
		}
		b.wish("email=new@acme.test", present).expect(303, "/settings/email?done=asked")
		b.get("/settings/email?done=asked").expect(200, "The letter is on its way.", "Waiting to be confirmed", "new@acme.test", "ann@acme.test")
		b.get("/settings").expect(200, "new@acme.test waits to be confirmed")

		link := confirmToken(t, s)
		elsewhere := s.browser(t)
		elsewhere.follow("/confirm-address", link).expect(200, "Confirm your new address", "new@acme.test", "Acme Inc.").lacks("ann@acme.test")
		action := elsewhere.action()
		s.browser(t).post(action).expect(410, linkOver)
		b.get("/settings").expect(200, "ann@acme.test")
		elsewhere.post(action).expect(303, "/t/acme/login?notice=address-confirmed")
		elsewhere.get("/t/acme/login?notice=address-confirmed").expect(200, "Your e-mail address was changed.")
		elsewhere.follow("/confirm-address", link).expect(410, linkOver, "Ask for the change again", `href="/settings/email"`)
		b.get("/settings").expect(200, "new@acme.test").lacks("ann@acme.test", "waits to be confirmed")

		// Who is signed in comes back to the settings.
		b.wish("email=newer@acme.test", present).expect(303)
		b.follow("/confirm-address", confirmToken(t, s)).expect(200)
		b.post(b.action()).expect(303, "/settings/email?done=confirmed")
		b.get("/settings/email?done=confirmed").expect(200, "Your e-mail address was changed.", "newer@acme.test")
	})
}

// Proves: G6, 5.1
func TestResendAndCancelOnThePage(t *testing.T) {
	s := sqlite(t)
	ann(t, s)
	b := s.browser(t).signIn()
	bound := b.get("/settings/email").expect(200).lacks("Send the Letter Again").bound()
	b.post("/settings/email/cancel", bound...).expect(404, "No change of your address waits")
	b.wish("email=new@acme.test", present).expect(303)
	b.get("/settings/email").expect(200, "Send the Letter Again", "Keep the Present Address")
	b.post("/settings/email/resend", bound...).expect(303, "/settings/email?done=resent")
	link := confirmToken(t, s)
	b.post("/settings/email/resend", bound...).expect(303)
	b.post("/settings/email/resend", bound...).expect(429, "Enough letters have been sent about this")
	b.post("/settings/email/cancel", bound...).expect(303, "/settings/email?done=cancelled")
	b.get("/settings/email?done=cancelled").expect(200, "Your address stays as it is.").lacks("new@acme.test")
	b.follow("/confirm-address", link).expect(410, linkOver)
}

// Taken meanwhile, the page says so; what was sent too late is shown again, but
// for the password.
//
// Proves: G6, 5.1, W10
func TestChangeOwnAddressTooLate(t *testing.T) {
	s := sqlite(t)
	ann(t, s)
	b := s.browser(t).signIn()
	b.wish("email=new@acme.test", present).expect(303)
	s.AddUser(t, s.tenant(t, "acme"), housetest.Person{Email: "new@acme.test"})
	b.follow("/confirm-address", confirmToken(t, s)).expect(200)
	b.post(b.action()).expect(409, "Somebody else in this organization has that e-mail address by now.")

	bound := b.get("/settings/email").bound()
	s.Clock.Advance(5 * time.Hour)
	b.post("/settings/email", append(bound, "email=late@acme.test", present)...).expect(303)
	to, err := url.Parse(b.answer.Get("Location"))
	if err != nil {
		t.Fatal(err)
	}
	b.post(to.String(), "email=ann@acme.test", right, "return_to="+to.Query().Get("return_to")).expect(303)
	b.get(b.answer.Get("Location")).expect(200, "nothing has been changed yet", `value="late@acme.test"`).lacks("correct horse")
}
