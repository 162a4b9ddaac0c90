package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/internal/mail/mailtest"
	"github.com/vestibule-id/vestibule/internal/secret"
	"github.com/vestibule-id/vestibule/internal/store/storetest"
)

// clockAhead names how far the clock of vestibule-ahead is ahead.
const clockAhead = "TEST_CLOCK_AHEAD"

// ahead is the real program whose clock is ahead, so that leases and links end
// while a test waits for them.
func ahead() {
	by, err := time.ParseDuration(os.Getenv(clockAhead))
	if err != nil {
		panic(err)
	}
	now := func() time.Time { return time.Now().Add(by) }
	p := &program{stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr, now: now}
	os.Exit(p.run(context.Background(), os.Args[1:], os.Environ()))
}

// A house is a server in a process of its own that may be killed and started
// again, each time later on its clock. What it answered and what it mailed is
// kept outside of it.
type house struct {
	*testing.T
	program string
	as      *syscall.Credential // nil: whoever runs the test
	environ []string
	flags   []string
	ahead   time.Duration
	process *exec.Cmd
	log     *serverLog
	url     string
	bearer  string // the administrator's

	sink *mailtest.Sink
	wire *wire
}

const (
	cheapHash = "argon2id,m=8192,t=1,p=1"
	password  = "sunny harbour 42"
)

// newHouse makes a tenant with an administrator, on a database of its own.
func newHouse(t *testing.T, database string) *house {
	h := &house{T: t, program: "vestibule-ahead", sink: mailtest.Start(t)}
	h.wire = startWire(t, "127.0.0.1:"+h.sink.Port())
	address := "sqlite:" + filepath.Join(t.TempDir(), "x.db")
	if database == "postgres" {
		address = storetest.EmptyAddress(t, database)
		h.environ = append(h.environ, "VESTIBULE_SEALING_KEY="+strings.TrimSpace(secret.NewSealingKey()))
	}
	h.environ = append(h.environ, "VESTIBULE_DATABASE="+address, "VESTIBULE_PASSWORD_HASH="+cheapHash)
	h.flags = []string{"--mail", "smtp://" + h.wire.address() + "?tls=none", "--public-url", "http://localhost:8080"}
	h.furnish()
	return h
}

// furnish adds the tenant and its administrator.
func (h *house) furnish() {
	h.Helper()
	h.run("", "tenant", "create", "acme", "--name", "Acme")
	h.run("", "tenant", "set", "acme", "password-changes=web+api")
	h.addUser("boss@acme.test", "admin")
	h.Cleanup(func() {
		if h.process != nil {
			h.kill()
		}
	})
}

func (h *house) command(args ...string) *exec.Cmd {
	c := exec.Command(h.program, args...)
	c.SysProcAttr = &syscall.SysProcAttr{Credential: h.as}
	ours := slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "VESTIBULE_SOAK=") }) // no setting
	c.Env = append(append(ours, h.environ...), clockAhead+"="+h.ahead.String())
	return c
}

// run runs one of the operator's commands to its end.
func (h *house) run(stdin string, args ...string) {
	h.Helper()
	c := h.command(args...)
	c.Stdin = strings.NewReader(stdin)
	if out, err := c.CombinedOutput(); err != nil {
		h.Fatalf("%v: %v\n%s", args, err, out)
	}
}

func (h *house) addUser(email, role string) {
	h.Helper()
	h.run(password+"\n", "user", "create", "--tenant", "acme", "--email", email, "--name", "Somebody", "--role", role, "--password-stdin", "--no-must-change")
}

