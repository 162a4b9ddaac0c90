package web

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/vestibule-id/vestibule/internal/front"
	"github.com/vestibule-id/vestibule/internal/mail"
)

// letterCSP is for a letter inside its frame. It may show itself, and a person
// may follow its links; nothing else works, as in a careful mail program.
const letterCSP = "sandbox allow-popups allow-popups-to-escape-sandbox allow-top-navigation-by-user-activation; " +
	"default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; base-uri 'none'; frame-ancestors 'self'"

type inboxPage struct {
	frame
	Letters []mail.Received
}

func (p *Pages) inbox(w http.ResponseWriter, _ *http.Request, v *front.Visit) error {
	return render(w, http.StatusOK, inboxPage{frame: p.stage("Inbox", "/dev/inbox", v), Letters: p.Demo.Inbox.List()})
}

type letterPage struct {
	frame
	Mail  mail.Received
	Plain bool
}

// A textLine is a line of plain text; mail programs make links of addresses.
type textLine struct {
	Text string
	Link bool
}

// Lines are the lines of the letter's plain text.
func (l letterPage) Lines() (lines []textLine) {
	for one := range strings.Lines(l.Mail.Text) {
		one = strings.TrimRight(one, "\r\n")
		lines = append(lines, textLine{one, strings.HasPrefix(one, "http://") || strings.HasPrefix(one, "https://")})
	}
	return lines
}

// letter shows a letter as a mail program would, or as plain text.
func (p *Pages) letter(w http.ResponseWriter, r *http.Request, v *front.Visit) error {
	one, err := p.received(r)
	if err != nil {
		return err
	}
	page := letterPage{frame: p.stage(one.Subject, "/dev/inbox", v), Mail: one, Plain: r.URL.Query().Get("as") == "text"}
	return renderWith(w, http.StatusOK, page, front.PageCSP+"; frame-src 'self'")
}

func (p *Pages) letterHTML(w http.ResponseWriter, r *http.Request, _ *front.Visit) error {
	one, err := p.received(r)
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", letterCSP)
	h.Set("X-Frame-Options", "SAMEORIGIN")
	_, err = w.Write([]byte(one.HTML))
	return err
}

// letterSource is the letter as it would have travelled.
func (p *Pages) letterSource(w http.ResponseWriter, r *http.Request, _ *front.Visit) error {
	one, err := p.received(r)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, err = w.Write(one.Raw)
	return err
}

func (p *Pages) received(r *http.Request) (one mail.Received, err error) {
	number, err := strconv.Atoi(r.PathValue("number"))
	if err != nil {
		return one, front.ErrNoRoute
	}
	one, ok := p.Demo.Inbox.Get(number)
	if !ok {
		return one, front.ErrNoRoute
	}
	return one, nil
}
