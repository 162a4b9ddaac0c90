package session_test

import (
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/internal/housetest"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/store/storetest"
)

// Access tokens of a browser's session are made as often as anybody likes; only
// a person moves its end.
//
// Proves: W10, W11, 3.3
func TestRenew(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		withAnn(t, h)
		g := enter(t, h, identity.Browser)
		for n := range 10 {
			h.Clock.Set(at(time.Duration(n) * 20 * time.Minute))
			renewed, err := h.Sessions.Renew(t.Context(), g.Live, false)
			if err != nil {
				t.Fatal(err)
			}
			alive(t, h, renewed.AccessToken, true)
			if left := h.Sessions.Left(renewed.Live); left.Idle != 4*time.Hour-time.Duration(n)*20*time.Minute {
				t.Errorf("renewal %d leaves %s", n, left.Idle)
			}
		}
		renewed, err := h.Sessions.Renew(t.Context(), g.Live, true)
		if err != nil {
			t.Fatal(err)
		}
		if left := h.Sessions.Left(renewed.Live); left.Idle != 4*time.Hour || left.Absolute != 165*time.Hour {
			t.Errorf("a person's leaves %+v", left)
		}
		if got := written(t, h, g); got != 3*time.Hour {
			t.Errorf("the row says %s", got)
		}
	})
}

// What this node has not written yet counts where it is asked how long there is.
//
// Proves: W11, 3.3
func TestLeftCountsWhatIsLate(t *testing.T) {
	h := housetest.New(t, storetest.Address(t, "sqlite"))
	withAnn(t, h)
	g := enter(t, h, identity.Browser)
	h.Clock.Set(at(30 * time.Second))
	interact(t, h, g)
	h.Clock.Set(at(50 * time.Second))
	live, err := h.Sessions.CheckCookie(t.Context(), string(g.Cookie))
	if err != nil {
		t.Fatal(err)
	}
	if left := h.Sessions.Left(live); left.Idle != 4*time.Hour-20*time.Second {
		t.Errorf("%s are left", left.Idle)
	}
	h.Clock.Set(at(9 * time.Hour))
	if left := h.Sessions.Left(live); left.Idle != 0 || left.Absolute != 159*time.Hour {
		t.Errorf("after the end there are %+v", left)
	}
}

// Proves: W9, W13, 3.3
func TestCarries(t *testing.T) {
	h := housetest.New(t, storetest.Address(t, "sqlite"))
	withAnn(t, h)
	one, two := enter(t, h, identity.Browser), enter(t, h, identity.Browser)
	for _, row := range []struct {
		name, token string
		at          time.Duration
		want        time.Duration
	}{
		{"its own", one.AccessToken, 0, 5 * time.Minute},
		{"its own, later", one.AccessToken, 4 * time.Minute, time.Minute},
		{"over", one.AccessToken, 5 * time.Minute, 0},
		{"another session's", two.AccessToken, time.Minute, 0},
		{"the session cookie", string(one.Cookie), time.Minute, 0},
		{"none", "", time.Minute, 0},
	} {
		h.Clock.Set(at(row.at))
		if got := h.Sessions.Carries(t.Context(), row.token, one.Live); got != row.want {
			t.Errorf("%s: %s, want %s", row.name, got, row.want)
		}
	}
	h.Clock.Set(at(time.Minute))
	if err := h.Sessions.SignOut(t.Context(), one.Live, peer); err != nil {
		t.Fatal(err)
	}
	if got := h.Sessions.Carries(t.Context(), one.AccessToken, one.Live); got != 0 {
		t.Errorf("signed out: %s", got)
	}
}
