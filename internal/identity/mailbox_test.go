package identity_test

import (
	"errors"
	"strings"
	"testing"

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
		{"quotes", `"Lee; \"A\" @home" <a@x.test>;'Bob' <b@x.test>`, `a@x.test//Lee; "A" @home|b@x.test//Bob`},
		{"the address as its name", "a@x.test <a@x.test>", "a@x.test//"},
		{"an extension", "203 a@x.test", "a@x.test/203/"},
		{"an address twice", "a@x.test\nA@X.test", "a@x.test//|!"},
		{"one quote", "\"a@x.test\nb@x.test", "\"a@x.test//|b@x.test//"},
		{"a bracket too many", "<<a@x.test>\n>a@x.test<", "a@x.test//<|!"},
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
	for _, seed := range []string{"a@x.test", "Ann <a@x.test>, b@x.test", "\"Lee, A\" <a@x.test>;203 b@x.test", "<", ">", "'", "\\\"", "a@x.test\xff"} {
		f.Add(seed, true)
	}
	f.Fuzz(func(t *testing.T, text string, extensions bool) {
		style := identity.Email
		if extensions {
			style = identity.Extension
		}
		for _, m := range identity.ReadMailboxes(text, style) {
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
	})
}
