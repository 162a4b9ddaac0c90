package mail

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	gomail "github.com/wneessen/go-mail"
	"github.com/wneessen/go-mail/smtp"
)

// sendTime bounds one letter, from taking a connection to the answer.
const sendTime = 30 * time.Second

// idleTime is how long a connection waits for the next letter.
const idleTime = 5 * time.Second

// A Refusal is a mail server's no to one letter.
type Refusal struct {
	Answer    string // what it said
	Permanent bool   // trying again will not help (RFC 5321 section 4.2.1: 5yz)
	Address   bool   // it is about the recipient
}

func (r *Refusal) Error() string { return r.Answer }

// SMTP hands letters to one mail server (RFC 5321), a connection for several
// where there are several. It may be used from many sides at once.
type SMTP struct {
	Sender Sender
	// RootCAs are whom the server's certificate must come from; nil: whom the
	// machine trusts.
	RootCAs *x509.CertPool
	Timeout time.Duration // of one letter; 0: half a minute

	host, port     string
	user, password string
	fromStart      bool // smtps: TLS before anything is said
	plain          bool // ?tls=none
	loopback       bool // STARTTLS if the server has it, whoever signed it
	Dial           func(ctx context.Context, network, address string) (net.Conn, error)

	mu     sync.Mutex
	idle   []*connection
	closed bool
}

// NewSMTP reads the operator's address, “smtp://USER:PASSWORD@HOST:PORT” or
// “smtps://…”. smtp:// is made TLS by STARTTLS, which a server must have unless
// it is on this machine or the address ends in “?tls=none”.
func NewSMTP(address string, from Sender) (*SMTP, error) {
	u, err := url.Parse(address)
	if err != nil || u.Hostname() == "" || u.Scheme != "smtp" && u.Scheme != "smtps" {
		return nil, errors.New("must be smtp://USER:PASSWORD@HOST:PORT or smtps://…")
	}
	s := &SMTP{Sender: from, host: u.Hostname(), port: u.Port(), fromStart: u.Scheme == "smtps", plain: u.Query().Get("tls") == "none"}
	s.user = u.User.Username()
	s.password, _ = u.User.Password()
	switch {
	case s.port != "":
	case s.fromStart:
		s.port = "465"
	case s.user != "":
		s.port = "587" // submission, RFC 6409
	default:
		s.port = "25"
	}
	ip, err := netip.ParseAddr(s.host)
	s.loopback = err == nil && ip.IsLoopback() || s.host == "localhost" || strings.HasSuffix(s.host, ".localhost")
	return s, nil
}

// Address is the server's host and port.
func (s *SMTP) Address() string { return net.JoinHostPort(s.host, s.port) }

// Send hands over a letter and returns what the server answered. A *Refusal is
// its no; any other error means that it was not asked, or its answer is not
// known. Nothing is sent any more once ctx has ended.
func (s *SMTP) Send(ctx context.Context, l Letter) (answer string, err error) {
	m, err := s.Sender.message(l)
	if err != nil {
		return "", &Refusal{Answer: err.Error(), Permanent: true}
	}
	ctx, cancel := context.WithTimeout(ctx, s.timeout())
	defer cancel()
	for {
		c, err := s.take(ctx)
		if err != nil {
			return "", err
		}
		answer, usable, err := c.send(ctx, m)
		s.give(c, usable)
		if err == nil || !c.used || !wentAway(err) || ctx.Err() != nil {
			return answer, unfold(err)
		}
		// The server had hung up on a connection that was waiting: it has seen
		// nothing of this letter.
	}
}

func (s *SMTP) timeout() time.Duration {
	if s.Timeout > 0 {
		return s.Timeout
	}
	return sendTime
}

// Close ends the connections that wait.
func (s *SMTP) Close() {
	s.mu.Lock()
	idle := s.idle
	s.idle, s.closed = nil, true
	s.mu.Unlock()
	for _, c := range idle {
		c.end()
	}
}

// wentAway reports whether a server was gone before it heard of the letter.
func wentAway(err error) bool {
	sent, ok := errors.AsType[*gomail.SendError](err)
	return ok && (sent.Reason == gomail.ErrConnCheck || sent.Reason == gomail.ErrSMTPMailFrom) && (sent.ErrorCode() == 0 || sent.ErrorCode() == 421)
}

// unfold turns the library's error into a Refusal where the server spoke.
func unfold(err error) error {
	if err == nil {
		return nil
	}
	sent, ok := errors.AsType[*gomail.SendError](err)
	if !ok || sent.ErrorCode() == 0 || sent.ErrorCode() == 421 {
		return fmt.Errorf("the mail server was lost: %s", answered(err.Error()))
	}
	said := err.Error()
	if i := strings.Index(said, strconv.Itoa(sent.ErrorCode())); i >= 0 {
		said = said[i:]
	}
	said, _, _ = strings.Cut(said, ", affected ")
	if code, quoted, ok := strings.Cut(said, " "); ok { // the library quotes some answers
		if plain, err := strconv.Unquote(quoted); err == nil {
			said = code + " " + plain
		}
	}
	return &Refusal{Answer: answered(said), Permanent: sent.ErrorCode() >= 500, Address: sent.Reason == gomail.ErrSMTPRcptTo}
}

