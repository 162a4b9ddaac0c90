package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/internal/mail/mailtest"
	"github.com/vestibule-id/vestibule/internal/store/storetest"
)

// A letter through a mail server as operators have it: Postfix takes it with
// STARTTLS and a certificate that is checked, finds out later that the address
// is dead, and hands what comes back to “mail bounce”. Postfix is installed
// beside PostgreSQL, and is there when that is.
//
// Proves: Q7, 4.7
func TestADeadAddressBouncesThroughPostfix(t *testing.T) {
	if len(storetest.Databases()) == 1 {
		return // "make check", which installs nothing
	}
	h, p := newPostfixHouse(t)
	if said := p.mailTest(h); !strings.Contains(said, "certificate") {
		t.Errorf("a certificate nobody vouches for is believed: %s", said)
	}
	h.environ = append(h.environ, "SSL_CERT_FILE="+p.certificate)
	h.start(0)
	for _, email := range []string{"alive@acme.test", "gone@acme.test"} {
		h.must(201, "POST", "/api/v1/invitations", body{"email": email, "role": "user", "name": "Somebody"})
	}
	state := func(email string) (l letter) {
		for _, l := range h.letters() {
			if l.To == email {
				return l
			}
		}
		return l
	}
	p.await(t, "a letter that bounces", func() bool { return state("gone@acme.test").State == "bounced" })
	if l := state("gone@acme.test"); !strings.Contains(l.Answer, "unknown user") {
		t.Errorf("the letter is said to have come back for %q", l.Answer)
	}
	if kind := mailTrouble(h, "gone@acme.test"); kind != "bounced" {
		t.Errorf("the user's mail trouble is %q", kind)
	}
	p.await(t, "a letter that arrives", func() bool { return len(p.kept(t)) > 0 && state("alive@acme.test").State == "sent" })
	raw := p.kept(t)
	m, err := mailtest.Read(raw)
	if err != nil || m.Link(t) == "" || !bytes.Contains(raw, []byte("using TLSv1.3")) {
		t.Errorf("%v: the letter that arrived:\n%s", err, raw)
	}
	if kind := mailTrouble(h, "alive@acme.test"); kind != "" {
		t.Errorf("a user without mail trouble has %q", kind)
	}
}

// mailTrouble is what the administrator sees of a user's.
func mailTrouble(h *house, email string) string {
	h.Helper()
	var list struct {
		Items []struct {
			Email   string
			Trouble *struct{ Kind string } `json:"mail_trouble"`
		}
	}
	if err := json.Unmarshal(h.must(200, "GET", "/api/v1/users", nil), &list); err != nil {
		h.Fatal(err)
	}
	for _, u := range list.Items {
		if u.Email == email && u.Trouble != nil {
			return u.Trouble.Kind
		}
	}
	return ""
}

// newPostfixHouse makes a house and a Postfix of its own. Postfix runs no
// command as root, so the house is nobody's.
func newPostfixHouse(t *testing.T) (*house, *postfix) {
	t.Helper()
	if os.Getuid() != 0 {
		t.Fatal("Postfix can be started by root only")
	}
	folder, err := os.MkdirTemp("", "vestibule-postfix-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(folder) })
	p := &postfix{folder: folder, program: filepath.Join(folder, "vestibule-ahead")}
	nobody := account(t, "nobody")
	as := &syscall.Credential{Uid: nobody[0], Gid: nobody[1]}
	copyProgram(t, p.program)
	data := filepath.Join(folder, "data")
	if err := firstOf(os.Chmod(folder, 0o755), os.Mkdir(data, 0o700), os.Chown(data, int(nobody[0]), int(nobody[1]))); err != nil {
		t.Fatal(err)
	}
	h := &house{T: t, program: p.program, as: as}
	p.database = "sqlite:" + filepath.Join(data, "x.db")
	h.environ = []string{"VESTIBULE_DATABASE=" + p.database, "VESTIBULE_PASSWORD_HASH=" + cheapHash}
	p.start(t)
	// This machine by an address that is not loopback, where certificates
	// would not be checked.
	h.flags = []string{"--mail", "smtp://0.0.0.0:" + p.port, "--mail-from", "Door <no-reply@door.test>", "--public-url", "https://door.test"}
	h.furnish()
	return h, p
}

func firstOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func account(t *testing.T, name string) (ids [2]uint32) {
	t.Helper()
	u, err := user.Lookup(name)
	if err != nil {
		t.Fatal(err)
	}
	for i, text := range []string{u.Uid, u.Gid} {
		n, err := strconv.ParseUint(text, 10, 32)
		if err != nil {
			t.Fatal(err)
		}
		ids[i] = uint32(n)
	}
	return ids
}

// copyProgram puts this binary where nobody may run it.
func copyProgram(t *testing.T, to string) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	from, err := os.Open(self)
	if err != nil {
		t.Fatal(err)
	}
	defer from.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY, 0o755)
	if err != nil {
		t.Fatal(err)
	}
	_, err = io.Copy(out, from)
	if err := firstOf(err, out.Close(), os.Chmod(to, 0o755)); err != nil {
		t.Fatal(err)
	}
}

