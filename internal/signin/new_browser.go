package signin

import (
	"context"
	"time"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/store"
)

// meet makes the browser of a sign-in known to the user. One that is new to
// somebody who has signed in before leaves an event and a letter: it may not be
// theirs.
func (s *Service) meet(ctx context.Context, tx *store.Tx, m *meant, made identity.Session, from From, now time.Time) error {
	if from.Browser == "" {
		return nil
	}
	browser := s.Store.Keys().BrowserHash(from.Browser)
	if !m.user.LastSignIn.IsZero() {
		known, err := tx.KnownBrowser(ctx, m.user.ID, browser)
		if err == nil && !known {
			err = tellNewBrowser(ctx, tx, m.user, made, from.Peer, now)
		}
		if err != nil {
			return err
		}
	}
	return tx.AddBrowser(ctx, m.user.ID, browser, now)
}

func tellNewBrowser(ctx context.Context, tx *store.Tx, u identity.User, made identity.Session, from identity.Peer, now time.Time) error {
	err := tx.AddEvent(ctx, identity.Event{
		Kind: identity.EventNewBrowser, Result: identity.EventOK, User: u.ID, Actor: u.ID, Session: made.ID, Peer: from, At: now,
	})
	if err != nil || u.Email.Folded == "" {
		return err
	}
	return tx.Enqueue(ctx, identity.Task{Kind: identity.LetterNewBrowser, User: u.ID, At: now, Data: map[string]string{
		identity.DataAt: now.UTC().Format(time.RFC3339), identity.DataAddress: from.Address, identity.DataUserAgent: from.UserAgent,
	}})
}
