package mail

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/mail"
	"net/textproto"
	"regexp"
	"strings"
)

// ErrNoBounce says that a message is no delivery report, or none about one of
// our letters.
var ErrNoBounce = errors.New("that is no delivery report (RFC 3464) about a letter of ours")

// A Bounce is what a mail server reports about a letter.
type Bounce struct {
	Tokens []string // names of letters it may be about; each must be checked
	Failed bool     // false: it is only late, or has arrived
	Answer string   // what the last server said
}

// Bounds of a report. Real ones have a few kilobytes, and bring at most the
// whole letter back.
const (
	maxBounce = 1 << 20
	maxParts  = 10
	maxTokens = 10
)

var bounceToken = regexp.MustCompile(`(?i)\b(?:` + regexp.QuoteMeta(bounceLocal) + `)?([a-z2-7]{50})@`)

// ReadBounce reads a delivery report (RFC 3464) as a mail server hands it on:
// it says what became of the letter, and names it by the return path it was
// sent to and by the Message-ID of what it brings back.
func ReadBounce(r io.Reader) (b Bounce, err error) {
	message, err := mail.ReadMessage(bufio.NewReader(io.LimitReader(r, maxBounce)))
	if err != nil {
		return b, ErrNoBounce
	}
	for _, name := range []string{"Delivered-To", "X-Original-To", "Envelope-To", "To"} {
		for _, value := range message.Header[textproto.CanonicalMIMEHeaderKey(name)] {
			b.note(value)
		}
	}
	kind, params, err := mime.ParseMediaType(message.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/report" || !strings.EqualFold(params["report-type"], "delivery-status") {
		return b, ErrNoBounce
	}
	reported := false
	parts := multipart.NewReader(message.Body, params["boundary"])
	for range maxParts {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return b, ErrNoBounce
		}
		content, err := io.ReadAll(part)
		if err != nil {
			return b, ErrNoBounce
		}
		switch kind, _, _ := mime.ParseMediaType(part.Header.Get("Content-Type")); kind {
		case "message/delivery-status", "message/global-delivery-status":
			reported = b.status(content) || reported
		case "message/rfc822", "text/rfc822-headers", "message/global", "message/global-headers":
			b.returned(content)
		}
	}
	if !reported || len(b.Tokens) == 0 {
		return b, ErrNoBounce
	}
	return b, nil
}

// note keeps the names of letters in a header's value.
func (b *Bounce) note(value string) {
	for _, found := range bounceToken.FindAllStringSubmatch(value, maxTokens) {
		if len(b.Tokens) < maxTokens {
			b.Tokens = append(b.Tokens, strings.ToLower(found[1]))
		}
	}
}

// status reads the groups of fields: one about the message, one for each
// recipient. Our letters have one.
func (b *Bounce) status(content []byte) (found bool) {
	fields := textproto.NewReader(bufio.NewReader(bytes.NewReader(append(content, "\r\n\r\n"...))))
	for {
		group, err := fields.ReadMIMEHeader()
		action := strings.ToLower(strings.TrimSpace(group.Get("Action")))
		if action != "" {
			found = true
			b.Failed = b.Failed || action == "failed"
			b.Answer = reason(group)
		}
		if err != nil {
			return found
		}
	}
}

// reason is what the last server said; its status code where it said nothing
// (RFC 3463).
func reason(group textproto.MIMEHeader) string {
	_, said, typed := strings.Cut(group.Get("Diagnostic-Code"), ";")
	if said = answered(said); typed && said != "" {
		return said
	}
	return answered(group.Get("Status"))
}

// returned looks for the Message-ID in what the report brings back.
func (b *Bounce) returned(content []byte) {
	header, _ := textproto.NewReader(bufio.NewReader(bytes.NewReader(append(content, "\r\n\r\n"...)))).ReadMIMEHeader()
	b.note(header.Get("Message-Id"))
}

// quotedLink finds the tokens of links, also where quoted-printable has broken
// them. (RFC 2045 section 6.7.)
var quotedLink = regexp.MustCompile(`(?:rst|inv|und)_[\w-]{8,}(?:=\s*[\w-]+)*`)

// answered is what a mail server said, as a line. Some quote the letter they
// refuse: whoever reads their answers must not get at its link.
func answered(text string) string {
	return line(quotedLink.ReplaceAllString(text, "[link]"), maxFact)
}
