package account_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/vestibule-id/vestibule/internal/account"
	"github.com/vestibule-id/vestibule/internal/housetest"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/session"
)

// Proves: G5
func TestSetProfile(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		acme, ann := withAnn(t, h)
		here := enter(t, h, browserAt(home, "bro_here"))
		set := func(name string) (identity.User, error) {
			return service(h).SetProfile(t.Context(), here.Live, account.Profile{Name: &name}, identity.Peer{})
		}
		for _, test := range []struct {
			name, typed, want string
			err               error
		}{
			{"a name", " Ann E. Heron ", "Ann E. Heron", nil},
			{"the same again", "Ann E. Heron", "Ann E. Heron", nil},
			{"markup is a name like any other", "<b>Ann</b>", "<b>Ann</b>", nil},
			{"nothing", " ", "", identity.ErrName},
			{"a line break", "Ann\nBcc: x", "", identity.ErrName},
			{"too long", strings.Repeat("x", 201), "", identity.ErrName},
		} {
			u, err := set(test.typed)
			if !errors.Is(err, test.err) || u.Name != test.want {
				t.Errorf("%s: %q, %v; want %q, %v", test.name, u.Name, err, test.want, test.err)
			}
			if err != nil && (len(problem.Of(err).Fields) != 1 || problem.Of(err).Fields[0].Location != "body.name") {
				t.Errorf("%s: the field is not named: %v", test.name, problem.Of(err).Fields)
			}
		}
		row := housetest.User(t, acme, ann.ID)
		if row.Name != "<b>Ann</b>" || row.Role != ann.Role || row.Email != ann.Email || row.Credential != ann.Credential {
			t.Errorf("afterwards %+v", row)
		}
		if live, err := h.Sessions.Check(t.Context(), here.AccessToken); err != nil || live.User.Name != "<b>Ann</b>" {
			t.Errorf("her session shows %q at once (%v)", live.User.Name, err)
		}
		if n := len(housetest.Events(t, acme, identity.EventUserUpdated)); n != 2 {
			t.Errorf("%d events, want 2: one a change", n)
		}
		if u, err := service(h).SetProfile(t.Context(), here.Live, account.Profile{}, identity.Peer{}); err != nil || u.ID != ann.ID {
			t.Errorf("nothing to change: %v", err)
		}
		housetest.SetStatus(t, acme, ann.ID, identity.Deactivated)
		if _, err := set("Ann"); !errors.Is(err, session.ErrEnded) {
			t.Errorf("deactivated meanwhile: %v, want %v", err, session.ErrEnded)
		}
	})
}

// Proves: G5, 5.1
func TestSetLanguageAndTimeZone(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		acme, ann := withAnn(t, h)
		here := enter(t, h, browserAt(home, "bro_here"))
		text := func(s string) *string { return &s }
		for _, row := range []struct {
			name     string
			chosen   account.Profile
			language string
			zone     string
			err      error
			field    string
		}{
			{"both", account.Profile{Language: text("id"), TimeZone: text("Asia/Jakarta")}, "id", "Asia/Jakarta", nil, ""},
			{"the same again", account.Profile{Language: text("id")}, "id", "Asia/Jakarta", nil, ""},
			{"one alone", account.Profile{TimeZone: text("Europe/Berlin")}, "id", "Europe/Berlin", nil, ""},
			{"the tenant's", account.Profile{Language: text("")}, "", "Europe/Berlin", nil, ""},
			{"a language nobody wrote", account.Profile{Language: text("../en")}, "", "Europe/Berlin", identity.ErrLanguage, "body.language"},
			{"no zone", account.Profile{Language: text("id"), TimeZone: text("Local")}, "", "Europe/Berlin", identity.ErrTimeZone, "body.time_zone"},
		} {
			_, err := service(h).SetProfile(t.Context(), here.Live, row.chosen, identity.Peer{})
			if !errors.Is(err, row.err) || err != nil && problem.Of(err).Fields[0].Location != row.field {
				t.Errorf("%s: %v, want %v", row.name, err, row.err)
			}
			if u := housetest.User(t, acme, ann.ID); u.Language != row.language || u.TimeZone != row.zone || u.Name != ann.Name || u.Role != ann.Role {
				t.Errorf("%s: afterwards %+v", row.name, u)
			}
		}
		var fields []string
		for _, e := range housetest.Events(t, acme, identity.EventUserUpdated) {
			fields = append(fields, e.Detail["fields"])
		}
		if want := []string{"language,time_zone", "time_zone", "language"}; !slices.Equal(fields, want) {
			t.Errorf("events of %q, want %q", fields, want)
		}
	})
}

// Proves: G5
func TestDevice(t *testing.T) {
	for want, agents := range map[string][]string{
		"Firefox on Windows": {"Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:145.0) Gecko/20100101 Firefox/145.0"},
		"Firefox on Linux":   {"Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"},
		"Firefox on iPhone":  {"Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) FxiOS/145.0 Mobile/15E148 Safari/605.1.15"},
		"Chrome on macOS":    {"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36"},
		"Chrome on Android":  {"Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Mobile Safari/537.36"},
		"Chrome on ChromeOS": {"Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36"},
		"Edge on Windows":    {"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36 Edg/142.0.0.0"},
		"Opera on Windows":   {"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 OPR/124.0.0.0"},
		"Safari on macOS":    {"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Safari/605.1.15"},
		"Safari on iPad":     {"Mozilla/5.0 (iPad; CPU OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Mobile/15E148 Safari/604.1"},
		"Samsung Internet on Android": {
			"Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/29.0 Chrome/136.0.0.0 Mobile Safari/537.36"},
		"curl":               {"curl/8.14.1"},
		"A Go program":       {"Go-http-client/1.1"},
		"A program on Linux": {"Something/1.0 (Linux)"},
		"Unknown device":     {"", "-", "<script>alert(1)</script>"},
	} {
		for _, agent := range agents {
			if got := account.Device(agent); got != want {
				t.Errorf("%q is %q, want %q", agent, got, want)
			}
		}
	}
}
