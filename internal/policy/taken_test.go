package policy_test

import (
	"testing"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/problem"
)

// Who is refused because of a name is told which one, and not of names that
// people here have none of.
//
// Proves: 5.2
func TestTaken(t *testing.T) {
	exists := problem.New(problem.Conflict, "exists_here", "There is one.")
	both := identity.User{Email: identity.EmailAddress{Typed: "a@x.test", Folded: "a@x.test"}, Extension: "201"}
	address := identity.User{Email: both.Email}
	active := identity.User{ID: "usr_1", Status: identity.Active}
	invited := identity.User{ID: "usr_2", Status: identity.Invited}
	nobody := identity.User{}
	for _, row := range []struct {
		name                           string
		wanted, byEmail, byExtension   identity.User
		message, location, alsoLocated string
	}{
		{"the address of a user", both, active, nobody, "Somebody in this organization has that e-mail address already.", "body.email", ""},
		{"the address of who is invited", address, invited, nobody, "Somebody with that e-mail address is invited already. Send that invitation again instead.", "body.email", ""},
		{"the extension of a user", both, nobody, active, "Somebody in this organization has that extension already.", "body.extension", ""},
		{"both", both, active, active, "Somebody in this organization has that e-mail address already. Somebody in this organization has that extension already.", "body.email", "body.extension"},
		{"an address that is kept", both, nobody, nobody, "Somebody in this organization has that e-mail address already.", "body.email", ""},
		{"an extension just given up", identity.User{Extension: "201"}, nobody, nobody, "Somebody in this organization has that extension already.", "body.extension", ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			p := problem.Of(policy.Taken(exists, row.wanted, row.byEmail, row.byExtension))
			if p.Code != "exists_here" || p.Message != row.message || p.Fields[0].Location != row.location {
				t.Errorf("%+v", p)
			}
			if also := len(p.Fields) > 1; also != (row.alsoLocated != "") || also && p.Fields[1].Location != row.alsoLocated {
				t.Errorf("fields %+v", p.Fields)
			}
		})
	}
}
