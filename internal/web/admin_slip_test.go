package web_test

import (
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/internal/housetest"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/secret"
	"github.com/vestibule-id/vestibule/internal/store/storetest"
)

// pressTwice sends a form twice at once from one browser while no password can
// be hashed; free lets them be. answers are in the order they came.
func pressTwice(t *testing.T, s *site, b *browser, action string, form []string) (answers chan *browser, free func()) {
	t.Helper()
	gate := secret.NewGate(1, 1, time.Minute)
	place, err := gate.Enter()
	if err != nil {
		t.Fatal(err)
	}
	busy, end := make(chan struct{}), make(chan struct{})
	go func() {
		defer place.Leave()
		_ = place.Do(t.Context(), func() { close(busy); <-end })
	}()
	<-busy
	s.pages.Admin.Gate = gate
	answers = make(chan *browser, 2)
	for range 2 {
		press := *b
		press.cookies = maps.Clone(b.cookies)
		go func() { answers <- press.post(action, form...) }()
	}
	return answers, func() { close(end) }
}

var makesPassword = []string{identity.EventUserCreated, identity.EventPasswordSet}

// twoForms are those that show a slip, filled in, with the username that is on
// it.
func twoForms(boss *browser, ann identity.User, each func(action, username string, form []string)) {
	for _, row := range []struct{ page, action, username string }{
		{"/admin/users/new", "/admin/users", "203"},
		{"/admin/users/" + string(ann.ID), "/admin/users/" + string(ann.ID) + "/initial-password", "201"},
	} {
		boss.get(row.page).expect(200)
		each(row.action, row.username, append(boss.bound(), "once="+boss.hidden("once"), "name=Eve", "extension=203", "role=user", "access=password"))
	}
}

// Of a button that is pressed twice the browser shows the second answer: it
// waits for the first, and leads to the user whose password has been made.
//
// Proves: P7, 5.2
func TestDoubleClickOnASlip(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		acme, ann, boss, _ := bureau(t, s, identity.Extension)
		twoForms(boss, ann, func(action, username string, form []string) {
			before := len(housetest.Events(t, acme, makesPassword...))
			answers, free := pressTwice(t, s, boss, action, form)
			time.Sleep(300 * time.Millisecond)
			free()
			slip, second := <-answers, <-answers
			if slip.status != 200 {
				slip, second = second, slip
			}
			slip.expect(200, username+"-acme")
			second.arrive().expect(200, "was shown once and cannot be shown again", "New Initial Password").lacks(spelled(slip))
			if n := len(housetest.Events(t, acme, makesPassword...)) - before; n != 1 {
				t.Errorf("%s: %d passwords were made", action, n)
			}
			s.browser(t).post("/t/acme/login", "username="+username, "password="+spelled(slip)).expect(200, "Choose your password")
		})
	})
}

// Who waited in vain gets the form that was sent, so that pressing again leads
// to the user as well and is not another try.
//
// Proves: P7, 5.2
func TestDoubleClickOnASlowSlip(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		acme, ann, boss, _ := bureau(t, s, identity.Extension)
		twoForms(boss, ann, func(action, username string, form []string) {
			before := len(housetest.Events(t, acme, makesPassword...))
			typed := append(form, "initial_password=") // what the page does not show again
			if username == "203" {
				typed[len(form)] += "seven doors and a lamp"
			}
			answers, free := pressTwice(t, s, boss, action, typed)
			second := <-answers
			second.expect(409, "is not done yet", "press the button again").lacks("Idempotency")
			free()
			(<-answers).expect(200, username+"-acme")
			again := append(second.bound(), "once="+second.hidden("once"), "initial_password=")
			second.post(action, append(again, form[3:]...)...).arrive().expect(200, "was shown once and cannot be shown again")
			if n := len(housetest.Events(t, acme, makesPassword...)) - before; n != 1 {
				t.Errorf("%s: %d passwords were made", action, n)
			}
		})
	})
}

// Proves: P7, 5.2
func TestSlipWhoseAnswerWasLost(t *testing.T) {
	s := sqlite(t)
	acme, ann, boss, _ := bureau(t, s, identity.Extension)
	twoForms(boss, ann, func(action, username string, form []string) {
		boss.post(action, form...).expect(200, username+"-acme")
		before := len(housetest.Events(t, acme, makesPassword...))
		storetest.ExecSQLite(t, strings.TrimPrefix(s.Address, "sqlite:"), `UPDATE once SET answer = x''`)
		s.Clock.Advance(2 * time.Minute)
		boss.post(action, form...).expect(409, "This has been done", "“New Initial Password” on the user's page makes another.").lacks("Idempotency")
		if n := len(housetest.Events(t, acme, makesPassword...)) - before; n != 0 {
			t.Errorf("%s: %d passwords were made", action, n)
		}
	})
}
