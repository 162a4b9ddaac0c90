package web

import (
	"slices"
	"testing"

	"github.com/vestibule-id/vestibule/internal/identity"
)

// What a tenant makes compulsory is told apart from what is only advised.
//
// Proves: W6
func TestAdvice(t *testing.T) {
	for _, test := range []struct {
		name           string
		rules          identity.Policy
		needed, better []string
	}{
		{"the length alone is compulsory", identity.Policy{PasswordMinLength: 8}, []string{"length", ""}, []string{"case", "digit", "special"}},
		{"classes of the tenant's", identity.Policy{PasswordMinLength: 12, PasswordClasses: "digit,special"}, []string{"length", "digit", "special", ""}, []string{"case"}},
		{"both cases", identity.Policy{PasswordMinLength: 8, PasswordClasses: "lower,upper"}, []string{"length", "case", ""}, []string{"digit", "special"}},
		{"one case", identity.Policy{PasswordMinLength: 8, PasswordClasses: "upper"}, []string{"length", "upper", ""}, []string{"lower", "digit", "special"}},
		{"everything", identity.Policy{PasswordMinLength: 8, PasswordClasses: "lower,upper,digit,special"}, []string{"length", "case", "digit", "special", ""}, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			a := adviceFor(test.rules)
			kinds := func(list []advised) (names []string) {
				for _, one := range list {
					names = append(names, one.Kind)
				}
				return names
			}
			if needed, better := kinds(a.Needed), kinds(a.Better); a.Least != test.rules.PasswordMinLength || !slices.Equal(needed, test.needed) || !slices.Equal(better, test.better) {
				t.Errorf("needed %q, better %q, at least %d", needed, better, a.Least)
			}
		})
	}
}
