package server_test

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/internal/config"
	"github.com/vestibule-id/vestibule/internal/front"
	"github.com/vestibule-id/vestibule/internal/housetest"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/server"
	"github.com/vestibule-id/vestibule/internal/store/storetest"
)

// assemble builds the server on the database and under the clock of h, as the
// operator chose; nothing is served yet.
func assemble(t *testing.T, h *housetest.House, choose func(c *config.Serve)) *server.Server {
	t.Helper()
	chosen := config.Serve{PasswordHash: "argon2id,m=8192,t=1,p=1", ProductName: "Vestibule", SignInStyle: "workspace"}
	if choose != nil {
		choose(&chosen)
	}
	s, err := server.New(t.Context(), server.Options{
		Store: h.Store, Now: h.Clock.Now, Version: "test", Log: front.NewLogger(io.Discard, slog.LevelInfo),
		PublicURL: housetest.Issuer, Config: chosen,
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func withAnn(t *testing.T, h *housetest.House) {
	t.Helper()
	acme := h.AddTenant(t, "acme", identity.Workspace)
	h.AddUser(t, acme, housetest.Person{Email: "ann@acme.test", Password: right})
}

// ask sends a request as from 127.0.0.1, with headers "Name: value".
func ask(s *server.Server, method, path, contentType, body string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, housetest.Issuer+path, strings.NewReader(body))
	r.RemoteAddr = "127.0.0.1:4000"
	r.Header.Set("Content-Type", contentType)
	for _, header := range headers {
		name, value, _ := strings.Cut(header, ": ")
		r.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	s.Public.ServeHTTP(w, r)
	return w
}

func annsTry(password string) string {
	return fmt.Sprintf(`{"tenant":"acme","email":"ann@acme.test","password":%q}`, password)
}

func tryAPI(s *server.Server, password string, headers ...string) *httptest.ResponseRecorder {
	return ask(s, "POST", "/api/v1/sessions", "application/json", annsTry(password), headers...)
}

func tryPage(s *server.Server, password string, headers ...string) *httptest.ResponseRecorder {
	form := "tenant=acme&email=ann@acme.test&password=" + strings.ReplaceAll(password, " ", "+")
	return ask(s, "POST", "/login", "application/x-www-form-urlencoded", form, headers...)
}

// What the operator chose is what the running house does.
//
// Proves: 2.6, 2.7, 2.8
func TestTheOperatorsRulesAreInForce(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		withAnn(t, h)
		s := assemble(t, h, func(c *config.Serve) {
			c.SignInAttempts, c.SignInWait = 2, identity.Duration(7*time.Minute)
			c.IdleTimeout = identity.Duration(time.Minute)
		})
		var got struct {
			Access string `json:"access_token"`
		}
		if w := tryAPI(s, right); w.Code != http.StatusCreated || json.Unmarshal(w.Body.Bytes(), &got) != nil {
			t.Fatalf("signing in: %d %s", w.Code, w.Body)
		}
		for _, row := range []struct {
			after time.Duration // the last interaction
			want  int
		}{{time.Minute - time.Microsecond, http.StatusOK}, {time.Minute, http.StatusUnauthorized}} {
			h.Clock.Set(housetest.Morning.Add(row.after))
			if w := ask(s, "GET", "/api/v1/sessions/current", "", "", "Authorization: Bearer "+got.Access); w.Code != row.want {
				t.Errorf("after %s: %d, want %d", row.after, w.Code, row.want)
			}
		}
		for n, want := range []int{http.StatusUnauthorized, http.StatusUnauthorized, http.StatusTooManyRequests} {
			w := tryAPI(s, "wrong")
			if w.Code != want || want == http.StatusTooManyRequests && w.Header().Get("Retry-After") != "420" {
				t.Errorf("failure %d: %d, wait %q; want %d", n+1, w.Code, w.Header().Get("Retry-After"), want)
			}
		}
	})
}

// Proves: 2.8
func TestTheOperatorsWordsAreOnThePages(t *testing.T) {
	s := assemble(t, housetest.New(t, storetest.Address(t, "sqlite")), func(c *config.Serve) {
		c.ProductName, c.SupportContact, c.SignInStyle = "Front Desk", "desk@door.test", "extension"
	})
	page := ask(s, "GET", "/login", "", "").Body.String()
	for _, want := range []string{"Front Desk", "desk@door.test", "Username"} {
		if !strings.Contains(page, want) {
			t.Errorf("%q is not on the page", want)
		}
	}
}

// The limiter counts by who sent the request; a proxy's word about that is
// taken only where the operator trusts the proxy.
//
// Proves: P5, 2.6
func TestTheSourceIsWhoTheTrustedProxyNames(t *testing.T) {
	for _, test := range []struct {
		name    string
		proxies []string
		other   int // a try that says it came from elsewhere, while the first source waits
	}{
		{"trusted", []string{"127.0.0.1/32"}, http.StatusUnauthorized},
		{"another one is trusted", []string{"192.0.2.0/24"}, http.StatusTooManyRequests},
		{"none is trusted", nil, http.StatusTooManyRequests},
	} {
		t.Run(test.name, func(t *testing.T) {
			housetest.Each(t, func(t *testing.T, h *housetest.House) {
				withAnn(t, h)
				s := assemble(t, h, func(c *config.Serve) { c.TrustedProxies, c.SignInAttempts = test.proxies, 1 })
				for edge, try := range map[string]func(*server.Server, string, ...string) *httptest.ResponseRecorder{"api": tryAPI, "web": tryPage} {
					h.Clock.Advance(time.Hour) // nobody waits any more
					try(s, "wrong", "X-Forwarded-For: 198.51.100.1")
					if w := try(s, "wrong", "X-Forwarded-For: 198.51.100.1"); w.Code != http.StatusTooManyRequests {
						t.Errorf("%s: the same source again: %d, want %d", edge, w.Code, http.StatusTooManyRequests)
					}
					if w := try(s, "wrong", "X-Forwarded-For: 198.51.100.2"); w.Code != test.other {
						t.Errorf("%s: another source: %d, want %d", edge, w.Code, test.other)
					}
				}
			})
		})
	}
}

// What another site makes a browser send is refused at both edges.
//
// Proves: 2.8
func TestOnlyThePublicAddressMaySend(t *testing.T) {
	h := housetest.New(t, storetest.Address(t, "sqlite"))
	withAnn(t, h)
	s := assemble(t, h, nil)
	for _, test := range []struct {
		name, header string
		api, web     int
	}{
		{"the public address", "Origin: " + housetest.Issuer, http.StatusCreated, http.StatusSeeOther},
		{"another site", "Origin: https://evil.test", http.StatusForbidden, http.StatusForbidden},
		{"the public host without TLS", "Origin: " + strings.Replace(housetest.Issuer, "https", "http", 1), http.StatusForbidden, http.StatusForbidden},
		{"another site, says the browser", "Sec-Fetch-Site: cross-site", http.StatusForbidden, http.StatusForbidden},
	} {
		if w := tryAPI(s, right, test.header); w.Code != test.api {
			t.Errorf("api, %s: %d, want %d", test.name, w.Code, test.api)
		}
		if w := tryPage(s, right, test.header); w.Code != test.web {
			t.Errorf("web, %s: %d, want %d", test.name, w.Code, test.web)
		}
	}
}
