package web_test

import (
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/vestibule-id/vestibule/internal/identity"
)

// Proves: W7, W8, 5.2
func TestInvitationsPage(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		acme, ann, boss, manager := bureau(t, s, identity.Workspace)
		page := "/admin/invitations"
		boss.get(page).expect(200, "Nobody has been invited yet.", "Send Invitations")
		boss.act(page, page, "lines=eve@acme.test, ivy@acme.test\r\n zoe@acme.test;", "role=manager").arrive().
			expect(200, "3 invitations were mailed.", "eve@acme.test", "zoe@acme.test", "manager", "pending")
		if letters := s.Work(t); len(letters) != 3 {
			t.Errorf("%d letters", len(letters))
		}
		boss.act(page, page, "lines=ann@acme.test\nnothing\nnew@acme.test", "role=user").
			expect(200, "1 invited.", "ann@acme.test: Somebody in this organization has", "nothing: People of this organization sign in with", "ann@acme.test\nnothing</textarea>")
		boss.act(page, page, "lines=ann@acme.test", "role=user").expect(422, "Somebody in this organization has")
		boss.act(page, page, "lines= ,", "role=user").expect(422, "Write at least one address.")
		boss.act(page, page, "lines=a@acme.test", "role=none").expect(422, "There is no such role.")

		list, err := acme.Invitations(t.Context(), "", 9)
		if err != nil || len(list) != 4 {
			t.Fatalf("%d invitations, %v", len(list), err)
		}
		one := page + "/" + string(list[0].ID)
		boss.act(page, one+"/resend").arrive().expect(200, "was mailed again")
		boss.act(page, one+"/link").expect(200, "shown only now")
		link := regexp.MustCompile(`value="(https://door\.test/invitation\?token=[^"]+)"`).FindStringSubmatch(boss.body)
		if link == nil {
			t.Fatal("no link on the page")
		}
		s.browser(t).get(strings.TrimPrefix(link[1], "https://door.test")).expect(303)
		boss.act(page, one+"/revoke").arrive().expect(200, "was revoked", "revoked")
		boss.act(page, one+"/resend").expect(409, "has been accepted or revoked already")
		boss.act(page, page+"/inn_00000000000000000000000000000000/resend").expect(404)

		// Who is invited has no password to reset, but an invitation to send again.
		invited, err := acme.UserByEmail(t.Context(), "ivy@acme.test")
		if err != nil {
			t.Fatal(err)
		}
		ivy := "/admin/users/" + string(invited.ID)
		boss.get("/admin/users?q=ivy").expect(200, ">Resend Invitation</button>").lacks(">Reset Password</button>")
		boss.act("/admin/users?q=ivy", ivy+"/invitation").arrive().expect(200, "The invitation was mailed to ivy@acme.test again.")
		boss.get(ivy).expect(200, ">Resend Invitation</button>").lacks(">Reset Password</button>")
		for range 4 {
			boss.act(ivy, ivy+"/invitation").arrive().expect(200, "The invitation was mailed to ivy@acme.test again.")
		}
		boss.act(ivy, ivy+"/invitation").expect(429, "Enough letters have been sent about this for now. Wait", "then try again.")
		if boss.answer.Get("Retry-After") == "" {
			t.Error("programs are not told when to come back")
		}
		one = page + "/" + string(list[2].ID)
		boss.act(page, one+"/resend").expect(429, "Enough letters")
		boss.act(ivy, ivy, "name=", "email=ivy.green@acme.test", "role=manager").arrive().expect(200, "The changes were saved.")
		boss.get(page).expect(200, "ivy.green@acme.test").lacks(">ivy@acme.test<")
		boss.act(ivy, ivy+"/deactivate").arrive()
		boss.act(page, "/admin/users/"+string(ann.ID)+"/invitation").expect(409, "There is no open invitation of this user.")
		boss.act(page, "/admin/users/usr_00000000000000000000000000000000/invitation").expect(404)

		manager.get(page).expect(200, "eve@acme.test").lacks("Get Link", `value="admin"`)
		manager.act(page, page+"/"+string(list[1].ID)+"/link").expect(403)
		manager.act(page, page, "lines=x@acme.test", "role=admin").expect(403)
		member := s.browser(t).signIn()
		member.get(page).expect(403)
	})
}

// Proves: W7, 5.2
func TestInvitationsWithExtensions(t *testing.T) {
	s := sqlite(t)
	acme, _, boss, _ := bureau(t, s, identity.Extension)
	page := "/admin/invitations"
	boss.act(page, page, "lines=203 eve@x.test\nivy@x.test 204", "role=user").arrive().expect(200, "2 invitations were mailed.")
	boss.act(page, page, "lines=zoe@x.test\n205\n206 207 a@x.test", "role=user").
		expect(422, "zoe@x.test: People of this organization sign in with an extension", "205: An invitation is mailed", "206 207 a@x.test: Write one address a line.")
	for extension, email := range map[string]string{"203": "eve@x.test", "204": "ivy@x.test"} {
		if u, err := acme.UserByExtension(t.Context(), extension); err != nil || u.Email.Folded != email || u.Status != identity.Invited {
			t.Errorf("%s: %+v, %v", extension, u, err)
		}
	}
}

// Proves: 5.2
func TestTooManyInvitations(t *testing.T) {
	s := sqlite(t)
	acme, _, boss, _ := bureau(t, s, identity.Workspace)
	lines := make([]string, 105)
	for i := range lines {
		lines[i] = "p" + strconv.Itoa(i) + "@acme.test"
	}
	boss.act("/admin/invitations", "/admin/invitations", "lines="+strings.Join(lines, "\n"), "role=user").expect(200, "At most 100 people are invited at once.")
	if list, err := acme.Invitations(t.Context(), "", 200); err != nil || len(list) != 100 {
		t.Errorf("%d invitations, %v", len(list), err)
	}
}
