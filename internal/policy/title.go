package policy

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/problem"
)

const maxTitle = 60 // characters

var errTitle = problem.New(problem.Invalid, "invalid_title", "A title has at most 60 characters.")

// ParseTitle reads what a role is to be called by people, as names are read. A
// word of it is written in one script: a Cyrillic letter in “Аdmin” is there to
// deceive. Whether another role looks alike is for Resembles and TitleKey to say.
func ParseTitle(typed string) (string, error) {
	title, err := ParseKeptTitle(typed)
	if err != nil {
		return "", err
	}
	for word := range strings.FieldsFuncSeq(title, betweenWords) {
		if mixed(word) {
			return "", errTitle.Because("A word of a title is written in one script: letters of two that look alike are not mixed.")
		}
	}
	return title, nil
}

// ParseKeptTitle reads the title of a role that is somewhere already: its words
// may be in any scripts, for it was there before anybody asked for one.
func ParseKeptTitle(typed string) (string, error) {
	title, err := identity.ParseName(typed)
	switch {
	case err != nil:
		return "", err
	case utf8.RuneCountInString(title) > maxTitle:
		return "", errTitle
	}
	return title, nil
}

func betweenWords(r rune) bool {
	return !unicode.In(r, unicode.L, unicode.M, unicode.Cf)
}

// mixed reports whether a word has letters of several scripts. Those of East
// Asia are written with one another and with Latin ones, without a blank
// (UTS 39, section 5.2, “Highly Restrictive”).
func mixed(word string) bool {
	scripts := map[string]bool{}
	for _, r := range word {
		if unicode.IsLetter(r) && !unicode.In(r, unicode.Common, unicode.Inherited) {
			scripts[scriptOf(r)] = true
		}
	}
	return len(scripts) > 2 || len(scripts) == 2 && !(scripts[eastAsia] && scripts["Latin"])
}

const eastAsia = "Han and others"

func scriptOf(r rune) string {
	if unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Bopomofo, unicode.Hangul) {
		return eastAsia
	}
	for name, script := range unicode.Scripts {
		if unicode.Is(script, r) {
			return name
		}
	}
	return ""
}

// TitleKey is the form in which titles of roles are compared: two of one key are
// taken for each other by people who choose a role from a list. Case, blanks,
// what is not seen, other forms of a letter (fullwidth, mathematical) and the
// commonest letters of other scripts that look like Latin ones make no
// difference.
//
// It knows a few dozen letters, not the thousands of UTS 39, so it does not
// catch rarer scripts (Cherokee, Lisu), digits for letters (“Adm1n”), marks
// that are easily overlooked (“Aḍmin”), or another word for the same thing.
func TitleKey(title string) string {
	shown := strings.Map(func(r rune) rune {
		if unicode.In(r, unicode.White_Space, unicode.Cf, unicode.Variation_Selector, unicode.Other_Default_Ignorable_Code_Point) || r == '\u2800' { // an empty Braille cell
			return -1
		}
		return r
	}, norm.NFKC.String(title))
	return strings.ReplaceAll(lookAlikes.Replace(identity.FoldSearch(shown)), "i\u0307", "i") // the dot an i has anyway
}

// Resembles is the built-in role that a title would be taken for, or the zero
// Role. It is stricter than TitleKey, for here somebody gains by deceiving:
// letters that run together into one count as that one (“Adrnin”), which among
// a tenant's own roles would keep “Modern” from standing beside “Modem”.
func Resembles(title string) identity.Role {
	key := sequences.Replace(TitleKey(title))
	for _, role := range builtIn {
		if sequences.Replace(TitleKey(role.Title)) == key {
			return role
		}
	}
	return identity.Role{}
}

var sequences = strings.NewReplacer("rn", "m", "vv", "w")

// lookAlikes are folded letters that look like Latin ones, small or as capitals;
// where the two differ, as in Greek, the capital decides.
var lookAlikes = strings.NewReplacer(
	// Cyrillic
	"а", "a", "в", "b", "ь", "b", "с", "c", "ԁ", "d", "е", "e", "ԍ", "g", "н", "h", "һ", "h", "і", "i", "ӏ", "i", "ј", "j",
	"к", "k", "м", "m", "п", "n", "о", "o", "р", "p", "ԛ", "q", "г", "r", "ѕ", "s", "т", "t", "ѵ", "v", "ԝ", "w", "х", "x", "у", "y", "ү", "y",
	// Greek
	"α", "a", "β", "b", "ε", "e", "ζ", "z", "η", "h", "ι", "i", "κ", "k", "μ", "m", "ν", "n", "ο", "o", "ρ", "p", "τ", "t", "υ", "y", "χ", "x",
	// Armenian
	"ց", "g", "հ", "h", "յ", "j", "ո", "n", "օ", "o", "զ", "q", "տ", "s", "ս", "u",
	// Latin letters that are none of the 26
	"ɑ", "a", "ᴀ", "a", "ᴅ", "d", "ᴇ", "e", "ɡ", "g", "ı", "i", "ɩ", "i", "ɪ", "i", "ᴍ", "m", "ɴ", "n", "ʀ", "r", "ꜱ", "s", "ᴜ", "u",
)
