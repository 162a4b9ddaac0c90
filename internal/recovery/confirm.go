package recovery

import (
	"context"
	"time"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/store"
)

// OpenAddress looks whether a link that confirms a new address would be taken
// now. It spends nothing. Errors are Open's.
func (s *Service) OpenAddress(ctx context.Context, token string) (Opened, error) {
	return s.open(ctx, identity.AddressLink, token)
}

// ConfirmAddress gives a user the address that the link was mailed to: whoever
// has the link reads its mail. Sessions stay; links in letters to the former
// address end, and there the person is told, with a way back. Errors are
// policy.ErrLink, policy.ErrSuspended and ErrAddressTaken, after which the link
// is as good as before.
func (s *Service) ConfirmAddress(ctx context.Context, token string, from From) (o Opened, err error) {
	defer problem.Wrap(&err, "confirm an address")
	return s.readdress(ctx, identity.AddressLink, token, func(tx *store.Tx, before, after identity.User, now time.Time) error {
		if err := s.tellAddress(ctx, tx, before, after, from.Peer, now); err != nil {
			return err
		}
		return tx.AddEvent(ctx, identity.Event{Kind: identity.EventAddressConfirmed, Result: identity.EventOK, User: before.ID, Peer: from.Peer, At: now})
	})
}

// tellAddress tells a person of their new address, at both. From the old one the
// change can be taken back: whoever asked for it may have been a thief, with the
// password and a session.
func (s *Service) tellAddress(ctx context.Context, tx *store.Tx, before, after identity.User, from identity.Peer, now time.Time) error {
	data := map[string]string{identity.DataAt: now.UTC().Format(time.RFC3339), identity.DataNewAddress: after.Email.Typed,
		identity.DataAddress: from.Address, identity.DataUserAgent: from.UserAgent}
	if err := tx.Enqueue(ctx, identity.Task{Kind: identity.LetterAddressChanged, User: after.ID, Data: data, At: now}); err != nil {
		return err
	}
	if before.Email.Folded == "" {
		return nil
	}
	l, err := tx.EnsureLink(ctx, identity.Link{
		ID: identity.NewLinkID(), Purpose: identity.UndoLink, User: before.ID, Data: before.Email.Typed,
		CreatedAt: now, ExpiresAt: now.Add(policy.LinkTTL(identity.Policy{}, identity.UndoLink)),
	})
	if err != nil {
		return err
	}
	data[identity.DataTo] = before.Email.Typed
	told := identity.Task{Kind: identity.LetterAddressChanged, User: before.ID, At: now, Data: data}
	if l.Data == before.Email.Typed { // else a way back to an address before that lives: it is the way back
		told.Kind, told.Link, told.Expires = identity.LetterAddressUndo, l.ID, l.ExpiresAt
	}
	return tx.Enqueue(ctx, told)
}
