package session

import (
	"context"
	"errors"
	"time"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/store"
)

// Refresh answers a refresh token with the one after it and a new access
// token. Asked again with the same token it answers the same refresh token,
// for as long as that one has not been used, or within the grace time after:
// a lost answer, ten tabs at once lose nothing. A token older than that is a
// copy in the wrong hands: it ends the session.
//
// interaction says that a person did something; a renewal from the background
// is none and leaves the idle end where it is.
func (s *Service) Refresh(ctx context.Context, token string, interaction bool, from identity.Peer) (g Grant, err error) {
	defer problem.Wrap(&err, "refresh")
	keys := s.Store.Keys()
	tenant, id, presented, err := keys.ReadRefreshToken(token)
	if err != nil {
		return g, ErrEnded
	}
	now := s.Now().Truncate(time.Microsecond)
	live, err := s.live(ctx, tenant, id, now)
	if errors.Is(err, ErrEnded) {
		return g, err // over already: nothing to end
	} else if err != nil {
		return g, err
	}
	t := s.Store.Tenant(tenant)
	out, err := t.RefreshSession(ctx, s.ask(live, presented, interaction, now))
	if errors.Is(err, problem.NotFound) {
		return g, s.refuseReplay(ctx, t, id, presented, from, now)
	} else if err != nil {
		return g, err
	}
	live.Session.Generation = presented + 1
	live.Session.InteractedAt, live.Session.IdleEnd = out.InteractedAt, out.IdleEnd
	return s.Grant(live, now)
}

func (s *Service) ask(live store.Live, presented int64, interaction bool, now time.Time) store.Refresh {
	p := s.Effective(live.Tenant)
	ask := store.Refresh{
		Session: live.Session.ID, Presented: presented, Now: now,
		Grace:     now.Add(-time.Duration(p.RefreshGrace)),
		IdleSince: now.Add(-time.Duration(p.IdleTimeout)),
		BornSince: now.Add(-time.Duration(p.SessionLifetime)),
	}
	if interaction {
		ask.IdleEnd, _ = policy.Ends(p, live.Session.SignedInAt, now)
	}
	return ask
}

// refuseReplay ends the session a refresh token is too old for. A token that
// was refused for another reason changes nothing.
func (s *Service) refuseReplay(ctx context.Context, t store.Tenant, id identity.SessionID, presented int64, from identity.Peer, now time.Time) error {
	err := t.Tx(ctx, func(tx *store.Tx) error {
		user, err := tx.ReplayedBy(ctx, id, presented)
		if err != nil {
			return err
		}
		if err := tx.EndSession(ctx, id, now); err != nil {
			return err
		}
		err = tx.AddEvent(ctx, identity.Event{
			Kind: identity.EventTokenReuse, Result: ErrEnded.Code, User: user, Session: id, Peer: from, At: now,
		})
		if err != nil {
			return err
		}
		return tellReplay(ctx, tx, user, from, now)
	})
	s.Forget(t.ID())
	if err != nil && !errors.Is(err, problem.NotFound) {
		return err
	}
	return ErrEnded
}

// tellReplay lets the person know by mail: somebody may hold a copy of a key
// to the account.
func tellReplay(ctx context.Context, tx *store.Tx, id identity.UserID, from identity.Peer, now time.Time) error {
	u, err := tx.User(ctx, id)
	if err != nil || u.Email.Folded == "" {
		return err
	}
	return tx.Enqueue(ctx, identity.Task{Kind: identity.LetterTokenReuse, User: id, At: now, Data: map[string]string{
		identity.DataAt: now.UTC().Format(time.RFC3339), identity.DataAddress: from.Address, identity.DataUserAgent: from.UserAgent,
	}})
}
