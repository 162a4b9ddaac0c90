package web_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/vestibule-id/vestibule/internal/front"
	"github.com/vestibule-id/vestibule/internal/housetest"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/mail"
	"github.com/vestibule-id/vestibule/internal/web"
)

// demo is a site with the demo's pages and one letter in its inbox.
func demo(t *testing.T) *site {
	t.Helper()
	s := sqlite(t)
	inbox := &mail.Inbox{Sender: mail.Sender{Name: "Vestibule", Address: "no-reply@door.test"}, Now: s.Clock.Now}
	letter := mail.Letter{Token: strings.Repeat("a", 50), FromName: "Acme", To: "ann@acme.test", Subject: "Hello <b>",
		HTML: `<p>Hi <a href="https://door.test/reset-password?token=rst_x" target="_blank">link</a><script>alert(1)</script>`,
		Text: "Hi\nhttps://door.test/reset-password?token=rst_x\n"}
	if _, err := inbox.Send(t.Context(), letter); err != nil {
		t.Fatal(err)
	}
	s.pages.Demo = &web.Demo{Inbox: inbox, Password: "sunny harbour 42", Accounts: func(context.Context) ([]web.DemoAccount, error) {
		return []web.DemoAccount{{Tenant: "Acme", Slug: "acme", Style: identity.Workspace, As: "ann@acme.test", Role: "user"}}, nil
	}}
	s.mux = http.NewServeMux()
	door := front.Door{Origins: front.Origins{Public: housetest.Issuer}, Metrics: front.NewMetrics(), Log: nopLog(), Who: s.pages.Who, Refuse: s.pages.Refuse}
	door.Open(s.mux, "/", s.pages.Routes())
	return s
}

// here asks as a browser on this machine, by a name of its own.
func here(s *site, path, peer, host string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest("GET", "http://"+host+path, nil)
	r.RemoteAddr = peer
	for _, header := range headers {
		name, value, _ := strings.Cut(header, ": ")
		r.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	s.mux.ServeHTTP(w, r)
	return w
}

// Proves: 4.8, 3.6
func TestTheDemoShowsEveryLetter(t *testing.T) {
	s := demo(t)
	for _, row := range []struct{ path, says string }{
		{"/dev", "sunny harbour 42"}, {"/dev", `href="/t/acme/login"`}, {"/dev", "/dev/inbox"},
		{"/dev/inbox", `<a href="/dev/inbox/1">Hello &lt;b&gt;</a>`},
		{"/dev/inbox/1", `src="/dev/inbox/1/html" sandbox="allow-popups allow-popups-to-escape-sandbox allow-top-navigation-by-user-activation"`},
		{"/dev/inbox/1?as=text", `<a href="https://door.test/reset-password?token=rst_x">`},
		{"/dev/inbox/1/source", "Auto-Submitted: auto-generated"},
	} {
		if w := here(s, row.path, "127.0.0.1:4000", "localhost:8080"); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), row.says) {
			t.Errorf("%s: %d, lacks %s:\n%s", row.path, w.Code, row.says, w.Body)
		}
	}
	for _, path := range []string{"/dev/inbox/2", "/dev/inbox/x", "/dev/inbox/2/html", "/dev/inbox/-1/source"} {
		if w := here(s, path, "127.0.0.1:4000", "localhost:8080"); w.Code != http.StatusNotFound {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
}

// A letter is foreign text: it gets no scripts, no forms, no origin, and only
// our own page may frame it.
//
// Proves: 4.8
func TestALetterIsCaged(t *testing.T) {
	s := demo(t)
	csp := here(s, "/dev/inbox/1/html", "127.0.0.1:4000", "localhost").Header().Get("Content-Security-Policy")
	sandbox, rest, _ := strings.Cut(csp, ";")
	for _, power := range []string{"allow-scripts", "allow-same-origin", "allow-forms", "allow-top-navigation "} {
		if strings.Contains(sandbox+" ", power) {
			t.Errorf("a letter has %s", power)
		}
	}
	if !strings.HasPrefix(sandbox, "sandbox ") || !strings.Contains(rest, "default-src 'none'") || !strings.Contains(rest, "frame-ancestors 'self'") {
		t.Errorf("the letter's policy is %s", csp)
	}
	for path, framed := range map[string]bool{"/dev/inbox/1": true, "/dev/inbox": false, "/login": false} {
		if csp := here(s, path, "127.0.0.1:4000", "localhost").Header().Get("Content-Security-Policy"); strings.Contains(csp, "frame-src") != framed {
			t.Errorf("%s may frame: %s", path, csp)
		}
	}
}

// Proves: 4.8
func TestTheInboxIsForThisMachineAlone(t *testing.T) {
	s := demo(t)
	for _, row := range []struct {
		peer, host string
		want       int
	}{
		{"127.0.0.1:4000", "localhost:8080", 200}, {"[::1]:4000", "[::1]:8080", 200}, {"127.0.0.1:4000", "127.0.0.1", 200},
		{"192.0.2.1:4000", "localhost:8080", 404}, {"192.0.2.1:4000", "door.test", 404},
		{"127.0.0.1:4000", "evil.test", 404}, {"127.0.0.1:4000", "localhost.evil.test:8080", 404},
	} {
		for _, path := range []string{"/dev", "/dev/inbox", "/dev/inbox/1", "/dev/inbox/1/html", "/dev/inbox/1/source"} {
			if w := here(s, path, row.peer, row.host); w.Code != row.want {
				t.Errorf("%s from %s as %s: %d, want %d", path, row.peer, row.host, w.Code, row.want)
			}
		}
	}
	for _, name := range []string{"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-Ip", "Via"} {
		if w := here(s, "/dev/inbox", "127.0.0.1:4000", "localhost:8080", name+": 192.0.2.1"); w.Code != http.StatusNotFound {
			t.Errorf("brought by a proxy that says %s: %d", name, w.Code)
		}
	}
	plain := sqlite(t) // no demo
	for _, path := range []string{"/dev", "/dev/inbox"} {
		if w := here(plain, path, "127.0.0.1:4000", "localhost:8080"); w.Code != http.StatusNotFound {
			t.Errorf("%s outside a demo: %d", path, w.Code)
		}
	}
}

func nopLog() *slog.Logger { return slog.New(slog.DiscardHandler) }
