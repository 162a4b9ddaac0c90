package session

import (
	"context"
	"time"

	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/store"
)

// Renew makes a new access token for a browser's session. It changes nothing
// but, where a person did something, when the session will be idle; so it may be
// asked for any number of times, by any number of tabs.
func (s *Service) Renew(ctx context.Context, live store.Live, interaction bool) (g Grant, err error) {
	if interaction {
		if live, err = s.Interact(ctx, live); err != nil {
			return g, err
		}
	}
	return s.Grant(live, s.Now())
}

// Carries says how long an access token will yet carry a session: zero when it
// is over, another session's, or no token of ours.
func (s *Service) Carries(ctx context.Context, token string, live store.Live) time.Duration {
	now := s.Now()
	c, err := s.read(ctx, token, now)
	if err != nil || c.session != live.Session.ID {
		return 0
	}
	if _, err := s.live(ctx, c.tenant, c.session, now); err != nil {
		return 0
	}
	return max(c.expires.Sub(now), 0)
}

// Left is how long a session has until it is idle and until it ends whatever
// its person does, and how long before each a person should be warned. These are
// durations: what a browser's clock says is no matter. What this node has yet to
// write counts.
func (s *Service) Left(live store.Live) (left Left) {
	s.late.mu.Lock()
	one, waiting := s.late.late[sessionKey{live.Tenant.ID, live.Session.ID}]
	s.late.mu.Unlock()
	if waiting {
		live = s.moved(live, one.at)
	}
	now := s.Now()
	idle, absolute := s.ends(live)
	left.Idle, left.Absolute = max(idle.Sub(now), 0), max(absolute.Sub(now), 0)
	left.WarnIdle, left.WarnAbsolute = policy.Warnings(s.Effective(live.Tenant))
	return left
}

// Left is what Service.Left answers.
type Left struct{ Idle, Absolute, WarnIdle, WarnAbsolute time.Duration }
