package mail_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/internal/mail"
	"github.com/vestibule-id/vestibule/internal/mail/mailtest"
)

var sender = mail.Sender{Name: "Vestibule", Address: "no-reply@door.test"}

func client(t *testing.T, address string) *mail.SMTP {
	t.Helper()
	s, err := mail.NewSMTP(address, sender)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func aLetter() mail.Letter {
	return mail.Letter{Token: strings.Repeat("a", 50), FromName: "Acme", To: "ann@acme.test", Language: "en", Subject: "Hello", Text: "text\n", HTML: "<p>html", At: time.Unix(1_800_000_000, 0)}
}

// Proves: 4.7
func TestALetterArrives(t *testing.T) {
	sink := mailtest.Start(t)
	answer, err := client(t, sink.Address()).Send(t.Context(), aLetter())
	if err != nil || !strings.HasPrefix(answer, "2") {
		t.Fatalf("answer %q, error %v", answer, err)
	}
	got := sink.Wait(t, 1)[0]
	token := strings.Repeat("a", 50)
	for name, pair := range map[string][2]string{
		"return path": {got.From, "bounce+" + token + "@door.test"},
		"recipient":   {got.To, "ann@acme.test"},
		"From":        {got.Header.Get("From"), `"Acme" <no-reply@door.test>`},
		"To":          {got.Header.Get("To"), "<ann@acme.test>"},
		"Message-ID":  {got.MessageID, "<" + token + "@door.test>"},
		"automatic":   {got.Header.Get("Auto-Submitted"), "auto-generated"},
		"subject":     {got.Subject, "Hello"},
		"text":        {got.Text, "text\r\n"},
		"html":        {got.HTML, "<p>html"},
	} {
		if pair[0] != pair[1] {
			t.Errorf("%s is %q, want %q", name, pair[0], pair[1])
		}
	}
}

// Proves: 4.7
func TestTheServersNoIsJudged(t *testing.T) {
	for _, row := range []struct {
		name               string
		b                  mailtest.Behaviour
		refusal            bool
		permanent, address bool
		says               string
	}{
		{"no such user", mailtest.RejectRecipient(550), true, true, true, "550 5.1.1 no such user here"},
		{"mailbox busy", mailtest.RejectRecipient(450), true, false, true, "450 4.1.1 no such user here"},
		{"the sender is refused", mailtest.Behaviour{Mail: 550}, true, true, false, "550 5.1.1 not today"},
		{"greylisted", mailtest.Behaviour{Mail: 451}, true, false, false, "451"},
		{"the letter is refused", mailtest.Behaviour{Data: 554}, true, true, false, "554"},
		{"full", mailtest.Behaviour{Data: 452}, true, false, false, "452"},
		{"shutting down", mailtest.Behaviour{Mail: 421}, false, false, false, "lost"},
		{"hangs up", mailtest.Behaviour{Drop: true}, false, false, false, "lost"},
	} {
		t.Run(row.name, func(t *testing.T) {
			sink := mailtest.Start(t)
			sink.Behave(row.b)
			_, err := client(t, sink.Address()).Send(t.Context(), aLetter())
			refused, ok := errors.AsType[*mail.Refusal](err)
			if ok != row.refusal || err == nil || !strings.Contains(err.Error(), row.says) {
				t.Fatalf("error %v, a refusal %v", err, ok)
			}
			if ok && (refused.Permanent != row.permanent || refused.Address != row.address) {
				t.Errorf("judged %+v", refused)
			}
		})
	}
}

// A server that quotes the letter must not tell whoever reads its answers the
// link.
//
// Proves: 4.7
func TestAnAnswerHasNoLinkInIt(t *testing.T) {
	for _, token := range []string{"rst_", "inv_", "und_"} {
		sink := mailtest.Start(t)
		sink.Behave(mailtest.Behaviour{Data: 554, Message: "blacklisted: https://door.test/x?token=3D" + token + "AaIB_l5SDft6-w= aEZe_Hh. Sorry"})
		_, err := client(t, sink.Address()).Send(t.Context(), aLetter())
		if err == nil || !strings.Contains(err.Error(), "token=3D[link]. Sorry") {
			t.Errorf("%s: %v", token, err)
		}
	}
}

// Proves: 4.7
func TestASilentServerIsLeft(t *testing.T) {
	sink := mailtest.Start(t)
	sink.Behave(mailtest.Behaviour{Stall: make(chan struct{})})
	ctx, cancel := context.WithCancel(t.Context())
	go func() { sink.Wait(t, 1); cancel() }()
	if _, err := client(t, sink.Address()).Send(ctx, aLetter()); err == nil {
		t.Fatal("a server that said nothing has taken the letter")
	} else if _, ok := errors.AsType[*mail.Refusal](err); ok {
		t.Errorf("silence is taken for a no: %v", err)
	}
}

// Many letters go over one connection, and when the server has hung up on it
// meanwhile the next letter goes over another.
//
// Proves: 4.7
func TestConnectionsAreUsedAgain(t *testing.T) {
	sink := mailtest.Start(t)
	s := client(t, sink.Address())
	send := func() {
		t.Helper()
		if _, err := s.Send(t.Context(), aLetter()); err != nil {
			t.Fatal(err)
		}
	}
	for range 5 {
		send()
	}
	if n := sink.Sessions(); n != 1 {
		t.Errorf("five letters took %d connections", n)
	}
	sink.Behave(mailtest.RejectRecipient(550))
	if _, err := s.Send(t.Context(), aLetter()); err == nil {
		t.Fatal("not refused")
	}
	sink.Behave(mailtest.Behaviour{})
	send()
	if n := sink.Sessions(); n != 1 {
		t.Errorf("a refused recipient cost the connection: %d", n)
	}
	sink.Behave(mailtest.Behaviour{Mail: 421})
	if _, err := s.Send(t.Context(), aLetter()); err == nil {
		t.Fatal("not refused")
	}
	sink.Behave(mailtest.Behaviour{})
	send()
	if n := len(sink.Mails()); n != 7 {
		t.Errorf("%d mails have come, want 7", n)
	}
}

// Proves: 4.7
func TestLettersInParallel(t *testing.T) {
	sink := mailtest.Start(t)
	s := client(t, sink.Address())
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			for range 5 {
				if _, err := s.Send(t.Context(), aLetter()); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wait.Wait()
	if n := len(sink.Mails()); n != 40 || sink.Sessions() > 8 {
		t.Errorf("%d mails over %d connections", n, sink.Sessions())
	}
}

// Elsewhere than on this machine letters travel under TLS, to a server whose
// certificate is right, or not at all.
//
// Proves: 4.7
func TestTLSAndAuthentication(t *testing.T) {
	secure := mailtest.Start(t, mailtest.WithTLS(), mailtest.WithUser("door", "s3cret"))
	open := mailtest.Start(t)
	for _, row := range []struct {
		name, address string
		sink          *mailtest.Sink
		trusted, ok   bool
		encrypted     bool
	}{
		{"STARTTLS and a password", "smtp://door:s3cret@mail.test", secure, true, true, true},
		{"a wrong password", "smtp://door:wrong@mail.test", secure, true, false, false},
		{"a certificate nobody vouches for", "smtp://door:s3cret@mail.test", secure, false, false, false},
		{"a certificate for another host", "smtp://door:s3cret@other.test", secure, true, false, false},
		{"a server without TLS", "smtp://mail.test", open, true, false, false},
		{"where the operator says so", "smtp://mail.test:25?tls=none", open, true, true, false},
		{"on this machine", "smtp://127.0.0.1", open, true, true, false},
		{"on this machine with TLS, whoever signed it", "smtp://door:s3cret@localhost", secure, false, true, true},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := client(t, row.address)
			if row.trusted {
				s.RootCAs = mailtest.Roots(t)
			}
			s.Dial = func(ctx context.Context, network, _ string) (net.Conn, error) {
				return (&net.Dialer{}).DialContext(ctx, network, "127.0.0.1:"+row.sink.Port())
			}
			before := len(row.sink.Mails())
			_, err := s.Send(t.Context(), aLetter())
			if (err == nil) != row.ok {
				t.Fatalf("error %v", err)
			}
			if _, refused := errors.AsType[*mail.Refusal](err); refused || err != nil && strings.Contains(err.Error(), "s3cret") {
				t.Errorf("error %v", err)
			}
			mails := row.sink.Mails()[before:]
			if row.ok && (len(mails) != 1 || mails[0].TLS != row.encrypted) || !row.ok && len(mails) != 0 {
				t.Errorf("mails %d", len(mails))
			}
		})
	}
}

