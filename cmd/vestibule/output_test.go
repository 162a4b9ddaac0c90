package main

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode"
)

// What stands in a row, whoever wrote it, neither steers a terminal nor makes a
// row or a column of its own; programs read it as it is.
//
// Proves: G4, 5.6
func TestOutputSteersNoTerminal(t *testing.T) {
	const odd = "a\x1b[2J\r\nroot\tok\x7f\u0085\u009b2J\u2028\u2029\u202e\u2066\u200f\x00z"
	name := "Zoë\u200d \"日本\" <b>" // a joiner is part of words
	for format, show := range map[string]func(o output, p *program) error{
		"list": func(o output, p *program) error {
			return o.list(p, []map[string]string{{odd: odd, "name": name}}, "NAME ODD", [][]string{{name, odd}})
		},
		"one": func(o output, p *program) error {
			return o.one(p, map[string]string{odd: odd, "name": name}, [][2]string{{"name", name}, {"odd", odd}})
		},
		"say": func(_ output, p *program) error { p.say("%s", name+strings.ReplaceAll(odd, "\n", "")); return nil },
	} {
		for _, kind := range []string{"table", "json"} {
			var out strings.Builder
			p := &program{stdout: &out, stderr: &out}
			if err := show(output{Output: kind}, p); err != nil {
				t.Fatal(err)
			}
			said := out.String()
			if strings.ContainsFunc(strings.ReplaceAll(said, "\n", ""), func(r rune) bool {
				return unicode.IsControl(r) || unicode.In(r, unicode.Zl, unicode.Zp, unicode.Bidi_Control)
			}) {
				t.Errorf("%s, %s: %q", format, kind, said)
			}
			if kind == "table" || format == "say" {
				if lines := strings.Count(said, "\n"); lines != map[string]int{"list": 2, "one": 2, "say": 1}[format] || !strings.Contains(said, name) {
					t.Errorf("%s: %q", format, said)
				}
				continue
			}
			var read any
			if err := json.Unmarshal([]byte(said), &read); err != nil {
				t.Fatalf("%s: %v", said, err)
			}
			if list, is := read.([]any); is {
				read = list[0]
			}
			if one := read.(map[string]any); one[odd] != odd || one["name"] != name {
				t.Errorf("programs read %q", one)
			}
		}
	}
	if got := visible("a\x9bb\xff"); got != "a\ufffdb\ufffd" {
		t.Errorf("what is no UTF-8 is shown as %q", got)
	}
	if got, want := details(map[string]string{"a b": "c", "x=\n": "y\x1b", "z": "w"}), `"a b"=c "x=\n"="y\x1b" z=w`; got != want {
		t.Errorf("details are %s, not %s", got, want)
	}
}
