package server_test

import (
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/internal/housetest"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/server"
	"github.com/vestibule-id/vestibule/internal/store"
)

// scraped fails unless the lines are among the metrics.
func scraped(t *testing.T, s *server.Server, lines ...string) {
	t.Helper()
	w := httptest.NewRecorder()
	s.Ops.ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	for _, line := range lines {
		if !strings.Contains(w.Body.String(), "\n"+line+"\n") {
			t.Errorf("no line %s", line)
		}
	}
}

// What an alarm is about is there before it happens for the first time: a rate
// over a counter that has just appeared is no rise.
//
// Proves: 2.8
func TestCountersBeginAtZero(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		lines := []string{`vestibule_build_info{version="test"} 1`}
		for _, state := range []string{"sent", "deferred", "failed", "expired"} {
			lines = append(lines, fmt.Sprintf("vestibule_letters_total{outcome=%q} 0", state))
		}
		for _, outcome := range []string{"ok", "internal", "busy", "invalid_credentials", "too_many_attempts", "tenant_suspended",
			"password_change_required", "tenant_choice_required", "invalid_password_text"} {
			lines = append(lines, fmt.Sprintf("vestibule_sign_ins_total{outcome=%q} 0", outcome))
		}
		scraped(t, assemble(t, h, nil), lines...)
	})
}

// Letters that do not leave show: how many in all tenants, and for how long the
// oldest has waited, however often it was tried. Requests are no letters.
//
// Proves: 2.8, 4.7
func TestLettersThatWaitAreWatched(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		s := assemble(t, h, nil)
		look := func() {
			t.Helper()
			if err := s.LookAtLetters(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		look()
		scraped(t, s, "vestibule_letters_waiting 0", "vestibule_letters_oldest_seconds 0")
		now := h.Clock.Now()
		made := func(ago time.Duration) identity.TaskID { // RFC 9562: the time stands in front
			return identity.TaskID(fmt.Sprintf("tsk_%012x7000a000000000000000", now.Add(-ago).UnixMilli()))
		}
		for slug, tasks := range map[string][]identity.Task{
			"acme":   {{ID: made(time.Hour), Kind: identity.LetterNewBrowser, At: now, Due: now.Add(time.Minute)}},
			"globex": {{ID: made(time.Minute), Kind: identity.LetterNewBrowser, At: now}, {ID: made(2 * time.Hour), Kind: identity.RequestReset, At: now}},
		} {
			tenant := h.AddTenant(t, slug, identity.Workspace)
			if err := tenant.Tx(t.Context(), func(tx *store.Tx) error {
				for _, task := range tasks {
					if err := tx.Enqueue(t.Context(), task); err != nil {
						return err
					}
				}
				return nil
			}); err != nil {
				t.Fatal(err)
			}
		}
		scraped(t, s, "vestibule_letters_waiting 0") // nobody asks the database for a scrape
		look()
		scraped(t, s, "vestibule_letters_waiting 2", "vestibule_letters_oldest_seconds 3600")
		h.Clock.Advance(time.Second)
		scraped(t, s, "vestibule_letters_oldest_seconds 3601")
	})
}

// A server that runs looks by itself, soon after its start.
//
// Proves: 2.8, 4.7
func TestARunningServerLooksAtItsLetters(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		acme := h.AddTenant(t, "acme", identity.Workspace)
		if err := acme.Tx(t.Context(), func(tx *store.Tx) error {
			return tx.Enqueue(t.Context(), identity.Task{Kind: identity.LetterNewBrowser, At: time.Now()})
		}); err != nil {
			t.Fatal(err)
		}
		r := run(t, h, "argon2id,m=8192,t=1,p=1")
		for began := time.Now(); ; time.Sleep(20 * time.Millisecond) {
			if _, metrics := get(t, r.ops+"/metrics"); strings.Contains(metrics, "\nvestibule_letters_waiting 1\n") {
				break
			}
			if time.Since(began) > 10*time.Second {
				t.Fatal("the letter does not show")
			}
		}
	})
}
