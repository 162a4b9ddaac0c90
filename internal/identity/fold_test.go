package identity_test

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/problem"
)

func TestParseEmail(t *testing.T) {
	long := func(n int) string { // an address of n bytes
		domain := strings.Repeat(strings.Repeat("d", 62)+".", 4) + "test"
		return "a@" + domain[len(domain)-(n-2):]
	}
	for _, test := range []struct{ name, typed, folded string }{
		{"stays as it is", "ann@example.test", "ann@example.test"},
		{"capitals fold", "Ann@Example.TEST", "ann@example.test"},
		{"blanks around it do not matter", " \tann@example.test ", "ann@example.test"},
		{"a plus makes another address", "ann+list@example.test", "ann+list@example.test"},
		{"a dot makes another address", "a.n.n@example.test", "a.n.n@example.test"},
		{"the usual signs", "o'neil_#1@example.test", "o'neil_#1@example.test"},
		{"a Unicode domain becomes A-labels", "ann@Bücher.test", "ann@xn--bcher-kva.test"},
		{"whichever way its letters are composed", "ann@bu\u0308cher.test", "ann@xn--bcher-kva.test"},
		{"A-labels are taken as they are", "ann@XN--bcher-kva.test", "ann@xn--bcher-kva.test"},
		{"sharp s is itself, not ss", "ann@straße.test", "ann@xn--strae-oqa.test"},
		{"254 bytes", long(254), long(254)},
		{"255 bytes", long(255), ""},
		{"254 bytes that grow beyond it", "a@" + strings.Repeat("ü.", 60) + strings.Repeat("d", 60) + ".test", ""},
		{"254 bytes that grow beyond it by their domain alone", strings.Repeat("a", 64) + "@" + strings.Repeat("ü.", 24) + "test", ""},
		{"more bytes typed than folded", "a@" + strings.Repeat(strings.Repeat("中", 50)+".", 2) + "test", ""},
		{"nothing", "", ""},
		{"blanks", "   ", ""},
		{"no @", "ann.example.test", ""},
		{"no local part", "@example.test", ""},
		{"no domain", "ann@", ""},
		{"65 characters before the @", strings.Repeat("a", 65) + "@example.test", ""},
		{"Kelvin sign before the @", "\u212aelvin@example.test", ""},
		{"Kelvin sign after the @", "ann@\u212aelvin.test", ""},
		{"dotted I before the @", "\u0130van@example.test", ""},
		{"dotted I after the @", "ann@\u0130stanbul.test", ""},
		{"long s after the @", "ann@example.te\u017ft", ""},
		{"accent before the @", "anné@example.test", ""},
		{"fullwidth @", "ann\uff20example.test", ""},
		{"fullwidth letters after the @", "ann@\uff45xample.test", ""},
		{"ideographic full stop", "ann@example\u3002test", ""},
		{"two addresses with a comma", "ann@example.test,eve@evil.test", ""},
		{"two addresses with a blank", "ann@example.test eve@evil.test", ""},
		{"two @", "a@evil@good", ""},
		{"two @ in full domains", "a@evil.test@good.test", ""},
		{"newline at the end", "ann@example.test\n", ""},
		{"another header", "ann@example.test\r\nBcc: eve@evil.test", ""},
		{"NUL", "ann\x00@example.test", ""},
		{"a name around it", "Ann <ann@example.test>", ""},
		{"quoted local part", `"ann"@example.test`, ""},
		{"comment", "ann(x)@example.test", ""},
		{"route", "@a.test:ann@example.test", ""},
		{"not UTF-8", "ann\xff@example.test", ""},
		{"zero width space", "ann@exam\u200bple.test", ""},
		{"dot first", ".ann@example.test", ""},
		{"dot last", "ann.@example.test", ""},
		{"two dots", "a..b@example.test", ""},
		{"domain ends in a dot", "ann@example.test.", ""},
		{"empty label", "ann@example..test", ""},
		{"single label", "ann@localhost", ""},
		{"underscore in the domain", "ann@ex_ample.test", ""},
		{"hyphen first", "ann@-example.test", ""},
		{"hyphens in third and fourth place", "ann@ab--cd.test", ""},
		{"label of 64", "ann@" + strings.Repeat("d", 64) + ".test", ""},
		{"IPv4 address", "ann@192.0.2.1", ""},
		{"hexadecimal address", "ann@0x7f000001.0x1", ""},
		{"IP literal", "ann@[192.0.2.1]", ""},
		{"symbol in the domain", "ann@\u2603.test", ""},
		{"symbol in an A-label", "ann@xn--n3h.test", ""},
		{"broken A-label", "ann@xn--\u00fc.test", ""},
		{"right-to-left override", "ann@ex\u202eample.test", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := identity.ParseEmail(test.typed)
			judge(t, err, identity.ErrEmail, "invalid_email", test.folded == "")
			if got.Folded != test.folded {
				t.Errorf("folded %q, want %q", got.Folded, test.folded)
			}
			if err == nil && got.Typed != strings.Trim(test.typed, " \t") && !strings.Contains(test.typed, "\u0308") {
				t.Errorf("typed became %q", got.Typed)
			}
			if err != nil && len(test.typed) > 10 && strings.Contains(problem.Of(err).Message, test.typed) {
				t.Error("the sentence repeats the value")
			}
		})
	}
}

