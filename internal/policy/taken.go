package policy

import (
	"strings"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/problem"
)

// Taken is p saying which of the names wanted for a user somebody has, and
// whether they are only invited so far. byEmail and byExtension are the users
// who have them, zero where nobody else does. Where neither is there, the
// address is kept for somebody it may lead back to, or was just given up.
func Taken(p *problem.Problem, wanted, byEmail, byExtension identity.User) error {
	var wrong []problem.Field
	var messages []string
	say := func(field, what string, holder identity.User) {
		message := "Somebody in this organization has that " + what + " already."
		if holder.Status == identity.Invited {
			message = "Somebody with that " + what + " is invited already. Send that invitation again instead."
		}
		wrong, messages = append(wrong, problem.Field{Location: "body." + field, Message: message}), append(messages, message)
	}
	nobody := byEmail.ID == "" && byExtension.ID == ""
	if byEmail.ID != "" || nobody && wanted.Email.Folded != "" {
		say("email", "e-mail address", byEmail)
	}
	if byExtension.ID != "" || nobody && wanted.Email.Folded == "" {
		say("extension", "extension", byExtension)
	}
	return p.Because("%s", strings.Join(messages, " ")).In(wrong...)
}
