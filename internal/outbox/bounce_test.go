package outbox_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/vestibule-id/vestibule/internal/housetest"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/outbox"
	"github.com/vestibule-id/vestibule/internal/secret"
)

func report(token, action string) string {
	return strings.ReplaceAll(`To: bounce+`+token+`@door.test
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mail.test

Final-Recipient: rfc822; ann@acme.test
Action: `+action+`
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 no such user

--b--
`, "\n", "\r\n")
}

// Proves: Q7, 4.7
func TestALetterThatComesBack(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		p := newPost(t, h, &fake{})
		twin := h.AddTenant(t, "twin", identity.Workspace)
		task := p.enqueue(t)
		bounces := &outbox.Bounces{Store: h.Store, Now: h.Clock.Now}
		keys := h.Store.Keys()
		token := keys.LetterToken(p.acme.ID(), task.ID)
		take := func(name, message string, want error) {
			t.Helper()
			if _, err := bounces.Take(t.Context(), strings.NewReader(message)); !errors.Is(err, want) {
				t.Errorf("%s: %v, want %v", name, err, want)
			}
		}
		take("not sent yet", report(token, "failed"), outbox.ErrNotYet)
		p.pass(t, 1)
		take("of another database", report(secret.NewRoot().Keys().LetterToken(p.acme.ID(), task.ID), "failed"), outbox.ErrNoReport)
		take("of another tenant", report(keys.LetterToken(twin.ID(), task.ID), "failed"), outbox.ErrNotWaiting)
		take("made up", report(strings.Repeat("a", 50), "failed"), outbox.ErrNoReport)
		take("late only", report(token, "delayed"), outbox.ErrNotFailed)
		take("no report", "To: bounce+"+token+"@door.test\r\n\r\nI am on holiday.", outbox.ErrNoReport)
		if l := p.letter(t, task.ID); l.State != identity.LetterSent || len(p.events(t)) != 0 {
			t.Fatalf("something has changed: %+v", l)
		}
		take("the real one", report(token, "failed"), nil)
		u, err := p.acme.User(t.Context(), p.ann.ID)
		if l := p.letter(t, task.ID); err != nil || l.State != identity.LetterBounced || l.Answer != "550 5.1.1 no such user" || u.Mail.Kind != identity.MailBounced || u.Mail.Answer != l.Answer {
			t.Errorf("letter %+v, address %+v (%v)", l, u.Mail, err)
		}
		take("once more", report(token, "failed"), outbox.ErrNotWaiting)
		if got := p.events(t); len(got) != 1 || got[0] != "mail_bounced reset" {
			t.Errorf("events %v", got)
		}
	})
}

// What the return path of a sent letter says is what a bounce is known by.
//
// Proves: 4.7
func TestTheReturnPathIsTheLetters(t *testing.T) {
	h := housetest.New(t, addressOf(t))
	to := &fake{}
	p := newPost(t, h, to)
	task := p.enqueue(t)
	p.pass(t, 1)
	want := "bounce+" + h.Store.Keys().LetterToken(p.acme.ID(), task.ID) + "@door.test"
	if got := sender.ReturnPath(to.took[0].Token); got != want || len(strings.Split(got, "@")[0]) > 64 {
		t.Errorf("return path %s, want %s", got, want)
	}
}
