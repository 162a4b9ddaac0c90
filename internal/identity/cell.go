package identity

import "strings"

// Spreadsheets take a cell that begins with one of these for a formula, the
// last four in some languages.
const formulaSigns = "=+-@\t\r＝＋－＠"

// GuardCell keeps what people have typed from being taken for a formula in a
// CSV file (OWASP ASVS 5.0, 1.2.10): with an apostrophe before it, it is text.
// What has apostrophes before the sign already gets one more, so that
// UnguardCell leads back from everything GuardCell wrote.
func GuardCell(text string) string {
	if looksGuarded(text) {
		return "'" + text
	}
	return text
}

// UnguardCell takes one apostrophe away where GuardCell would have put one.
func UnguardCell(text string) string {
	if strings.HasPrefix(text, "'") && looksGuarded(text) {
		return text[1:]
	}
	return text
}

// looksGuarded: a sign, with any number of apostrophes before it.
func looksGuarded(text string) bool {
	rest := strings.TrimLeft(text, "'")
	for _, sign := range formulaSigns {
		if strings.HasPrefix(rest, string(sign)) {
			return true
		}
	}
	return false
}
