// Package mailtest is a mail server for tests: it keeps what it takes, and is
// as ill-behaved as it is told to be.
//
//	sink := mailtest.Start(t)                     a well one, no TLS
//	sink.Behave(mailtest.RejectRecipient(550))    from now on
//	… --mail sink.Address() …
//	mail := sink.Wait(t, 1)[0]                    mail.Text, mail.Link(t), mail.MessageID
package mailtest

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	netmail "net/mail"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// A Mail is what the sink has taken, or was sent and did not answer.
type Mail struct {
	From, To  string // of the envelope
	Header    netmail.Header
	Subject   string // decoded
	MessageID string // with its angle brackets
	Text      string
	HTML      string
	Raw       []byte
	TLS       bool
	User      string // who signed in to the sink
}

var address = regexp.MustCompile(`https?://\S+`)

// Link is the first address in the text that carries a token.
func (m Mail) Link(t testing.TB) string {
	t.Helper()
	for _, one := range address.FindAllString(m.Text, -1) {
		if strings.Contains(one, "token=") {
			return one
		}
	}
	t.Fatalf("there is no link in the mail:\n%s", m.Text)
	return ""
}

// A Behaviour is how the sink answers. The zero one is well-behaved.
type Behaviour struct {
	Mail, Recipient, Data int           // codes at MAIL, RCPT and after DATA; 0: taken
	Message               string        // goes with the codes
	Drop                  bool          // hangs up when it has all of the letter, and has kept it
	Stall                 chan struct{} // is silent after DATA until this is closed; the letter is kept before
}

// RejectRecipient refuses every recipient.
func RejectRecipient(code int) Behaviour {
	return Behaviour{Recipient: code, Message: "no such user here"}
}

// A Sink is the server. Its methods may be called from many sides.
type Sink struct {
	mu        sync.Mutex
	behaviour Behaviour
	kept      []Mail
	sessions  int
	arrived   chan struct{}

	listener net.Listener
	server   *smtp.Server
	user     string
	password string
	tls      bool
}

// An Option is something about a sink that cannot change while it runs.
type Option func(*Sink)

// WithTLS offers STARTTLS with a certificate for 127.0.0.1 and “mail.test”.
func WithTLS() Option { return func(s *Sink) { s.tls = true } }

// WithUser lets in only who has the password, and offers AUTH PLAIN.
func WithUser(user, password string) Option {
	return func(s *Sink) { s.user, s.password = user, password }
}

// Start starts a sink on loopback for the length of a test.
func Start(t testing.TB, options ...Option) *Sink {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &Sink{listener: listener, arrived: make(chan struct{}, 1)}
	for _, option := range options {
		option(s)
	}
	s.server = smtp.NewServer(smtp.BackendFunc(s.open))
	s.server.Domain, s.server.AllowInsecureAuth = "mail.test", true
	s.server.ErrorLog = log.New(io.Discard, "", 0)
	s.server.ReadTimeout, s.server.WriteTimeout = time.Minute, time.Minute
	if s.tls {
		certificate, _ := Certificate(t)
		s.server.TLSConfig = &tls.Config{Certificates: []tls.Certificate{certificate}}
	}
	go s.server.Serve(listener)
	t.Cleanup(s.Stop)
	return s
}

// Stop hangs up on everybody and takes no more.
func (s *Sink) Stop() {
	s.mu.Lock()
	if stall := s.behaviour.Stall; stall != nil {
		select {
		case <-stall:
		default:
			close(stall)
		}
	}
	s.mu.Unlock()
	s.server.Close()
}

// Address is what --mail takes.
func (s *Sink) Address() string {
	who := ""
	if s.user != "" {
		who = s.user + ":" + s.password + "@"
	}
	return "smtp://" + who + s.listener.Addr().String()
}

// Port is where the sink listens.
func (s *Sink) Port() string {
	_, port, _ := net.SplitHostPort(s.listener.Addr().String())
	return port
}

// Behave changes how the sink answers from the next command on.
func (s *Sink) Behave(b Behaviour) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.behaviour = b
}

// Mails are those that have come so far, also those the sink did not
// acknowledge.
func (s *Sink) Mails() []Mail {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Mail(nil), s.kept...)
}

