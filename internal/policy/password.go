package policy

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/policy/commonest"
	"github.com/vestibule-id/vestibule/internal/problem"
)

// ErrPassword refuses a new password; its fields say why, a sentence a reason.
var ErrPassword = problem.New(problem.Invalid, "password_refused", "Choose another password.")

// maxPassword is the most a password may have, in code points after NFC.
const maxPassword = 256

// A Person is what stands around a new password: the words an attacker who
// knows whose password it is would try first. Any of them may be empty.
type Person struct{ Product, TenantName, Slug, Name, Email, Extension string }

// PersonOf is what stands around a user's password.
func PersonOf(product string, t identity.Tenant, u identity.User) Person {
	return Person{Product: product, TenantName: t.Name, Slug: t.Slug, Name: u.Name, Email: u.Email.Folded, Extension: u.Extension}
}

// CheckPassword says whether a person may choose pw (NIST SP 800-63B section
// 3.1.1.2): its length in code points after NFC, no composition rules but the
// tenant's own, not one of the commonest, not a word around the person. The error is ErrPassword
// with every reason in its fields; it never tells the password.
func CheckPassword(p identity.Policy, pw string, who Person) error {
	reasons := refusals(p, pw, who)
	if len(reasons) == 0 {
		return nil
	}
	fields := make([]problem.Field, len(reasons))
	for i, reason := range reasons {
		fields[i] = problem.Field{Location: "body.new_password", Message: reason}
	}
	return ErrPassword.Because("%s", strings.Join(reasons, " ")).In(fields...)
}

func refusals(p identity.Policy, pw string, who Person) (reasons []string) {
	if !utf8.ValidString(pw) {
		return []string{"The password must be UTF-8."}
	}
	// Far too long ones are not normalised, which is slow: NFC makes a code
	// point of at most a few dozen bytes.
	length := maxPassword + 1
	if len(pw) <= 32*maxPassword {
		pw = norm.NFC.String(pw)
		length = utf8.RuneCountInString(pw)
	}
	least := p.PasswordMinLength
	if least == 0 {
		least = Defaults().PasswordMinLength
	}
	if length > maxPassword {
		return []string{fmt.Sprintf("A password has at most %d characters.", maxPassword)}
	}
	if length < least {
		reasons = append(reasons, fmt.Sprintf("A password has at least %d characters.", least))
	}
	reasons = append(reasons, lacking(p, pw)...)
	if commonest.Has(pw) {
		reasons = append(reasons, "This is one of the commonest passwords, which attackers try first.")
	}
	if aroundPerson(pw, who) {
		reasons = append(reasons, "This is little more than the name, address or number of you or your organization, or of this product.")
	}
	return reasons
}

// passwordClasses are the classes of characters a tenant may make compulsory,
// though NIST advises against it (W6).
var passwordClasses = []string{AdviseLower, AdviseUpper, AdviseDigit, AdviseSpecial}

var classWords = map[string]string{
	AdviseLower: "a lower-case letter", AdviseUpper: "an upper-case letter", AdviseDigit: "a number", AdviseSpecial: "a special character",
}

// lacking says which of the tenant's compulsory classes a password has not.
func lacking(p identity.Policy, pw string) (reasons []string) {
	unmet := Advice(pw)
	for class := range strings.SplitSeq(p.PasswordClasses, ",") {
		if slices.Contains(unmet, class) {
			reasons = append(reasons, "A password here has "+classWords[class]+".")
		}
	}
	return reasons
}

// trivial is how many digits and signs beside a word an attacker tries: a date
// and two hyphens.
const trivial = 10

