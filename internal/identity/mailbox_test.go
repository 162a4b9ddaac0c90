package identity_test

import (
	"errors"
	"strings"
	"testing"
	"unicode"

	"github.com/vestibule-id/vestibule/internal/identity"
)

// Proves: 5.2
func TestReadMailboxes(t *testing.T) {
	for _, row := range []struct {
		name, text string
		want       string // address, extension and name of each, or !
	}{
		{"nobody", " ,;\r\n, ", ""},
		{"one a line", "a@x.test\r\nb@x.test\n", "a@x.test//|b@x.test//"},
		{"commas and semicolons", "a@x.test,b@x.test; c@x.test;", "a@x.test//|b@x.test//|c@x.test//"},
		{"a comma in a name", "Lee, Ann <a@x.test>, Bob <b@x.test>", "a@x.test//Lee, Ann|b@x.test//Bob"},
		{"quotes", `"Lee; \"A\" home" <a@x.test>;'Bob' <b@x.test>`, `a@x.test//Lee; "A" home|b@x.test//Bob`},
		{"the address as its name", "a@x.test <a@x.test>, 'B@x.test' <b@X.test>", "a@x.test//|b@X.test//"},
		{"an extension", "203 a@x.test", "a@x.test/203/"},
		{"an address twice", "a@x.test\nA@X.test", "a@x.test//|!"},
		{"one quote", "\"a@x.test\nb@x.test", "\"a@x.test//|b@x.test//"},
		{"a quote in a name", `Ann O"Neil <a@x.test>, b@x.test`, `a@x.test//Ann O"Neil|b@x.test//`},
		{"a quote before a name", `"Ann Lee <a@x.test>, b@x.test`, `a@x.test//"Ann Lee|b@x.test//`},
		{"a quote in each of two names", `O"Neil <a@x.test>, O"Hara <b@x.test>`, `a@x.test//O"Neil|b@x.test//O"Hara`},
		{"an escaped quote before a comma", `"Lee \", Ann; A" <a@x.test>, b@x.test`, `a@x.test//Lee ", Ann; A|b@x.test//`},
		{"two people without a comma", "Ann <a@x.test> Bob <b@x.test>", "!"},
		{"two in brackets", "<a@x.test> <b@x.test>", "!"},
		{"one in brackets and one not", "Ann <a@x.test> b@x.test\nb@x.test <a@x.test>", "!|!"},
		{"an address for a name, and an extension", "a@b@c <x@y.test> 77", "!"},
		{"an address in a quoted name", `"Lee (b@x.test)" <a@x.test>`, "!"},
		{"two in quotes", `"a@x.test, b@x.test"`, "!"},
		{"a bracket too many", "<<a@x.test>\n>a@x.test<", "!|!"},
		{"two signs", "a@@x.test", "a@@x.test//"},
	} {
		t.Run(row.name, func(t *testing.T) {
			var got []string
			for _, m := range identity.ReadMailboxes(row.text, identity.Email) {
				if m.Err != nil {
					got = append(got, "!")
					continue
				}
				got = append(got, m.Email+"/"+m.Extension+"/"+m.Name)
			}
			if strings.Join(got, "|") != row.want {
				t.Errorf("%q", got)
			}
		})
	}
}

// Whatever is pasted, every line of it comes back, and reading what was read
// again says the same.
func FuzzReadMailboxes(f *testing.F) {
	for _, seed := range []string{"a@x.test", "Ann <a@x.test>, b@x.test", "\"Lee, A\" <a@x.test>;203 b@x.test", "<", ">", "'", "\\\"", "a@x.test\xff", "A <a@x.test> B <b@x.test>", "O\"N <a@x.test>, b@x.test", "a@b@c <x@y.test> 77"} {
		f.Add(seed, true)
	}
	f.Fuzz(func(t *testing.T, text string, extensions bool) {
		style := identity.Email
		if extensions {
			style = identity.Extension
		}
		at := strings.Count(text, "@")
		for _, m := range identity.ReadMailboxes(text, style) {
			at -= strings.Count(m.Line, "@")
			if address := overlooked(m); address != "" {
				t.Errorf("%q of %+v is overlooked", address, m)
			}
			if m.Line == "" || !strings.Contains(text, m.Line) {
				t.Errorf("line %q is not in %q", m.Line, text)
			}
			if m.Err != nil && !errors.Is(m.Err, identity.ErrEmail) && !errors.Is(m.Err, identity.ErrExtension) {
				t.Errorf("%v", m.Err)
			}
			if again := identity.ReadMailboxes(m.Line, style); len(again) != 1 || again[0].Email != m.Email || again[0].Name != m.Name {
				t.Errorf("%q is read as %+v, then as %+v", m.Line, m, again)
			}
		}
		if at != 0 {
			t.Errorf("%d signs @ of %q are in no line", at, text)
		}
	})
}

// overlooked is what might be an address in a line that is read without an error
// as another one's.
func overlooked(m identity.Mailbox) string {
	if _, err := identity.ParseEmail(m.Email); m.Err != nil || err != nil {
		return ""
	}
	ends := func(c rune) bool { return unicode.IsSpace(c) || strings.ContainsRune(`<>,;"`, c) }
	for word := range strings.FieldsFuncSeq(m.Line, ends) {
		if strings.Contains(word, "@") && !strings.EqualFold(strings.Trim(word, "'"), strings.Trim(m.Email, "'")) {
			return word
		}
	}
	return ""
}
