// Package session keeps people signed in: it opens, renews and ends sessions,
// says whose a token is, and holds the keys tokens are signed with.
//
//	sign-in ──► Grant ──► access token (JWT, minutes) + refresh token or cookie
//	            Refresh ─► the same session, a new pair
//	request ──► Check ───► is the session alive, whose is it, what may they do
//	            End ─────► refused on this node at once, on others within a second
//
// Whether a session lives and what its person may do is decided from its row,
// never from what a token says. A row is remembered for at most a second, a
// verified token until it expires; that is what makes a check cheap.
package session

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/secret"
	"github.com/vestibule-id/vestibule/internal/store"
)

// ErrEnded is what every token of a session gets that is over, for whatever
// reason, and every token that never was one.
var ErrEnded = problem.New(problem.Unauthenticated, "session_ended", "The session has ended. Sign in again.")

// Service keeps sessions. All fields must be set.
type Service struct {
	Store    *store.Store
	Ring     *Ring
	Operator identity.Policy // the operator's full policy
	Issuer   string          // the public address: iss and aud of our tokens
	Now      func() time.Time

	memory memory
	late   interactions
}

// A Grant is what somebody gets who has signed in or renewed.
type Grant struct {
	store.Live
	AccessToken string
	ExpiresAt   time.Time    // of the access token
	Refresh     secret.Token // for programs
	Cookie      secret.Token // for browsers
}

// Effective is a tenant's policy above the operator's.
func (s *Service) Effective(t identity.Tenant) identity.Policy {
	if t.Policy == (identity.Policy{}) {
		return s.Operator // as with most tenants; merging costs more than some requests
	}
	return policy.Effective(s.Operator, t.Policy)
}

// Make makes the row of a new session; the caller adds it in the transaction
// of the sign-in, and calls Grant when that has been committed.
func (s *Service) Make(t identity.Tenant, u identity.User, kind identity.SessionKind, from identity.Peer, now time.Time) identity.Session {
	now = now.Truncate(time.Microsecond)
	idle, absolute := policy.Ends(s.Effective(t), now, now)
	return identity.Session{
		ID: identity.NewSessionID(), UserID: u.ID, Kind: kind, SignedInAt: now, InteractedAt: now,
		IdleEnd: idle, AbsoluteEnd: absolute, Credential: u.Credential, Peer: from,
		PreviousSignIn: u.LastSignIn,
	}
}

// Grant makes the tokens of a live session.
func (s *Service) Grant(live store.Live, now time.Time) (g Grant, err error) {
	defer problem.Wrap(&err, "grant session %s", live.Session.ID)
	idle, absolute := s.ends(live)
	g = Grant{Live: live, ExpiresAt: policy.TokenEnd(s.Effective(live.Tenant), now, idle, absolute).Truncate(time.Second)}
	g.AccessToken, err = s.Ring.sign(s.claims(live, now, g.ExpiresAt), now)
	keys := s.Store.Keys()
	if live.Session.Kind == identity.Browser {
		g.Cookie = keys.SessionToken(live.Tenant.ID, live.Session.ID)
	} else {
		g.Refresh = keys.RefreshToken(live.Tenant.ID, live.Session.ID, live.Session.Generation)
	}
	return g, err
}

// ends are when a session ends: as promised, or earlier where the tenant has
// become stricter since.
func (s *Service) ends(live store.Live) (idle, absolute time.Time) {
	idle, absolute = policy.Ends(s.Effective(live.Tenant), live.Session.SignedInAt, live.Session.InteractedAt)
	if live.Session.IdleEnd.Before(idle) {
		idle = live.Session.IdleEnd
	}
	if live.Session.AbsoluteEnd.Before(absolute) {
		absolute = live.Session.AbsoluteEnd
	}
	return idle, absolute
}

func (s *Service) claims(live store.Live, now, end time.Time) secret.Claims {
	u, t := live.User, live.Tenant
	c := secret.Claims{
		Issuer: s.Issuer, Subject: u.ID, Audience: s.Issuer, ID: secret.NewTokenID(),
		Expires: secret.NumericDateOf(end), IssuedAt: secret.NumericDateOf(now),
		Session: live.Session.ID, AuthTime: secret.NumericDateOf(live.Session.SignedInAt), Methods: []string{"pwd"},
		TenantID: t.ID, Tenant: t.Slug, Roles: []string{u.Role},
		Name: u.Name, Email: u.Email.Typed, Extension: u.Extension,
	}
	c.Permissions = slices.AppendSeq([]string{}, live.Role.Permissions.All())
	return c
}

// List lists a user's live sessions, newest first.
func (s *Service) List(ctx context.Context, live store.Live) ([]identity.Session, error) {
	now := s.Now()
	list, err := s.Store.Tenant(live.Tenant.ID).Sessions(ctx, live.User.ID, now)
	kept := list[:0]
	for _, one := range list {
		if !s.over(store.Live{Session: one, Tenant: live.Tenant}, now) {
			kept = append(kept, one)
		}
	}
	return kept, err
}

// SignOut ends the session itself.
func (s *Service) SignOut(ctx context.Context, live store.Live, from identity.Peer) error {
	return s.end(ctx, live, live.Session.ID, identity.EventSessionLogout, from)
}

// End ends one of a user's own sessions; problem.NotFound when there is no
// such live session of theirs.
func (s *Service) End(ctx context.Context, live store.Live, id identity.SessionID, from identity.Peer) error {
	return s.end(ctx, live, id, identity.EventSessionTerminated, from)
}

func (s *Service) end(ctx context.Context, live store.Live, id identity.SessionID, kind string, from identity.Peer) error {
	now := s.Now()
	err := s.Store.Tenant(live.Tenant.ID).Tx(ctx, func(tx *store.Tx) error {
		if err := tx.EndUserSession(ctx, live.User.ID, id, now); err != nil {
			return err
		}
		return tx.AddEvent(ctx, identity.Event{
			Kind: kind, Result: identity.EventOK, User: live.User.ID, Actor: live.User.ID, Session: id, Peer: from, At: now,
		})
	})
	s.Forget(live.Tenant.ID)
	return err
}

// EndOthers ends all of a user's sessions but the present one, and says how
// many there were.
func (s *Service) EndOthers(ctx context.Context, live store.Live, from identity.Peer) (n int64, err error) {
	now := s.Now()
	err = s.Store.Tenant(live.Tenant.ID).Tx(ctx, func(tx *store.Tx) error {
		ended, err := tx.EndSessions(ctx, live.User.ID, live.Session.ID, now)
		if err != nil || ended == 0 {
			return err
		}
		n = ended
		return tx.AddEvent(ctx, identity.Event{
			Kind: identity.EventSessionTerminated, Result: identity.EventOK, User: live.User.ID, Actor: live.User.ID,
			Session: live.Session.ID, Peer: from, At: now, Detail: map[string]string{"which": "all others"},
		})
	})
	s.Forget(live.Tenant.ID)
	return n, err
}

// Forget makes this node read a tenant's sessions anew. Whoever changes what a
// session, its user or its tenant may do calls it when that has been
// committed; other nodes notice within a second.
func (s *Service) Forget(t identity.TenantID) { s.memory.forget(t) }

func ended(err error) error {
	if errors.Is(err, problem.NotFound) {
		return ErrEnded
	}
	return err
}