// Sessions is how often somebody has connected.
func (s *Sink) Sessions() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sessions
}

// Wait waits until n mails have come, and returns all of them.
func (s *Sink) Wait(t testing.TB, n int) []Mail {
	t.Helper()
	patience := time.After(30 * time.Second)
	for {
		if mails := s.Mails(); len(mails) >= n {
			return mails
		}
		select {
		case <-s.arrived:
		case <-time.After(100 * time.Millisecond): // another waiter has taken the word
		case <-patience:
			t.Fatalf("%d mails have come, want %d", len(s.Mails()), n)
		}
	}
}

func (s *Sink) now() Behaviour {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.behaviour
}

func (s *Sink) open(c *smtp.Conn) (smtp.Session, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sessions++
	return &session{sink: s, conn: c}, nil
}

// A session is one conversation.
type session struct {
	sink *Sink
	conn *smtp.Conn
	user string
	mail Mail
}

func (s *session) AuthMechanisms() []string {
	if s.sink.user == "" {
		return nil
	}
	return []string{sasl.Plain}
}

func (s *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if user != s.sink.user || password != s.sink.password {
			return smtp.ErrAuthFailed
		}
		s.user = user
		return nil
	}), nil
}

func (s *session) refuse(code int) error {
	if code == 0 {
		return nil
	}
	message := s.sink.now().Message
	if message == "" {
		message = "not today"
	}
	return &smtp.SMTPError{Code: code, EnhancedCode: smtp.EnhancedCode{code / 100, 1, 1}, Message: message}
}

func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	if s.sink.user != "" && s.user == "" {
		return smtp.ErrAuthRequired
	}
	_, encrypted := s.conn.TLSConnectionState()
	s.mail = Mail{From: from, TLS: encrypted, User: s.user}
	return s.refuse(s.sink.now().Mail)
}

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.mail.To = to
	return s.refuse(s.sink.now().Recipient)
}

func (s *session) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	b := s.sink.now()
	if b.Data != 0 {
		return s.refuse(b.Data)
	}
	m := s.mail
	if err := m.read(raw); err != nil {
		return &smtp.SMTPError{Code: 554, Message: err.Error()}
	}
	s.sink.keep(m)
	if b.Drop {
		s.conn.Conn().Close()
		return errors.New("dropped")
	}
	if b.Stall != nil {
		<-b.Stall
	}
	return nil
}

func (s *Sink) keep(m Mail) {
	s.mu.Lock()
	s.kept = append(s.kept, m)
	s.mu.Unlock()
	select {
	case s.arrived <- struct{}{}:
	default:
	}
}

func (s *session) Reset()        { s.mail = Mail{} }
func (s *session) Logout() error { return nil }

// Read takes a mail apart that came another way.
func Read(raw []byte) (m Mail, err error) {
	err = m.read(raw)
	return m, err
}

func (m *Mail) read(raw []byte) error {
	m.Raw = raw
	parsed, err := netmail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return err
	}
	m.Header, m.MessageID = parsed.Header, parsed.Header.Get("Message-ID")
	if m.Subject, err = new(mime.WordDecoder).DecodeHeader(parsed.Header.Get("Subject")); err != nil {
		return err
	}
	return m.parts(parsed.Header.Get("Content-Type"), parsed.Body)
}

func (m *Mail) parts(contentType string, body io.Reader) error {
	kind, params, err := mime.ParseMediaType(contentType)
	if err != nil {
		return err
	}
	if !strings.HasPrefix(kind, "multipart/") {
		text, err := io.ReadAll(body)
		switch kind {
		case "text/plain":
			m.Text = string(text)
		case "text/html":
			m.HTML = string(text)
		}
		return err
	}
	for parts := multipart.NewReader(body, params["boundary"]); ; {
		part, err := parts.NextRawPart()
		if errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		var inner io.Reader = part
		if strings.EqualFold(part.Header.Get("Content-Transfer-Encoding"), "quoted-printable") {
			inner = quotedprintable.NewReader(part)
		}
		if err := m.parts(part.Header.Get("Content-Type"), inner); err != nil {
			return err
		}
	}
}

// Roots trust nobody but the sink's certificate.
func Roots(t testing.TB) *x509.CertPool {
	t.Helper()
	_, roots := Certificate(t)
	return roots
}