// Proves: 4.6
func TestNothingInALetterBreaksOutOfItsPlace(t *testing.T) {
	evil := "Ann\r\nBcc: eve@evil.test\r\n\r\n<script>alert(1)</script>"
	long := strings.Repeat("ü", 10<<20)
	for _, name := range []string{evil, long, "", "\x00\u202e", `"Eve" <eve@evil.test>, x`} {
		l := aLetter()
		l.FromName, l.Subject, l.ReplyTo = name, name, name
		raw, err := sender.Write(l)
		if err != nil {
			t.Fatal(err)
		}
		got, err := mailtest.Read(raw)
		if err != nil {
			t.Fatal(err)
		}
		from, err := got.Header.AddressList("From")
		if err != nil || len(from) != 1 || from[0].Address != sender.Address {
			t.Errorf("From is %v (%v)", from, err)
		}
		for _, header := range []string{"Bcc", "Cc", "Reply-To"} {
			if got.Header.Get(header) != "" {
				t.Errorf("%s is %q", header, got.Header.Get(header))
			}
		}
		if len(raw) > 10_000 {
			t.Errorf("a letter of %d bytes", len(raw))
		}
	}
	l := aLetter()
	l.FromName, l.Subject = "=?utf-8?q?evil?=", "Hello =?utf-8?q?evil?="
	raw, err := sender.Write(l)
	if err != nil || strings.Contains(string(raw), "?q?evil?=") {
		t.Errorf("what looks encoded travels as it is (%v):\n%s", err, raw)
	}
	for _, to := range []string{"", "ann@acme.test, eve@evil.test", "Ann <ann@acme.test>", "ann@acme.test\r\nRCPT TO:<eve@evil.test>", "ann"} {
		l := aLetter()
		l.To = to
		if _, err := sender.Write(l); err == nil {
			t.Errorf("a letter to %q is written", to)
		}
	}
}
