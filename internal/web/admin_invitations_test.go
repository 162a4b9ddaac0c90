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
			expect(200, "1 invited.", "<strong>ann@acme.test</strong><br>Somebody in this organization has that e-mail address already.</p>", "<strong>nothing</strong><br>There is no e-mail address in this line.</p>", "ann@acme.test\nnothing</textarea>")
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
		boss.act(page, "/admin/users/"+string(ann.ID)+"/invitation").expect(409, "Only somebody who is invited and has not joined yet")
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
		expect(422, "<strong>zoe@x.test</strong><br>People of this organization sign in with an extension", "<strong>205</strong><br>An invitation is mailed", "<strong>206 207 a@x.test</strong><br>Leave only the extension and the address.")
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

// What people paste is understood as their mail program wrote it, and each line
// that is not gets its own reason.
//
// Proves: W7, 5.2
func TestPastedInvitations(t *testing.T) {
	const extended = identity.Extension
	for _, row := range []struct {
		name  string
		style identity.Style
		typed string
		said  []string             // on the page
		there map[string][2]string // who is invited, by address: extension and name
	}{
		{name: "names in front", typed: "Ann Smith <ann.s@acme.test>, \"Jones, \\\"Bob\\\"\" <bob@acme.test>; Smith, Cara <cara@acme.test>\n<dan@acme.test>\n'eve@acme.test' <eve@acme.test>",
			said:  []string{"5 invitations were mailed."},
			there: map[string][2]string{"ann.s@acme.test": {"", "Ann Smith"}, "bob@acme.test": {"", `Jones, "Bob"`}, "cara@acme.test": {"", "Smith, Cara"}, "dan@acme.test": {}, "eve@acme.test": {}}},
		{name: "twice in one go", typed: "new@acme.test, NEW@Acme.test", said: []string{"1 invited.", "One line was not sent:", `rows="4"`, `aria-invalid="true"`, "<strong>NEW@Acme.test</strong><br>This address is in the list twice."},
			there: map[string][2]string{"new@acme.test": {}}},
		{name: "of a user", typed: "ann@acme.test", said: []string{"<strong>ann@acme.test</strong><br>Somebody in this organization has that e-mail address already.</p>"}},
		{name: "of who is invited", typed: "old@acme.test", said: []string{"<strong>old@acme.test</strong><br>Somebody with that e-mail address is invited already. Send that invitation again instead.</p>"}},
		{name: "a name without brackets", typed: "Ann Smith ann.s@acme.test", said: []string{"<br>Leave only the address, or put it in brackets behind the name"}},
		{name: "brackets left open", typed: "Ann Smith <ann.s@acme.test", said: []string{"<br>Leave only the address"}},
		{name: "two in one line", typed: "ann.s@acme.test bob@acme.test", said: []string{"<br>There is more than one address in this line."}},
		{name: "no address", typed: "Ann Smith", said: []string{"<br>There is no e-mail address in this line.</p>"}},
		{name: "a name that leads somewhere", typed: "www.evil.test <ann.s@acme.test>", said: []string{"<br>A name has no web address in it.</p>"}},
		{name: "extensions with names", style: extended, typed: "203 Ann Smith <ann.s@acme.test>\nBob <bob@acme.test> 204", said: []string{"2 invitations were mailed."},
			there: map[string][2]string{"ann.s@acme.test": {"203", "Ann Smith"}, "bob@acme.test": {"204", "Bob"}}},
		{name: "one extension for two", style: extended, typed: "203 a@acme.test\n203 b@acme.test", said: []string{"<strong>203 b@acme.test</strong><br>This extension is in the list twice. Each person has their own."},
			there: map[string][2]string{"a@acme.test": {"203", ""}}},
		{name: "of a user's extension", style: extended, typed: "201 a@acme.test", said: []string{"<br>Somebody in this organization has that extension already.</p>"}},
		{name: "more than one can tell apart", style: extended, typed: "206 Ann a@acme.test", said: []string{"<br>Leave only the extension and the address."}},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := sqlite(t)
			style := row.style
			if style == "" {
				style = identity.Email
			}
			acme, _, boss, _ := bureau(t, s, style)
			page := "/admin/invitations"
			boss.act(page, page, "lines=209 old@acme.test", "role=user").arrive().expect(200, "The invitation was mailed.")
			answer := boss.act(page, page, "lines="+row.typed, "role=user")
			if answer.status == 303 {
				answer = answer.arrive()
			}
			answer.expect(answer.status, row.said...).lacks("or extension")
			for email, want := range row.there {
				if u, err := acme.UserByEmail(t.Context(), email); err != nil || u.Extension != want[0] || u.Name != want[1] {
					t.Errorf("%s: %q %q, %v", email, u.Extension, u.Name, err)
				}
			}
			if list, err := acme.Invitations(t.Context(), "", 99); err != nil || len(list) != len(row.there)+1 {
				t.Errorf("%d invitations, %v", len(list), err)
			}
		})
	}
}
