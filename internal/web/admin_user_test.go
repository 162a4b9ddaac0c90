package web_test

import (
	"testing"

	"github.com/vestibule-id/vestibule/internal/housetest"
	"github.com/vestibule-id/vestibule/internal/identity"
)

// What a page says of failed tries is how often somebody failed, as the events
// below it show.
func TestFailedTriesOnThePageOfAUser(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		_, ann, boss, _ := bureau(t, s, identity.Workspace)
		page := "/admin/users/" + string(ann.ID)
		boss.get(page).expect(200, "<dt>Failed tries</dt><dd>0</dd>")
		stranger := s.browser(t)
		for _, told := range []string{"<dd>1</dd>", "<dd>2</dd>", "<dd>3</dd>", "<dd>4</dd>", "<dd>5 – somebody has to wait"} {
			stranger.post("/t/acme/login", "email=ann@acme.test", "password=wrong horse")
			boss.get(page).expect(200, "<dt>Failed tries</dt>"+told)
		}
		boss.act(page, page+"/unlock").arrive().expect(200, "<dt>Failed tries</dt><dd>0</dd>")
	})
}

// Somebody who came from a file without a password is sent a first invitation by
// the button of those who have one.
//
// Proves: W7, 5.2
func TestFirstInvitationOnThePageOfAUser(t *testing.T) {
	s := sqlite(t)
	acme, _, boss, _ := bureau(t, s, identity.Extension)
	bob := s.AddUser(t, acme, housetest.Person{Email: "bob@acme.test", Extension: "203", Name: "Bob", Status: identity.Invited})
	none := s.AddUser(t, acme, housetest.Person{Extension: "204", Name: "No Mail", Status: identity.Invited})
	page := "/admin/users/" + string(bob.ID)
	boss.act(page, page+"/invitation").arrive().expect(200, "An invitation was mailed to Bob.")
	boss.act(page, page+"/invitation").arrive().expect(200, "The invitation was mailed to Bob again.")
	if letters := s.Work(t); len(letters) != 2 || letters[0].Token() != letters[1].Token() {
		t.Errorf("letters %v", letters)
	}
	page = "/admin/users/" + string(none.ID)
	boss.get(page).expect(200, "Without an e-mail address no invitation can be mailed.", ">New Initial Password").lacks(">Resend Invitation</button>")
	boss.act(page, page+"/invitation").expect(409, "no invitation can be mailed. An initial password lets them in.")
}