// aroundPerson reports whether pw is made of words around the person and
// little else: when they are taken out, whichever way digits stand for
// letters, at most a few digits and signs remain.
func aroundPerson(pw string, who Person) bool {
	folded := []rune(identity.FoldSearch(pw))
	taken := make([]bool, len(folded))
	known := false
	for _, form := range readings(folded) {
		for _, word := range wordsAround(who) {
			known = take(form, word, taken) || known
		}
		// Words that say nothing count only beside one that does.
		for _, word := range fillers {
			take(form, []rune(word), taken)
		}
	}
	rest, digits := remaining(folded, taken), 0
	for _, r := range rest {
		if unicode.IsLetter(r) {
			return false
		}
		if unicode.IsDigit(r) {
			digits++
		}
	}
	if known {
		return len(rest) <= trivial
	}
	return digits > 0 && onlyExtension(rest, who.Extension)
}

// fillers are words people put beside such a word without making it harder.
var fillers = []string{"password", "passwort", "welcome", "login", "admin", "user", "team", "corp", "inc", "ltd", "llc", "gmbh", "company"}

// onlyExtension reports whether a number is nothing but the extension, once or
// again and again.
func onlyExtension(rest []rune, extension string) bool {
	if extension == "" {
		return false
	}
	taken := make([]bool, len(rest))
	take(rest, []rune(extension), taken)
	return !slices.ContainsFunc(remaining(rest, taken), unicode.IsDigit)
}

// wordsAround are the folded words that count: wholes of three letters or
// more, and of names and addresses also the parts of four or more.
func wordsAround(who Person) (words [][]rune) {
	add := func(least int, candidates ...string) {
		for _, c := range candidates {
			if word := []rune(identity.FoldSearch(c)); len(word) >= least {
				words = append(words, word)
			}
		}
	}
	local, domain, _ := strings.Cut(who.Email, "@")
	for _, whole := range []string{who.Product, who.TenantName, who.Slug, who.Name, who.Email, local, domain} {
		parts := strings.FieldsFunc(whole, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsMark(r) && !unicode.IsDigit(r) })
		add(3, whole, strings.Join(parts, ""))
		add(4, parts...)
	}
	return words
}

// readings are the ways to read a password in which digits and signs stand for
// letters, each as long as the password itself.
func readings(folded []rune) [][]rune {
	forms := [][]rune{folded}
	for _, one := range "il" {
		letters := map[rune]rune{'0': 'o', '1': one, '!': one, '|': one, '3': 'e', '4': 'a', '@': 'a', '5': 's', '$': 's', '7': 't', '+': 't', '8': 'b', '9': 'g'}
		form := slices.Clone(folded)
		for i, r := range form {
			if letter, ok := letters[r]; ok {
				form[i] = letter
			}
		}
		forms = append(forms, form)
	}
	return forms
}

// take marks every place of word in form and reports whether there was one.
func take(form, word []rune, taken []bool) (found bool) {
	for i := 0; i+len(word) <= len(form); i++ {
		if slices.Equal(form[i:i+len(word)], word) {
			found = true
			for j := range word {
				taken[i+j] = true
			}
		}
	}
	return found
}

func remaining(all []rune, taken []bool) (rest []rune) {
	for i, r := range all {
		if !taken[i] {
			rest = append(rest, r)
		}
	}
	return rest
}

// What Advice names. The pages have the sentences.
const (
	AdviseLength  = "length" // eight characters or more
	AdviseLower   = "lower"
	AdviseUpper   = "upper"
	AdviseDigit   = "digit"
	AdviseSpecial = "special"
)

// Advice lists what a password still lacks of what is advised (W6). It is
// never a reason to refuse one.
func Advice(pw string) (unmet []string) {
	special := func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsMark(r) && !unicode.IsDigit(r) }
	for _, advice := range []struct {
		name string
		met  bool
	}{
		{AdviseLength, utf8.RuneCountInString(norm.NFC.String(pw)) >= 8},
		{AdviseLower, strings.ContainsFunc(pw, unicode.IsLower)},
		{AdviseUpper, strings.ContainsFunc(pw, unicode.IsUpper)},
		{AdviseDigit, strings.ContainsFunc(pw, unicode.IsDigit)},
		{AdviseSpecial, strings.ContainsFunc(pw, special)},
	} {
		if !advice.met {
			unmet = append(unmet, advice.name)
		}
	}
	return unmet
}
