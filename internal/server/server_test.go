package server_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/internal/config"
	"github.com/vestibule-id/vestibule/internal/front"
	"github.com/vestibule-id/vestibule/internal/housetest"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/secret"
	"github.com/vestibule-id/vestibule/internal/server"
)

const right = "correct horse battery"

// running is a whole server on real listeners.
type running struct {
	public, ops string
	log         *lockedBuffer
	stop        func() error
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// run serves the database of h; hash is the --password-hash.
func run(t *testing.T, h *housetest.House, hash string) *running {
	t.Helper()
	listen := func() net.Listener {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	public, ops := listen(), listen()
	log := &lockedBuffer{}
	s, err := server.New(t.Context(), server.Options{
		Store: h.Store, Now: time.Now, Version: "test", Log: front.NewLogger(log, slog.LevelInfo),
		PublicURL: "http://" + public.Addr().String(),
		Config:    config.Serve{OpsListen: ops.Addr().String(), PasswordHash: hash, ProductName: "Vestibule", SignInStyle: "workspace"},
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx, public, ops) }()
	stop := sync.OnceValue(func() error { cancel(); return <-ended })
	t.Cleanup(func() {
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
	return &running{public: "http://" + public.Addr().String(), ops: "http://" + ops.Addr().String(), log: log, stop: stop}
}

func (r *running) signIn(tenant, email, password string) (*http.Response, error) {
	body := fmt.Sprintf(`{"tenant":%q,"email":%q,"password":%q}`, tenant, email, password)
	return http.Post(r.public+"/api/v1/sessions", "application/json", strings.NewReader(body))
}

func get(t *testing.T, url string) (int, string) {
	t.Helper()
	res, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(body)
}

// Proves: 2.8
func TestServerIsWatchedAndStopsGracefully(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		acme := h.AddTenant(t, "acme", identity.Workspace)
		h.AddUser(t, acme, housetest.Person{Email: "ann@acme.test", Password: right})
		r := run(t, h, "argon2id,m=8192,t=1,p=1")

		for _, path := range []string{"/healthz", "/readyz"} {
			if status, _ := get(t, r.ops+path); status != http.StatusOK {
				t.Errorf("%s answers %d", path, status)
			}
			if status, _ := get(t, r.public+path); status != http.StatusNotFound {
				t.Errorf("the public listener answers %s with %d", path, status)
			}
		}
		res, err := r.signIn("acme", "ann@acme.test", right)
		if err != nil {
			t.Fatal(err)
		}
		var got struct {
			Access  string `json:"access_token"`
			Refresh string `json:"refresh_token"`
		}
		if err := json.NewDecoder(res.Body).Decode(&got); err != nil || res.StatusCode != http.StatusCreated {
			t.Fatalf("sign in: %d, %v", res.StatusCode, err)
		}
		id := res.Header.Get("X-Request-Id")
		if _, err := r.signIn("acme", "ann@acme.test", "a secret guess"); err != nil {
			t.Fatal(err)
		}
		if _, metrics := get(t, r.ops+"/metrics"); !strings.Contains(metrics, `vestibule_sign_ins_total{outcome="ok"} 1`) ||
			!strings.Contains(metrics, `vestibule_sign_ins_total{outcome="invalid_credentials"} 1`) {
			t.Errorf("the sign-ins are not counted:\n%s", metrics)
		}
		if err := r.stop(); err != nil {
			t.Errorf("stopping: %v", err)
		}
		log := r.log.String()
		if !strings.Contains(log, id) {
			t.Errorf("the log does not know the request %q", id)
		}
		for _, hidden := range []string{right, "a secret guess", got.Access, got.Refresh} {
			if strings.Contains(log, hidden) {
				t.Errorf("the log tells a secret: %s", hidden)
			}
		}
		for line := range strings.Lines(log) {
			if !json.Valid([]byte(line)) {
				t.Errorf("no JSON in the log: %s", line)
			}
		}
		var kinds []string
		for _, e := range housetest.Events(t, h.Store.Nowhere(), identity.EventStartup, identity.EventShutdown) {
			kinds = append(kinds, e.Kind)
		}
		if fmt.Sprint(kinds) != fmt.Sprint([]string{identity.EventStartup, identity.EventShutdown}) {
			t.Errorf("events of the server: %v", kinds)
		}
	})
}

// More sign-ins at once than the line has places: some are told to come back
// before any work was done for them, and nobody's try is lost by that.
//
// Proves: 2.8
func TestServerShedsLoadBeforeHashing(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		acme := h.AddTenant(t, "acme", identity.Workspace, "source-attempts=10000")
		const people = 300
		hash := secret.DefaultParams.Hash(housetest.Password(t, right), nil) // one for all: they are many
		for i := range people {
			h.AddUser(t, acme, housetest.Person{Email: fmt.Sprintf("p%d@acme.test", i), Hash: hash})
		}
		r := run(t, h, "argon2id,m=19456,t=2,p=1")
		var mu sync.Mutex
		statuses := map[int]int{}
		var all sync.WaitGroup
		for i := range people {
			all.Go(func() {
				res, err := r.signIn("acme", fmt.Sprintf("p%d@acme.test", i), right)
				if err != nil {
					t.Error(err)
					return
				}
				res.Body.Close()
				mu.Lock()
				defer mu.Unlock()
				statuses[res.StatusCode]++
				if res.StatusCode == http.StatusServiceUnavailable && res.Header.Get("Retry-After") == "" {
					t.Error("503 without Retry-After")
				}
			})
		}
		all.Wait()
		if statuses[http.StatusCreated] == 0 || statuses[http.StatusServiceUnavailable] == 0 ||
			statuses[http.StatusCreated]+statuses[http.StatusServiceUnavailable] != people {
			for line := range strings.Lines(r.log.String()) {
				if strings.Contains(line, `"err"`) {
					t.Logf("the first accident: %s", line)
					break
				}
			}
			t.Errorf("answers: %v", statuses)
		}
	})
}
