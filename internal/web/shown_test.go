package web

import (
	"strings"
	"testing"

	"github.com/vestibule-id/vestibule/internal/identity"
)

// Who has no name is called by their address, and no page shows one whose
// domain passes for another's as it was typed.
func TestAnAddressThatPassesForAnother(t *testing.T) {
	email, err := identity.ParseEmail("ann@acmе.test") // with a Cyrillic е
	if err != nil {
		t.Fatal(err)
	}
	if got := called(identity.User{Email: email}); got != email.Folded {
		t.Errorf("called %q", got)
	}
	for _, page := range []string{"admin_users.html", "admin_import.html", "admin_invitations.html", "home.html"} {
		text, err := pageFiles.ReadFile("pages/" + page)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(text), "Email.Typed") || !strings.Contains(string(text), "Email.Shown") {
			t.Errorf("%s shows an address as it was typed", page)
		}
	}
}
