package admin

import (
	"context"
	"time"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/store"
)

// tellAddress tells a person of another address, at the new one and at the old
// one, from where the change can be taken back: whoever changed it may be a
// thief. Somebody who is only invited has nothing yet to lose.
func (s *Service) tellAddress(ctx context.Context, tx *store.Tx, before, after identity.User) error {
	if before.Email.Folded == after.Email.Folded || before.Status == identity.Invited {
		return nil
	}
	now := s.Now()
	data := map[string]string{identity.DataAt: now.UTC().Format(time.RFC3339), identity.DataNewAddress: after.Email.Typed}
	if after.Email.Folded != "" {
		err := tx.Enqueue(ctx, identity.Task{Kind: identity.LetterAddressChanged, User: after.ID, Data: data, At: now})
		if err != nil {
			return err
		}
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
	told := identity.Task{Kind: identity.LetterAddressUndo, User: before.ID, Link: l.ID, At: now, Expires: l.ExpiresAt,
		Data: map[string]string{identity.DataTo: before.Email.Typed, identity.DataAt: data[identity.DataAt], identity.DataNewAddress: after.Email.Typed}}
	if l.Data != before.Email.Typed { // a way back to an address before that lives: it is the way back
		told.Kind, told.Link, told.Expires = identity.LetterAddressChanged, "", time.Time{}
	}
	return tx.Enqueue(ctx, told)
}
