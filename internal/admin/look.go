package admin

import (
	"context"
	"time"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/store"
)

// recentEvents is how many events on a user are shown beside it.
const recentEvents = 20

// A Look is all there is to see about a user. What the actor may not see is
// left out.
type Look struct {
	User     identity.User
	Role     identity.Role
	Sessions []identity.Session
	Events   []identity.Event // for who may read the audit trail, the newest first
	Tries    int64            // failed ones that are counted
	Until    time.Time        // when the last of those waits ends; zero: nobody waits
	MayAct   bool             // the actor's rank is at least the user's
	MayActAs bool             // and the user's permissions are within the actor's
}

// User finds a user. Errors are policy's and problem.NotFound.
func (s *Service) User(ctx context.Context, t store.Tenant, actor identity.Actor, id identity.UserID) (u identity.User, err error) {
	if err := policy.Allow(actor, policy.UsersRead); err != nil {
		return u, err
	}
	return t.User(ctx, id)
}

// Look looks at a user from all sides. Errors are as User's.
func (s *Service) Look(ctx context.Context, t store.Tenant, actor identity.Actor, id identity.UserID) (l Look, err error) {
	defer problem.Wrap(&err, "look at user %s", id)
	if l.User, err = s.User(ctx, t, actor, id); err != nil {
		return l, err
	}
	if l.Role, err = t.HeldRole(ctx, l.User.Role); err != nil {
		return l, err
	}
	l.MayAct, l.MayActAs = policy.MayActOn(actor, l.Role) == nil, policy.MayActAs(actor, l.Role) == nil
	if l.Sessions, err = t.Sessions(ctx, id, s.Now()); err != nil {
		return l, err
	}
	if policy.Allow(actor, policy.AuditRead) == nil {
		if l.Events, err = t.UserEvents(ctx, id, recentEvents); err != nil {
			return l, err
		}
	}
	l.Tries, l.Until, err = s.Waits(ctx, t, l.User)
	return l, err
}

// SessionsOf lists a user's live sessions, newest first. Errors are as User's.
func (s *Service) SessionsOf(ctx context.Context, t store.Tenant, actor identity.Actor, id identity.UserID) ([]identity.Session, error) {
	if _, err := s.User(ctx, t, actor, id); err != nil {
		return nil, err
	}
	return t.Sessions(ctx, id, s.Now())
}
