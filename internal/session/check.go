package session

import (
	"context"
	"crypto/sha256"
	"errors"
	"time"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/secret"
	"github.com/vestibule-id/vestibule/internal/store"
)

// remembered is how long a session's row may be decided from without reading
// it again: what ends holds on every node within this time.
const remembered = time.Second

// Check says whose live session an access token belongs to; ErrEnded when it
// is none. Only the token's session and user are believed; roles and
// permissions come from the rows.
func (s *Service) Check(ctx context.Context, token string) (store.Live, error) {
	now := s.Now()
	c, err := s.read(ctx, token, now)
	if err != nil {
		return store.Live{}, err
	}
	live, err := s.live(ctx, c.tenant, c.session, now)
	if err == nil && live.User.ID != c.user {
		return store.Live{}, ErrEnded
	}
	return live, err
}

// read says what an access token claims whose signature is good now, or
// remembers it; ErrEnded when it is none.
func (s *Service) read(ctx context.Context, token string, now time.Time) (verified, error) {
	key := sha256.Sum256([]byte(token))
	c, known := s.memory.token(key, now)
	if known && s.Ring.has(c.kid) { // else its key was revoked meanwhile
		return c, nil
	}
	claims, err := s.verify(ctx, token, now)
	if errors.Is(err, secret.ErrToken) {
		return verified{}, ErrEnded
	} else if err != nil {
		return verified{}, err
	}
	c = verified{tenant: claims.TenantID, session: claims.Session, user: claims.Subject, kid: secret.TokenKeyID(token), expires: claims.Expires.Time()}
	s.memory.keepToken(key, c)
	return c, nil
}

// verify verifies a token, if need be with keys another node has just made.
func (s *Service) verify(ctx context.Context, token string, now time.Time) (secret.Claims, error) {
	v := secret.Verifier{Issuer: s.Issuer, Audience: s.Issuer, Key: s.Ring.public}
	claims, err := v.Verify(token, now)
	if err == nil || s.Ring.has(secret.TokenKeyID(token)) {
		return claims, err
	}
	if err := s.Ring.reload(ctx, now); err != nil {
		return claims, err
	}
	return v.Verify(token, now)
}

// CheckCookie says whose live session a browser's session cookie belongs to;
// ErrEnded when it is none.
func (s *Service) CheckCookie(ctx context.Context, cookie string) (store.Live, error) {
	tenant, id, err := s.Store.Keys().ReadSessionToken(cookie)
	if err != nil {
		return store.Live{}, ErrEnded
	}
	live, err := s.live(ctx, tenant, id, s.Now())
	if err == nil && live.Session.Kind != identity.Browser {
		return store.Live{}, ErrEnded
	}
	return live, err
}

// live reads a session, or remembers it. Whether it has ended by time is asked
// each time, to the microsecond; before one that is remembered is said to have,
// it is read again, for an interaction may have moved its end.
func (s *Service) live(ctx context.Context, tenant identity.TenantID, id identity.SessionID, now time.Time) (store.Live, error) {
	one, known := s.memory.session(tenant, id, now)
	if !known || !now.Before(one.end) {
		epoch := s.memory.epoch(tenant)
		read, err := s.Store.Tenant(tenant).LiveSession(ctx, id, now)
		if err != nil {
			return store.Live{}, ended(err)
		}
		one = seen{live: &read, end: s.endByTime(read), at: now, epoch: epoch}
		s.memory.keepSession(one)
	}
	if !now.Before(one.end) {
		return store.Live{}, ErrEnded
	}
	return *one.live, nil
}

// over reports whether a session has ended by time.
func (s *Service) over(live store.Live, now time.Time) bool { return !now.Before(s.endByTime(live)) }

// endByTime is when a session ends unless its person does something.
func (s *Service) endByTime(live store.Live) time.Time {
	idle, absolute := s.ends(live)
	if absolute.Before(idle) {
		return absolute
	}
	return idle
}
