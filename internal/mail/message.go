package mail

import (
	"bytes"
	"errors"
	"fmt"
	"net/mail"
	"strings"

	gomail "github.com/wneessen/go-mail"
)

// A Sender is whom letters come from, as the operator named it.
type Sender struct {
	Name    string
	Address string // bare
}

// ParseSender reads “Vestibule <no-reply@example.com>”.
func ParseSender(text string) (Sender, error) {
	parsed, err := mail.ParseAddress(text)
	if err != nil {
		return Sender{}, errors.New("must be a mail address, such as Vestibule <no-reply@example.com>")
	}
	return Sender{Name: parsed.Name, Address: parsed.Address}, nil
}

func (s Sender) domain() string { return s.Address[strings.LastIndexByte(s.Address, '@')+1:] }

// bounceLocal begins the return path of letters, so that a mail server can
// send what comes back to “vestibule mail bounce”.
const bounceLocal = "bounce+"

// ReturnPath is where a letter comes back to: an address of its own.
func (s Sender) ReturnPath(token string) string {
	if token == "" {
		return s.Address
	}
	return bounceLocal + token + "@" + s.domain()
}

// MessageID names a letter, without angle brackets (RFC 5322 section 3.6.4).
func (s Sender) MessageID(token string) string { return token + "@" + s.domain() }

// message puts a letter into the form mail servers take. It says that a
// program wrote it, so that programs do not answer (RFC 3834 section 5).
func (s Sender) message(l Letter) (*gomail.Msg, error) {
	to, err := mail.ParseAddress(l.To)
	if err != nil || to.Address != l.To {
		return nil, errors.New("the recipient is not one bare address")
	}
	name := literal(line(l.FromName, maxSubject))
	if name == "" {
		name = s.Name
	}
	m := gomail.NewMsg(gomail.WithNoDefaultUserAgent(), gomail.WithEncoding(gomail.EncodingQP))
	m.FromMailAddress(&mail.Address{Name: name, Address: s.Address})
	m.ToMailAddress(&mail.Address{Address: l.To})
	if err := m.EnvelopeFrom(s.ReturnPath(l.Token)); err != nil {
		return nil, fmt.Errorf("return path: %w", err)
	}
	if reply, err := mail.ParseAddress(l.ReplyTo); err == nil && reply.Address == l.ReplyTo {
		m.ReplyToMailAddress(&mail.Address{Address: l.ReplyTo})
	}
	m.Subject(literal(line(l.Subject, maxSubject)))
	m.SetDateWithValue(l.At)
	if l.Token != "" {
		m.SetMessageIDWithValue(s.MessageID(l.Token))
	}
	m.SetGenHeader("Auto-Submitted", "auto-generated")
	m.SetGenHeader("X-Auto-Response-Suppress", "All")
	m.SetGenHeader("Content-Language", l.Language)
	m.SetBodyString(gomail.TypeTextPlain, l.Text)
	m.AddAlternativeString(gomail.TypeTextHTML, l.HTML)
	if l.Logo != nil {
		err = m.EmbedReader("logo", bytes.NewReader(l.Logo.Data), gomail.WithFileContentID("<logo>"),
			gomail.WithFileContentType(gomail.ContentType(l.Logo.ContentType)))
	}
	return m, err
}

// literal keeps programs from reading text of a header as an encoded word (RFC
// 2047), which some do even between quotes: names from before such were refused.
// The joiner, which nobody sees, parts the two signs that begin one, and has all
// of it encoded.
func literal(text string) string { return strings.ReplaceAll(text, "=?", "=\u200c?") }

// Write is a letter as it travels.
func (s Sender) Write(l Letter) ([]byte, error) {
	m, err := s.message(l)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	_, err = m.WriteTo(&out)
	return out.Bytes(), err
}
