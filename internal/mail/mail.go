// Package mail writes letters and hands them to a mail server, and reads what
// comes back when one could not be delivered.
//
//	Facts ─► Words (en, id) ─► blocks ─┬► letter.html ─┐
//	                                   └► letter.txt  ─┴► Letter ─► SMTP ─► answer
//	                                          a bounce, weeks later ─► ReadBounce
//
// A letter is a list of blocks (paragraphs, a button, some facts) rendered
// twice, so what HTML says plain text says too. Words are data with
// placeholders, never a template language: nothing a person or a tenant is
// called can become one. The package knows no database and decides nothing.
package mail

import (
	"strings"
	"time"
	"unicode"
)

// A Letter is one mail, written.
type Letter struct {
	Token    string // names it in Message-ID and return path, at every try the same
	FromName string // the tenant's; empty: as the operator named the sender
	To       string // one bare address, folded
	ReplyTo  string // one bare address, or empty
	Language string // BCP 47
	Subject  string
	Text     string
	HTML     string
	At       time.Time // when it was enqueued
	Logo     *Image    // what HTML shows as cid:logo; nil: nothing
}

// An Image travels with the letter, so that reading it fetches nothing.
type Image struct {
	ContentType string // image/png and the like
	Data        []byte
}

// Facts are what a letter may tell. Empty ones are left out.
type Facts struct {
	Product string
	Tenant  string // its name
	Slug    string
	Accent  string // "#rrggbb"
	Name    string // the person's
	Account string // what the person signs in with
	Support string // whom to ask
	Link    string // the one-time address
	SignIn  string // the tenant's sign-in page
	Expires time.Time
	Zone    *time.Location // where times are told; nil: UTC

	// What happened, when, from where, with which program.
	At         time.Time
	Address    string
	UserAgent  string
	NewAddress string

	Logo *Image
}

// Bounds of what stands in a letter, in characters: names are shorter, and
// whatever is longer was not made by this product.
const (
	maxFact    = 300
	maxSubject = 150
)

// line makes text fit for a line of a letter or its head: no line ends or
// other controls, nothing that turns or hides what stands beside it, and not
// longer than most characters.
func line(text string, most int) string {
	var out strings.Builder
	n := 0
	for _, r := range text {
		switch {
		case unicode.IsSpace(r):
			r = ' '
		case r == unicode.ReplacementChar || unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co, unicode.Cs) && r != '\u200c' && r != '\u200d':
			continue
		}
		if n++; n > most {
			return strings.TrimSpace(out.String()) + "…"
		}
		out.WriteRune(r)
	}
	return strings.TrimSpace(out.String())
}