// The sentence says which rule failed, so that people can mend it.
func TestParseEmailSaysWhy(t *testing.T) {
	for _, test := range []struct{ name, typed, says string }{
		{"nothing", " ", "missing"},
		{"too long", strings.Repeat("a", 255), "at most 254"},
		{"not UTF-8", "ann\xff@example.test", "UTF-8"},
		{"a blank", "ann @example.test", "spaces"},
		{"a control character", "ann\x00@example.test", "control"},
		{"a list", "ann@example.test,eve@evil.test", "one bare"},
		{"two @", "a@evil@good", "exactly one @"},
		{"an accent", "anné@example.test", "before the @"},
		{"dots", "a..b@example.test", "dot before the @"},
		{"no domain", "ann@localhost", "after the @"},
	} {
		_, err := identity.ParseEmail(test.typed)
		if p := problem.Of(err); p == nil || !strings.Contains(p.Message, test.says) {
			t.Errorf("%s: %+v", test.name, p)
		}
	}
}

func judge(t *testing.T, err error, want error, code string, refused bool) {
	t.Helper()
	if !refused {
		if err != nil {
			t.Fatalf("refused: %v", err)
		}
		return
	}
	if !errors.Is(err, want) {
		t.Fatalf("error %v, want %v", err, want)
	}
	p := problem.Of(err)
	if p.Kind != problem.Invalid || p.Code != code || p.Message == "" {
		t.Errorf("problem %+v", p)
	}
}

