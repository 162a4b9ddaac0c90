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
	for word := range strings.FieldsFuncSeq(title, unicode.IsSpace) {
		if mixed(word) && !joined(word) {
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

// mixed reports whether a word has letters of several scripts, whatever digits
// and signs are between them. Those of East Asia are written with one another
// and with Latin ones, without a blank (UTS 39, section 5.2, “Highly
// Restrictive”).
func mixed(word string) bool {
	scripts := identity.Scripts(word)
	return len(scripts) > 2 || len(scripts) == 2 && !(scripts[identity.EastAsia] && scripts["Latin"])
}

// joined spares “IT-отдел”: words with a hyphen between them, each in one script
// and none there to deceive.
func joined(word string) bool {
	for part := range strings.SplitSeq(word, "-") {
		if mixed(part) || utf8.RuneCountInString(part) < 2 || identity.PassesForLatin(part) {
			return false
		}
	}
	return true
}

// TitleKey is the form in which titles of roles are compared: two of one key are
// taken for each other by people who choose a role from a list. Case, blanks,
// what is not seen, marks laid over a letter, other forms of a letter (fullwidth,
// mathematical) and the commonest letters of other scripts that look like Latin
// ones make no difference; a capital I behind a small letter is an l.
//
// It knows a few dozen letters, not the thousands of UTS 39, so it does not
// catch rarer scripts (Cherokee, Lisu), digits for letters (“Mana9er”), marks
// that are easily overlooked (“Aḍmin”), or another word for the same thing.
func TitleKey(title string) string {
	before := rune(0) // what is seen in front
	shown := strings.Map(func(r rune) rune {
		if unseen(r) {
			return -1
		}
		if r == 'I' && unicode.IsLower(before) {
			r = 'l'
		}
		before = r
		return r
	}, norm.NFKC.String(title))
	return strings.ReplaceAll(identity.LikeLatin(identity.FoldSearch(shown)), "i\u0307", "i") // the dot an i has anyway
}

// unseen is what draws nothing of its own: blanks, an empty Braille cell, an
// empty note, and marks that no letter was composed with.
func unseen(r rune) bool {
	return unicode.In(r, unicode.White_Space, unicode.Cf, unicode.Variation_Selector, unicode.Other_Default_Ignorable_Code_Point) ||
		unicode.IsMark(r) && unicode.Is(unicode.Inherited, r) || r == '\u2800' || r == '\U0001d159'
}

// Resembles is the built-in role that a title would be taken for, or the zero
// Role. It is stricter than TitleKey, for here somebody gains by deceiving:
// letters that run together into one count as that one (“Adrnin”), which among
// a tenant's own roles would keep “Modern” from standing beside “Modem”, and
// i, l, 1 and | count as one (“Adm1n”), which would keep “Mail” from “Mall”.
func Resembles(title string) identity.Role {
	key := sequences.Replace(TitleKey(title))
	for _, role := range builtIn {
		if sequences.Replace(TitleKey(role.Title)) == key {
			return role
		}
	}
	return identity.Role{}
}

var sequences = strings.NewReplacer("rn", "m", "vv", "w", "l", "i", "1", "i", "|", "i", "ǀ", "i")
