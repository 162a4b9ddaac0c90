package moving

import (
	"slices"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/secret"
)

func (c *checker) user(f fields) string {
	name, extension := f.text("name"), f.text("extension")
	status := identity.UserStatus(f.text("status"))
	switch {
	case !isID(f.text("id"), "usr"):
		return "the user's id is none"
	case !isEmail(f.text("email")):
		return "the user's address is none"
	case extension != "" && !parses(identity.ParseExtension, extension):
		return "the user's extension is none"
	case name != "" && !parses(identity.ParseName, name):
		return "the user's name will not do"
	case !c.role(f.text("role")):
		return "the user's role is not in the file"
	case !slices.Contains([]identity.UserStatus{identity.Invited, identity.Active, identity.Deactivated}, status):
		return "the user has an unknown status"
	case f.number("lot") < 0 || f.number("credential") < 0 || f.number("must_change") < 0 || f.number("must_change") > 1:
		return "the user has a number that will not do"
	case !parses(identity.ParseLanguage, f.text("language")) || !parses(identity.ParseTimeZone, f.text("time_zone")):
		return "the user's language or time zone is none"
	case !troubled(f):
		return "why the user's mail does not arrive will not do"
	}
	if hash := f.text("password"); hash != "" {
		if _, err := secret.Accept(hash); err != nil {
			return "the user's password hash cannot be used: " + err.Error()
		}
	}
	if status == identity.Active && f.text("role") == identity.Admin {
		c.admins++
	}
	return c.waysIn(f, status)
}

// waysIn: as a user's state has them, and the tenant's style. Who is deactivated
// needs none.
func (c *checker) waysIn(f fields, status identity.UserStatus) string {
	switch {
	case status == identity.Active && f.text("password") == "":
		return "the user is active and has no password"
	case status != identity.Deactivated && !c.named(f):
		return "the user has nothing to sign in with here"
	case status == identity.Invited:
		id, _ := identity.Bytes(f.text("id")) // user has seen that it is one
		c.called[id] = true
	}
	return ""
}

// troubled: a kind of trouble with an answer on one line and its time, or none
// of the three.
func troubled(f fields) bool {
	answer, at := f.text("mail_answer"), f.number("mail_trouble_at")
	switch f.text("mail_trouble") {
	case "":
		return answer == "" && at == 0
	case identity.MailRefused, identity.MailBounced:
		return at > 0 && fits(answer, maxAnswer)
	}
	return false
}

// named: people sign in with what the tenant's style asks for.
func (c *checker) named(f fields) bool {
	if c.tenant.Style == identity.Extension {
		return f.text("extension") != ""
	}
	return f.text("email") != ""
}

// link checks the link of an invitation. Only who is still invited has one that
// can be used, and, as the database sees, one of them.
func (c *checker) link(f fields) string {
	address, _ := identity.ParseEmail(f.text("address")) // '' for none
	user, err := identity.Bytes(f.text("user_id"))
	switch {
	case !isID(f.text("id"), "lnk") || f.text("purpose") != string(identity.InvitationLink):
		return "the link is none of an invitation"
	case err != nil || !isNoneOrID(f.text("made_by"), "usr") || address.Folded != f.text("address"):
		return "whose the link is, or who made it, will not do"
	case f.number("used_at") == 0 && f.number("revoked_at") == 0 && !c.called[user]:
		return "the link is open, and its user is not invited any more"
	}
	return ""
}