func TestParseSlug(t *testing.T) {
	for _, test := range []struct{ name, typed, want string }{
		{"two characters", "ab", "ab"},
		{"digits", "42", "42"},
		{"hyphens inside", "wicked--sprockets-2", "wicked--sprockets-2"},
		{"capitals and blanks", " Acme\t", "acme"},
		{"forty characters", strings.Repeat("a", 40), strings.Repeat("a", 40)},
		{"forty-one", strings.Repeat("a", 41), ""},
		{"one character", "a", ""},
		{"nothing", "", ""},
		{"hyphen first", "-acme", ""},
		{"hyphen last", "acme-", ""},
		{"underscore", "ac_me", ""},
		{"dot", "ac.me", ""},
		{"slash", "../acme", ""},
		{"newline", "acme\n", ""},
		{"Kelvin sign", "\u212aelvin", ""},
		{"dotted I", "\u0130van", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := identity.ParseSlug(test.typed)
			judge(t, err, identity.ErrSlug, "invalid_slug", test.want == "")
			if got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestParseExtension(t *testing.T) {
	for _, test := range []struct{ name, typed, want string }{
		{"two digits", "10", "10"},
		{"ten digits", "0123456789", "0123456789"},
		{"a leading nought stays", " 0201 ", "0201"},
		{"one digit", "7", ""},
		{"eleven digits", "01234567890", ""},
		{"letters", "20a", ""},
		{"sign", "+201", ""},
		{"Arabic digits", "\u0662\u0660\u0661", ""},
		{"nothing", "", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := identity.ParseExtension(test.typed)
			judge(t, err, identity.ErrExtension, "invalid_extension", test.want == "")
			if got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestParseUsername(t *testing.T) {
	for _, test := range []struct{ name, typed, extension, slug string }{
		{"P2: extension, hyphen, tenant code", "201-wickedsprockets", "201", "wickedsprockets"},
		{"P2: the tenant code may have hyphens", "201-wicked-sprockets", "201", "wicked-sprockets"},
		{"P2: and digits with hyphens", "201-42-acme", "201", "42-acme"},
		{"P2: case and blanks around it do not matter", " 201-WickedSprockets ", "201", "wickedsprockets"},
		{"P2: bare digits", "201", "201", ""},
		{"nothing after the hyphen", "201-", "", ""},
		{"nothing before the hyphen", "-acme", "", ""},
		{"no digits", "ann-acme", "", ""},
		{"blanks inside", "201 - acme", "", ""},
		{"two hyphens together", "201--acme", "", ""},
		{"nothing", "", "", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			extension, slug, err := identity.ParseUsername(test.typed)
			judge(t, err, identity.ErrUsername, "invalid_username", test.extension == "")
			if extension != test.extension || slug != test.slug {
				t.Errorf("got %q, %q, want %q, %q", extension, slug, test.extension, test.slug)
			}
		})
	}
}

func TestParseName(t *testing.T) {
	for _, test := range []struct{ name, typed, want string }{
		{"blanks around it go", "\u00a0 Ann Example  ", "Ann Example"},
		{"letters are composed", "Zoe\u0308", "Zoë"},
		{"joiners stay", "می\u200cخواهم", "می\u200cخواهم"},
		{"two hundred characters", strings.Repeat("ü", 200), strings.Repeat("ü", 200)},
		{"two hundred and one", strings.Repeat("ü", 201), ""},
		{"nothing", " ", ""},
		{"nothing to see", "\u200d", ""},
		{"newline", "Ann\nBcc", ""},
		{"tab", "Ann\tExample", ""},
		{"right-to-left override", "Ann\u202eelpmaxE", ""},
		{"isolate", "Ann\u2066", ""},
		{"zero width no-break space", "Ann\ufeff", ""},
		{"line separator", "Ann\u2028Example", ""},
		{"not UTF-8", "Ann\xff", ""},
		{"an address mail programs make a link of", "Ann, see https://evil.test", ""},
		{"one without a scheme", "WWW.evil.test", ""},
		{"one in full-width letters", "ｈttp：//evil.test", ""},
		{"a text that mail programs read as another", "=?utf-8?q?https=3A=2F=2Fevil.test?=", ""},
		{"one after other words", "Ann =?utf-8?b?ZXZpbA==?=", ""},
		{"the two signs apart", "E=mc², right?", "E=mc², right?"},
		{"no address, only three letters", "Awwww. Nice", "Awwww. Nice"},
		{"a title with a colon", "Ann: Chair / Treasurer", "Ann: Chair / Treasurer"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := identity.ParseName(test.typed)
			judge(t, err, identity.ErrName, "invalid_name", test.want == "")
			if got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestFoldSearch(t *testing.T) {
	for _, test := range []struct{ name, a, b string }{
		{"case does not matter", "ANN Ünal", "ann ünal"},
		{"composition does not matter", "Zoe\u0308", "zoë"},
		{"sharp s is found as ss", "Groß", "GROSS"},
	} {
		if a, b := identity.FoldSearch(test.a), identity.FoldSearch(test.b); a != b {
			t.Errorf("%s: %q and %q", test.name, a, b)
		}
	}
	if identity.FoldSearch("zoë") == identity.FoldSearch("zoe") {
		t.Error("accents should matter")
	}
}

func FuzzParseEmail(f *testing.F) {
	for _, seed := range []string{"ann@example.test", "a@evil@good", " Ann@Bücher.test ", "\u212a@\u0130.test", "a@xn--n3h.test", "a@b.c."} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, typed string) {
		got, err := identity.ParseEmail(typed)
		if err != nil {
			if p := problem.Of(err); p == nil || p.Code != "invalid_email" {
				t.Fatalf("refused with %v", err)
			}
			return
		}
		if len(got.Folded) > 254 || strings.Count(got.Folded, "@") != 1 {
			t.Errorf("%q folds to %q", typed, got.Folded)
		}
		for _, c := range []byte(got.Folded) {
			if c <= ' ' || c > '~' || 'A' <= c && c <= 'Z' {
				t.Errorf("%q folds to %q", typed, got.Folded)
			}
		}
		for _, again := range []string{got.Folded, got.Typed} {
			if second, err := identity.ParseEmail(again); err != nil || second.Folded != got.Folded {
				t.Errorf("%q, then %q (%v)", got.Folded, second.Folded, err)
			}
		}
	})
}

func FuzzParseUsername(f *testing.F) {
	for _, seed := range []string{"201-acme", "201", " 201-A-B ", "201-", "-", "２０１-acme"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, typed string) {
		extension, slug, err := identity.ParseUsername(typed)
		if err != nil {
			return
		}
		again := extension
		if slug != "" {
			again += "-" + slug
		}
		if e, s, err := identity.ParseUsername(again); e != extension || s != slug || err != nil {
			t.Errorf("%q gave %q and %q, then %q and %q (%v)", typed, extension, slug, e, s, err)
		}
		if !strings.EqualFold(strings.Trim(typed, " \t"), again) {
			t.Errorf("%q became %q", typed, again)
		}
	})
}

func FuzzParseSlug(f *testing.F) {
	for _, seed := range []string{"acme", " ACME ", "-a", "\u212aelvin", strings.Repeat("a", 41)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, typed string) {
		slug, err := identity.ParseSlug(typed)
		if err != nil {
			return
		}
		if again, err := identity.ParseSlug(slug); again != slug || err != nil {
			t.Errorf("%q, then %q (%v)", slug, again, err)
		}
		if len(slug) < 2 || len(slug) > 40 || utf8.RuneCountInString(slug) != len(slug) {
			t.Errorf("%q is no slug", slug)
		}
	})
}
