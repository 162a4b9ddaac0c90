package web_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/internal/housetest"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/store"
)

// Proves: G3, 5.3
func TestPagesOfRoles(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		acme, ann, boss, manager := bureau(t, s, identity.Workspace)
		boss.get("/home").expect(200, `<a href="/admin/roles">Roles</a>`)
		boss.get("/admin/roles").expect(200, ">Admin</strong>", "New Role", `<th scope="row">Delete users</th>`)
		boss.act("/admin/roles/new", "/admin/roles", "title=Support Desk", "name=support", "rank=100", "may.users.read=yes").
			expect(422, "A rank is a number from 1 to 99.", `value="Support Desk"`, `name="may.users.read" value="yes" checked`,
				`aria-describedby="title-hint"`, `aria-describedby="rank-error"`).lacks("rank-hint")
		boss.act("/admin/roles/new", "/admin/roles", "title=Manager", "name=support", "rank=30").expect(409, "role of that name or title already")
		boss.act("/admin/roles/new", "/admin/roles", "title=Support Desk", "name=support", "rank=30", "may.users.read=yes").arrive().
			expect(200, "The role was made.", "<h1>Support Desk</h1>", "rank 30", "nobody has it")

		boss.act("/admin/users/"+string(ann.ID), "/admin/users/"+string(ann.ID), "name=Ann Lee", "email=ann@acme.test", "role=support").expect(303)
		member := s.browser(t).post("/t/acme/login", "email=ann@acme.test", right).expect(303)
		member.get("/home").expect(200, "<dd>Support Desk</dd>", "See who belongs to the organization", `<a href="/admin/users">Users</a>`).lacks("/admin/roles")
		member.get("/admin/users").expect(200, `<td class="wide">Support Desk</td>`, `<option value="support">Support Desk</option>`)
		member.get("/admin/roles").expect(403)
		boss.get("/admin/users?role=support").expect(200, ">Ann Lee</a>").lacks(">Mia Manager</a>")
		boss.get("/admin/roles/support").expect(200, `<a href="/admin/users?role=support">1 person has it</a>`).lacks("Delete the Role")

		stale := boss.get("/admin/roles/support").bound()
		seen := "seen=" + boss.hidden("seen")
		boss.act("/admin/roles/support", "/admin/roles/support", seen, "title=Support Desk", "rank=30").arrive().expect(200, "The changes were saved.")
		member.get("/admin/users").expect(403) // at once
		boss.post("/admin/roles/support", append(stale, seen, "title=Old", "rank=30", "may.users.read=yes")...).expect(409, "changed by somebody else meanwhile", `value="Old"`)
		boss.act("/admin/roles/support", "/admin/roles/support/delete").expect(409, "1 user has this role.")

		manager.get("/admin/roles").expect(200, ">Support Desk</strong>").lacks("New Role")
		manager.get("/admin/roles/support").expect(200, "Your role does not let you change this one.").lacks("<button>Save")
		manager.get("/admin/roles/manager").expect(200, "cannot be changed").lacks("<button>Save")
		manager.get("/admin/roles/new").expect(403)

		housetest.SetRole(t, acme, ann.ID, identity.Member)
		boss.act("/admin/roles/support", "/admin/roles/support/delete").arrive().expect(200, "The role was deleted.").lacks("Support Desk")
		boss.get("/admin/roles/support").expect(404)
	})
}

// Somebody with a role of the tenant's own that may edit roles sees boxes for
// what is theirs to give, and none for the role they have.
//
// Proves: G3, 5.3
func TestPagesOfRolesOfferWhatIsOnesOwn(t *testing.T) {
	s := sqlite(t)
	acme, ann, _, _ := bureau(t, s, identity.Workspace)
	err := acme.Tx(t.Context(), func(tx *store.Tx) error {
		if err := tx.AddRole(t.Context(), identity.Role{Name: "odd", Title: "Odd", Rank: 5, Permissions: "roles.write audit.read"}); err != nil {
			return err
		}
		return tx.AddRole(t.Context(), identity.Role{Name: "lead", Title: "Lead <b>", Rank: 40, Permissions: "roles.read roles.write"})
	})
	if err != nil {
		t.Fatal(err)
	}
	housetest.SetRole(t, acme, ann.ID, "lead")
	lead := s.browser(t).post("/t/acme/login", "email=ann@acme.test", right).expect(303)
	lead.get("/admin/roles").expect(200, "Lead <b>") // as text: what is compared is what people read
	lead.get("/admin/roles/new").expect(200, `name="may.roles.read"`, "From 1 to 40.").lacks(`name="may.users.read"`)
	lead.get("/admin/roles/lead").expect(200, "You have this role yourself.").lacks("<button>Save")
	lead.act("/admin/roles/new", "/admin/roles", "title=Sub", "name=sub", "rank=10", "may.users.read=yes", "may.users.delete=yes").expect(403)
	lead.get("/admin/roles/new").expect(200, "needs “See roles”", `name="may.roles.write" value="yes" aria-labelledby="may.roles.write-words" aria-describedby="may.roles.write-needs"`)
	lead.act("/admin/roles/new", "/admin/roles", "title=Sub", "name=sub", "rank=10", "may.roles.write=yes").
		expect(422, "“Create and edit roles” needs “See roles” as well (roles.write needs roles.read).", `aria-describedby="may.roles.write-needs" checked`)
	lead.act("/admin/roles/new", "/admin/roles", "title=Sub", "name=sub", "rank=10", "may.roles.read=yes").expect(303, "/admin/roles/sub?done=created")
	housetest.SetRole(t, acme, ann.ID, "odd") // as another node would
	s.Clock.Advance(time.Second)
	lead.get("/home").expect(200, "your own profile", "Read the audit trail").lacks("Create and edit roles") // which no page would lead to
	housetest.SetRole(t, acme, ann.ID, "lead")
	s.Clock.Advance(time.Second)
	if n := strings.Count(lead.get("/admin/roles/sub").body, "checked"); n != 1 {
		t.Error(fmt.Sprint(n, " boxes are ticked, want one"))
	}
}