// A postfix is a Postfix with configuration, queue and port of its own.
type postfix struct {
	folder, program, database string
	port                      string
	certificate               string
	mu                        sync.Mutex
	said                      bytes.Buffer
}

// Write keeps what Postfix says.
func (p *postfix) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.said.Write(b)
}

// Everybody at these domains is accepted, and looked for afterwards. What came
// back before anybody wrote down that it had left is tried again.
const mainCF = `compatibility_level = 3.6
queue_directory = FOLDER/queue
data_directory = FOLDER/state
maillog_file = /dev/stdout
myhostname = mail.test
mydestination = door.test, acme.test
local_recipient_maps =
alias_maps =
recipient_delimiter = +
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
smtpd_relay_restrictions = permit_mynetworks, reject
smtpd_peername_lookup = no
queue_run_delay = 1s
minimal_backoff_time = 1s
smtpd_tls_security_level = encrypt
smtpd_tls_chain_files = FOLDER/etc/key.pem
smtpd_tls_received_header = yes
transport_maps = inline:{ {bounce@door.test = bounces:}, {alive@acme.test = keep:} }
`

const masterCF = `127.0.0.1:PORT inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
proxymap unix - - n - - proxymap
error unix - - n - - error
retry unix - - n - - error
local unix - n n - - local
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
bounces unix - n n - - pipe
  user=nobody argv=FOLDER/bounces
keep unix - n n - - pipe
  user=nobody argv=FOLDER/keep
`

// start starts Postfix for the length of the test, and never for longer than
// three minutes.
func (p *postfix) start(t *testing.T) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, p.port, _ = net.SplitHostPort(l.Addr().String())
	p.write(t)
	l.Close()
	etc := filepath.Join(p.folder, "etc")
	c := exec.Command("timeout", "--kill-after=5", "180", "/usr/sbin/postfix", "-c", etc, "start-fg")
	c.Stdout, c.Stderr, c.WaitDelay = p, p, time.Second
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = exec.Command("timeout", "10", "/usr/sbin/postfix", "-c", etc, "stop").Run()
		_ = c.Process.Signal(syscall.SIGTERM)
		_ = c.Wait()
	})
	p.await(t, "Postfix", func() bool {
		conn, err := net.Dial("tcp", "127.0.0.1:"+p.port)
		if err == nil {
			conn.Close()
		}
		return err == nil
	})
}

func (p *postfix) write(t *testing.T) {
	t.Helper()
	certificate, key := selfSigned(t)
	p.certificate = filepath.Join(p.folder, "certificate.pem")
	owner := account(t, "postfix")
	state := filepath.Join(p.folder, "state")
	for _, folder := range []string{"etc", "queue", "state"} {
		if err := os.Mkdir(filepath.Join(p.folder, folder), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chown(state, int(owner[0]), int(owner[1])); err != nil {
		t.Fatal(err)
	}
	fill := strings.NewReplacer("FOLDER", p.folder, "PORT", p.port, "{program}", p.program, "{database}", p.database)
	for _, file := range []struct {
		name, text string
		mode       os.FileMode
	}{
		{"etc/main.cf", mainCF, 0o644},
		{"etc/master.cf", masterCF, 0o644},
		{"etc/key.pem", key + certificate, 0o600},
		{"certificate.pem", certificate, 0o644},
		{"bounces", "#!/bin/sh\nVESTIBULE_DATABASE='{database}' " + clockAhead + "=0s '{program}' mail bounce\n", 0o755},
		{"keep", "#!/bin/sh\nexec cat >'FOLDER/data/mail'\n", 0o755},
	} {
		path := filepath.Join(p.folder, file.name)
		if err := firstOf(os.WriteFile(path, []byte(fill.Replace(file.text)), file.mode), os.Chmod(path, file.mode)); err != nil {
			t.Fatal(err)
		}
	}
}

// await waits half a minute at most.
func (p *postfix) await(t *testing.T, what string, there func() bool) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); !there(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			p.mu.Lock()
			defer p.mu.Unlock()
			t.Fatalf("%s did not come:\n%s", what, p.said.String())
		}
	}
}

// kept is the letter to whoever is alive, as it was delivered.
func (p *postfix) kept(t *testing.T) []byte {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(p.folder, "data", "mail"))
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return raw
}

// mailTest is “mail test” to this Postfix.
func (p *postfix) mailTest(h *house) string {
	out, _ := h.command("mail", "test", "alive@acme.test", "--mail", "smtp://0.0.0.0:"+p.port).CombinedOutput()
	return string(out)
}

// selfSigned is a certificate for 0.0.0.0, and its key.
func selfSigned(t *testing.T) (certificate, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "mail.test"}, IPAddresses: []net.IP{net.IPv4zero},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	text := func(kind string, bytes []byte) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: bytes}))
	}
	return text("CERTIFICATE", der), text("PRIVATE KEY", secret)
}
