package api

import (
	"strings"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/store"
)

// An answer that was kept is given only for exactly what it was made from.
func TestCurrentAnswerFollowsWhatItIsAbout(t *testing.T) {
	live := store.Live{
		Session: identity.Session{ID: "ses_1", IdleEnd: time.Unix(1, 0), AbsoluteEnd: time.Unix(9, 0)},
		User:    identity.User{ID: "usr_1", Name: "Ann", Role: identity.Member},
		Tenant:  identity.Tenant{ID: "ten_1", Slug: "acme"},
	}
	var kept currentAnswers
	body := func() string {
		made, err := kept.about(live)
		if err != nil {
			t.Fatal(err)
		}
		return string(made.body)
	}
	first := body()
	if again := body(); again != first {
		t.Errorf("nothing has changed, but the answer: %s", again)
	}
	for _, row := range []struct {
		name   string
		change func()
		shows  string
	}{
		{"the person is called something else", func() { live.User.Name = "Ann Other" }, `"name":"Ann Other"`},
		{"the role is another", func() { live.Role = policy.BuiltIn(identity.Admin) }, `"users.delete"`},
		{"the idle end has moved", func() { live.Session.IdleEnd = time.Unix(2, 0).UTC() }, `"idle_end_at":"1970-01-01T00:00:02Z"`},
		{"the same id in another tenant", func() { live.Tenant.Slug = "twin" }, `"slug":"twin"`},
	} {
		if row.change(); !strings.Contains(body(), row.shows) {
			t.Errorf("%s: %s is not in %s", row.name, row.shows, body())
		}
	}
	for range 2 * maxCurrent {
		live.Session.ID += "1"
		if len(live.Session.ID) > 64 {
			live.Session.ID = identity.NewSessionID()
		}
		body()
	}
	if len(kept.kept) > maxCurrent {
		t.Errorf("%d answers are kept, at most %d may be", len(kept.kept), maxCurrent)
	}
}

// Ends that come from policies of different days are shown in their order.
func TestNoIdleEndIsShownBehindTheEnd(t *testing.T) {
	end := time.Unix(2, 0)
	for idle, want := range map[time.Time]time.Time{time.Unix(1, 0): time.Unix(1, 0), time.Unix(3, 0): end} {
		if got := sessionOf(identity.Session{IdleEnd: idle, AbsoluteEnd: end}, true).IdleEnd; got != want {
			t.Errorf("%v is shown as %v, want %v", idle, got, want)
		}
	}
}
