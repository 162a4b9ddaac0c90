package web

import (
	"fmt"
	"slices"
	"strings"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/policy"
)

// An advice stands below a new password: what it must have, and what makes it
// stronger (W6). Nothing of the second is ever a reason to refuse one.
type advice struct {
	Least  int // characters
	Needed []advised
	Better []advised
}

// An advised is a line of it. The module marks it while somebody types, by its
// kind; "" is for the server to find out.
type advised struct{ Kind, Text string }

// adviceFor is what a tenant with this effective policy asks for.
func adviceFor(p identity.Policy) *advice {
	a := &advice{Least: max(p.PasswordMinLength, policy.Defaults().PasswordMinLength)}
	a.Needed = append(a.Needed, advised{policy.AdviseLength, fmt.Sprintf("%d or more characters", a.Least)})
	classes := strings.Split(p.PasswordClasses, ",")
	must := func(class string) bool { return slices.Contains(classes, class) }
	add := func(needed bool, line advised) {
		if needed {
			a.Needed = append(a.Needed, line)
		} else {
			a.Better = append(a.Better, line)
		}
	}
	both := advised{"case", "Upper and lower case"}
	switch lower, upper := must(policy.AdviseLower), must(policy.AdviseUpper); {
	case lower != upper:
		add(lower, advised{policy.AdviseLower, "A lower-case letter"})
		add(upper, advised{policy.AdviseUpper, "An upper-case letter"})
	default:
		add(lower, both)
	}
	add(must(policy.AdviseDigit), advised{policy.AdviseDigit, "Numbers"})
	add(must(policy.AdviseSpecial), advised{policy.AdviseSpecial, "Special characters"})
	a.Needed = append(a.Needed, advised{"", "Not a common password, nor your name, address or organization"})
	return a
}