// start starts the server, so much later than the last time, and signs the
// administrator in.
func (h *house) start(later time.Duration) {
	h.Helper()
	h.ahead += later
	h.process = h.command(append([]string{"serve", "--listen", "127.0.0.1:0", "--ops-listen", ""}, h.flags...)...)
	h.log = &serverLog{address: make(chan string, 1)}
	h.process.Stderr = h.log
	if err := h.process.Start(); err != nil {
		h.Fatal(err)
	}
	select {
	case address := <-h.log.address:
		h.url = "http://" + address
	case <-time.After(time.Minute):
		h.Fatalf("the server does not start:\n%s", h.log)
	}
	var granted struct {
		AccessToken string `json:"access_token"`
	}
	if status, body := h.ask("POST", "/api/v1/sessions", signIn("boss@acme.test", password)); status != http.StatusCreated {
		h.Fatalf("the administrator's sign-in: %d %s", status, body)
	} else if err := json.Unmarshal(body, &granted); err != nil {
		h.Fatal(err)
	}
	h.bearer = granted.AccessToken
}

// kill ends the server as a power cut does.
func (h *house) kill() {
	_ = h.process.Process.Kill()
	_ = h.process.Wait()
	h.process = nil
}

type body map[string]string

func signIn(email, password string) body {
	return body{"tenant": "acme", "email": email, "password": password}
}

var client = &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}

// ask is one request, the administrator's where one has signed in. Status 0:
// there was no answer.
func (h *house) ask(method, path string, what any) (status int, answer []byte) {
	sent, err := json.Marshal(what)
	if err != nil {
		h.Error(err)
		return 0, nil
	}
	r, err := http.NewRequest(method, h.url+path, bytes.NewReader(sent))
	if err != nil {
		h.Error(err)
		return 0, nil
	}
	if method != http.MethodGet {
		r.Header.Set("Content-Type", "application/json")
	}
	if h.bearer != "" && !strings.HasPrefix(path, "/api/v1/sessions") {
		r.Header.Set("Authorization", "Bearer "+h.bearer)
	}
	res, err := client.Do(r)
	if err != nil {
		return 0, nil
	}
	defer res.Body.Close()
	answer, err = io.ReadAll(res.Body)
	if err != nil {
		return 0, nil
	}
	return res.StatusCode, answer
}

// must is a request that has one right answer.
func (h *house) must(status int, method, path string, what any) []byte {
	h.Helper()
	got, answer := h.ask(method, path, what)
	if got != status {
		h.Fatalf("%s %s: %d %s, want %d", method, path, got, answer, status)
	}
	return answer
}

// A letter is what the administrator sees of one.
type letter struct{ ID, Kind, To, State, Answer string }

// letters are all the tenant's, by the API.
func (h *house) letters() (all []letter) {
	h.Helper()
	for cursor := ""; ; {
		var page struct {
			Items []letter
			Next  string `json:"next_cursor"`
		}
		answer := h.must(http.StatusOK, "GET", "/api/v1/mails?limit=200"+cursor, nil)
		if err := json.Unmarshal(answer, &page); err != nil {
			h.Fatal(err)
		}
		all = append(all, page.Items...)
		if page.Next == "" {
			return all
		}
		cursor = "&cursor=" + page.Next
	}
}

// settled waits until no letter is under way any more.
func (h *house) settled() []letter {
	h.Helper()
	for end := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
		all, waiting := h.letters(), 0
		for _, l := range all {
			if l.State == "queued" || l.State == "deferred" {
				waiting++
			}
		}
		if waiting == 0 {
			return all
		}
		if time.Now().After(end) {
			h.Fatalf("%d letters have not left: %v\n%s", waiting, all, h.log)
		}
	}
}

// mailsTo are what the sink has of one person.
func (h *house) mailsTo(email string) (mails []mailtest.Mail) {
	for _, m := range h.sink.Mails() {
		if m.To == email {
			mails = append(mails, m)
		}
	}
	return mails
}

// A serverLog is what a server says, and where it listens.
type serverLog struct {
	mu      sync.Mutex
	text    bytes.Buffer
	address chan string
	told    bool
}

var listening = regexp.MustCompile(`"msg":"serving","address":"([^"]+)"`)

func (l *serverLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text.Write(p)
	if found := listening.FindSubmatch(l.text.Bytes()); found != nil && !l.told {
		l.told = true
		l.address <- string(found[1])
	}
	return len(p), nil
}

func (l *serverLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}
