package policy_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/problem"
)

func TestCheckPassword(t *testing.T) {
	ann := policy.Person{
		Product: "Vestibule", TenantName: "Wicked Sprockets Inc", Slug: "wickedsprockets",
		Name: "Annabel O'Neil", Email: "ann.bell@example.test", Extension: "2017",
	}
	acme := policy.Person{Product: "Vestibule", TenantName: "Acme", Slug: "acme"}
	long := identity.Policy{PasswordMinLength: 15}
	for _, test := range []struct {
		name, password string
		p              identity.Policy
		who            policy.Person
		reason         string // a word of the reason; "" means taken
	}{
		{"a phrase", "correct horse battery staple", policy.Defaults(), ann, ""},
		{"eight characters by chance", "tq8#vLm2", policy.Defaults(), ann, ""},
		{"W6: classes of characters are no condition", "zqvxwkjy", policy.Defaults(), ann, ""},
		{"blanks are characters", "        q       z", policy.Defaults(), ann, ""},
		{"P8: seven characters", "tq8#vLm", policy.Defaults(), ann, "at least 8"},
		{"eight is the least where nobody chose", "tq8#vLm", identity.Policy{}, ann, "at least 8"},
		{"a tenant may want more", "tq8#vLm2pqrstu", long, ann, "at least 15"},
		{"as many as the tenant wants", "tq8#vLm2pqrstuv", long, ann, ""},
		{"code points count, not bytes", "ünüqäzö", policy.Defaults(), ann, "at least 8"},
		{"composed ones", strings.Repeat("u\u0308q", 3), policy.Defaults(), ann, "at least 8"},
		{"256 characters", strings.Repeat("ü", 256), policy.Defaults(), ann, ""},
		{"257 characters", strings.Repeat("x", 257), policy.Defaults(), ann, "at most 256"},
		{"a megabyte", strings.Repeat("x", 1<<20), policy.Defaults(), ann, "at most 256"},
		{"not UTF-8", "tq8#vLm2\xff", policy.Defaults(), ann, "UTF-8"},
		{"W6: one of the commonest", "sunshine1", policy.Defaults(), ann, "commonest"},
		{"W6: one of the commonest in capitals", "PASSWORD123", policy.Defaults(), ann, "commonest"},
		{"W6: the product's name", "Vestibule", policy.Defaults(), ann, "name"},
		{"W6: and a year", "Vestibule2026!", policy.Defaults(), ann, "name"},
		{"W6: and a date before it", "2026-01-31vestibule", policy.Defaults(), ann, "name"},
		{"W6: digits for letters", "V3st1bul3", policy.Defaults(), ann, "name"},
		{"W6: the tenant's name", "Wicked Sprockets Inc", policy.Defaults(), ann, "name"},
		{"W6: the slug", "wickedsprockets99", policy.Defaults(), ann, "name"},
		{"W6: a part of the tenant's name", "$procket$!!", policy.Defaults(), ann, "name"},
		{"W6: a short tenant's name and more", "acme-corp-2026", policy.Defaults(), acme, "name"},
		{"W6: with a word that adds nothing", "AcmePassword#1", policy.Defaults(), acme, "name"},
		{"W6: one's own first name", "annabel1984", policy.Defaults(), ann, "name"},
		{"W6: both of one's names", "annabeloneil", policy.Defaults(), ann, "name"},
		{"W6: one's address", "Ann.Bell@example.test", policy.Defaults(), ann, "name"},
		{"W6: the part before the @", "ann.bell77", policy.Defaults(), ann, "name"},
		{"W6: without its dot", "annbell77", policy.Defaults(), ann, "name"},
		{"W6: name and tenant together", "annabel@wicked", policy.Defaults(), ann, "name"},
		{"one's username", "2017-wickedsprockets", policy.Defaults(), ann, "name"},
		{"one's extension twice", "20172017", policy.Defaults(), ann, "number"},
		{"one's extension with signs", "!!2017-2017!!", policy.Defaults(), ann, "number"},
		{"one's extension within another number", "2017480396151", policy.Defaults(), ann, ""},
		{"such a word within a phrase", "vestibule of seven doors", policy.Defaults(), ann, ""},
		{"such a word and many digits", "annabel 4928 1047 7731", policy.Defaults(), ann, ""},
		{"such a word within another", "unwickedly-so", policy.Defaults(), ann, ""},
		{"somebody else's name", "wickedsprockets99", policy.Defaults(), acme, ""},
		{"nothing is known of the person", "wickedsprockets99", policy.Defaults(), policy.Person{}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			err := policy.CheckPassword(test.p, test.password, test.who)
			if test.reason == "" {
				if err != nil {
					t.Errorf("refused: %v", err)
				}
				return
			}
			if !errors.Is(err, policy.ErrPassword) {
				t.Fatalf("error %v", err)
			}
			p := problem.Of(err)
			if len(p.Fields) == 0 || !strings.Contains(p.Message, test.reason) {
				t.Errorf("problem %+v", p)
			}
			if strings.Contains(err.Error(), test.password) {
				t.Error("the error tells the password")
			}
		})
	}
}

func TestCheckPasswordTellsEveryReason(t *testing.T) {
	who := policy.Person{Name: "Password"}
	err := policy.CheckPassword(identity.Policy{PasswordMinLength: 15}, "password", who)
	if p := problem.Of(err); p == nil || len(p.Fields) != 3 || p.Fields[0].Location != "body.new_password" {
		t.Errorf("problem %+v", p)
	}
}

func TestAdvice(t *testing.T) {
	for _, test := range []struct {
		name, password string
		unmet          []string
	}{
		{"nothing typed", "", []string{"length", "lower", "upper", "digit", "special"}},
		{"everything", "Abcdef1!", nil},
		{"seven characters", "Abcde1!", []string{"length"}},
		{"no capitals", "abcdef1!", []string{"upper"}},
		{"no small letters", "ABCDEF1!", []string{"lower"}},
		{"no digits", "Abcdefg!", []string{"digit"}},
		{"no special characters", "Abcdefg1", []string{"special"}},
		{"a blank is special", "Abcdef 1", nil},
		{"letters of other alphabets", "Ünüqäzö1!", nil},
	} {
		if got := policy.Advice(test.password); !slices.Equal(got, test.unmet) {
			t.Errorf("%s: %v, want %v", test.name, got, test.unmet)
		}
	}
}

// A tenant may make classes of characters compulsory; nobody else's are.
//
// Proves: W6, 4.3
func TestCompulsoryClasses(t *testing.T) {
	for _, row := range []struct {
		name, classes, password string
		lacks                   []string
	}{
		{"none by default", "", "violet lantern", nil},
		{"all there", "lower,upper,digit,special", "Violet-lantern 7", nil},
		{"no number", "digit", "violet lantern", []string{"a number"}},
		{"neither", "upper,digit", "violet lantern", []string{"an upper-case letter", "a number"}},
		{"a letter of another script", "upper", "Фиалка и фонарь", nil},
		{"no special one", "special", "violetlantern", []string{"a special character"}},
	} {
		p := policy.Defaults()
		p.PasswordClasses = row.classes
		err := policy.CheckPassword(p, row.password, policy.Person{})
		if (err == nil) != (row.lacks == nil) {
			t.Errorf("%s: %v", row.name, err)
		}
		for _, words := range row.lacks {
			if err == nil || !strings.Contains(problem.Of(err).Message, "A password here has "+words) {
				t.Errorf("%s: %v does not say %s", row.name, err, words)
			}
		}
	}
}
