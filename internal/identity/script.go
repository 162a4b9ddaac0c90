package identity

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// EastAsia stands for the scripts of East Asia, which are written with one
// another: Han, Hiragana, Katakana, Bopomofo and Hangul.
const EastAsia = "Han and others"

// Scripts are those that letters, marks and digits of a text are of, by
// Unicode's names. What many scripts share is of none.
func Scripts(text string) map[string]bool {
	scripts := map[string]bool{}
	for _, r := range text {
		if name := scriptOf(r); name != "" {
			scripts[name] = true
		}
	}
	return scripts
}

func scriptOf(r rune) string {
	switch {
	case !unicode.In(r, unicode.L, unicode.M, unicode.N), unicode.In(r, unicode.Common, unicode.Inherited):
		return ""
	case unicode.Is(unicode.Latin, r):
		return "Latin"
	case unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Bopomofo, unicode.Hangul):
		return EastAsia
	}
	for name, script := range unicode.Scripts {
		if unicode.Is(script, r) {
			return name
		}
	}
	return ""
}

// PassesForLatin reports whether a text that has more than ASCII looks as if it
// had no more: all its other letters are look-alikes of Latin ones.
func PassesForLatin(text string) bool {
	folded := FoldSearch(text)
	if !Scripts(folded)["Latin"] { // else a mark tells letters apart, as in bücher
		folded = strings.Map(unmarked, norm.NFD.String(folded))
	}
	return !isASCII(text) && isASCII(LikeLatin(folded))
}

func unmarked(r rune) rune {
	if unicode.IsMark(r) {
		return -1
	}
	return r
}

func isASCII(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r >= utf8.RuneSelf })
}

// LikeLatin has the Latin letters that letters of a folded text are taken for.
// It knows a few dozen, not the thousands of UTS 39.
func LikeLatin(folded string) string { return lookAlikes.Replace(folded) }

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
