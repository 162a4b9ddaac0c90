package identity

import (
	"strings"
	"unicode"

	"golang.org/x/net/idna"
)

// Readable is an e-mail address with its domain as people write it: letters go
// out to the A-labels (RFC 5891), which nobody can read. A label that may pass
// for another stays as it is: one that mixes scripts, or looks like Latin letters.
func Readable(address string) string {
	at := strings.LastIndexByte(address, '@') + 1
	if at == 0 || !strings.Contains(address[at:], "xn--") {
		return address
	}
	labels := strings.Split(address[at:], ".")
	for i, label := range labels {
		letters, err := idna.Registration.ToUnicode(label)
		if err == nil && len(Scripts(letters)) == 1 && !strings.ContainsFunc(letters, guest) && !PassesForLatin(letters) {
			labels[i] = letters
		}
	}
	return address[:at] + strings.Join(labels, ".")
}

// guest is a mark or a letter that goes with letters of any script, such as a mark
// of Arabic on a Latin one; a lengthened vowel goes with Japanese alone.
func guest(r rune) bool {
	return unicode.IsMark(r) && unicode.Is(unicode.Inherited, r) || unicode.IsLetter(r) && unicode.Is(unicode.Common, r) && r != 'ー'
}

// Shown is the address as pages show it: as it was typed, or, where its domain
// may pass for another, with the A-labels that mail goes to.
func (e EmailAddress) Shown() string {
	if readable := Readable(e.Folded); strings.Contains(readable, "xn--") {
		return readable
	}
	return e.Typed
}
