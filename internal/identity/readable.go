package identity

import (
	"strings"
	"unicode"

	"golang.org/x/net/idna"
)

// Readable is an e-mail address with its domain as people write it: letters go
// out to the A-labels (RFC 5891), which nobody can read. A label that mixes
// Latin with other letters stays as it is, for it may pass for another.
func Readable(address string) string {
	at := strings.LastIndexByte(address, '@') + 1
	if at == 0 || !strings.Contains(address[at:], "xn--") {
		return address
	}
	labels := strings.Split(address[at:], ".")
	for i, label := range labels {
		letters, err := idna.Registration.ToUnicode(label)
		latin := func(r rune) bool { return unicode.Is(unicode.Latin, r) }
		other := func(r rune) bool { return unicode.IsLetter(r) && !latin(r) }
		if err == nil && !(strings.ContainsFunc(letters, latin) && strings.ContainsFunc(letters, other)) {
			labels[i] = letters
		}
	}
	return address[:at] + strings.Join(labels, ".")
}