// A connection is one conversation with the server.
type connection struct {
	net    net.Conn
	client *gomail.Client
	smtp   *smtp.Client
	hangUp func() bool // ends the watch over the context it was opened in
	used   bool        // has carried a letter
	timer  *time.Timer
}

// send hands over one letter; usable says that the next may follow.
func (c *connection) send(ctx context.Context, m *gomail.Msg) (answer string, usable bool, err error) {
	stop := context.AfterFunc(ctx, func() { c.net.Close() })
	err = c.client.SendWithSMTPClient(c.smtp, m)
	usable = stop()
	if m.IsDelivered() {
		return answered(m.ServerResponse()), usable && err == nil, nil
	}
	if refused, ok := errors.AsType[*Refusal](unfold(err)); ok {
		usable = usable && refused.Address // the library has reset the conversation then
	} else {
		usable = false
	}
	return "", usable, err
}

func (c *connection) end() {
	if c.timer != nil {
		c.timer.Stop()
	}
	_ = c.smtp.UpdateDeadline(time.Second)
	_ = c.smtp.Quit()
	c.net.Close()
}

func (s *SMTP) take(ctx context.Context) (*connection, error) {
	s.mu.Lock()
	for n := len(s.idle); n > 0; n = len(s.idle) {
		c := s.idle[n-1]
		s.idle = s.idle[:n-1]
		if c.timer.Stop() {
			s.mu.Unlock()
			return c, nil
		}
	}
	s.mu.Unlock()
	return s.connect(ctx)
}

func (s *SMTP) give(c *connection, usable bool) {
	if !usable {
		c.net.Close()
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		go c.end()
		return
	}
	c.used = true
	c.timer = time.AfterFunc(idleTime, func() {
		s.mu.Lock()
		for i, one := range s.idle {
			if one == c {
				s.idle = append(s.idle[:i], s.idle[i+1:]...)
				break
			}
		}
		s.mu.Unlock()
		c.end()
	})
	s.idle = append(s.idle, c)
}

func (s *SMTP) connect(ctx context.Context) (*connection, error) {
	c := &connection{}
	client, err := gomail.NewClient(s.host, append(s.options(), gomail.WithDialContextFunc(s.dial(ctx, c)))...)
	if err != nil {
		return nil, fmt.Errorf("mail server: %w", err)
	}
	c.client = client
	c.smtp, err = client.DialToSMTPClientWithContext(ctx)
	if c.hangUp != nil {
		c.hangUp()
	}
	if err != nil {
		if c.net != nil {
			c.net.Close()
		}
		return nil, fmt.Errorf("the mail server does not let us in: %s", answered(err.Error()))
	}
	return c, nil
}

// dial opens the connection that c is to be. The library would leave it open
// when something after that fails.
func (s *SMTP) dial(whole context.Context, c *connection) gomail.DialContextFunc {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		open := s.Dial
		if open == nil {
			open = (&net.Dialer{}).DialContext
		}
		conn, err := open(ctx, network, address)
		if err != nil {
			return nil, err
		}
		if s.fromStart {
			conn = tls.Client(conn, s.tls())
		}
		c.net, c.hangUp = conn, context.AfterFunc(whole, func() { conn.Close() })
		return conn, nil
	}
}

func (s *SMTP) tls() *tls.Config {
	return &tls.Config{ServerName: s.host, RootCAs: s.RootCAs, MinVersion: tls.VersionTLS12}
}

func (s *SMTP) options() []gomail.Option {
	port, _ := strconv.Atoi(s.port)
	config := s.tls()
	policy := gomail.TLSMandatory
	auth := gomail.SMTPAuthAutoDiscover
	switch {
	case s.fromStart:
		policy, auth = gomail.NoTLS, gomail.SMTPAuthPlainNoEnc // there is TLS, which the library does not see
	case s.plain:
		policy, auth = gomail.NoTLS, gomail.SMTPAuthPlainNoEnc
	case s.loopback:
		// Nobody stands between: what is checked elsewhere would only be in the way.
		policy, auth, config.InsecureSkipVerify = gomail.TLSOpportunistic, gomail.SMTPAuthPlainNoEnc, true
	}
	options := []gomail.Option{
		gomail.WithPort(port), gomail.WithHELO(s.Sender.domain()), gomail.WithTimeout(s.timeout()), gomail.WithTLSConfig(config),
		gomail.WithTLSPolicy(policy), gomail.WithoutNoop(), gomail.WithoutRset(), gomail.WithoutSMTPUTF8(),
	}
	if s.user != "" {
		options = append(options, gomail.WithUsername(s.user), gomail.WithPassword(s.password), gomail.WithSMTPAuth(auth))
	}
	return options
}
