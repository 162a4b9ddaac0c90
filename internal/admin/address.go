package admin

import (
	"context"
	"time"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/store"
)

// tellAddress tells a person of another address, at the new one and at the old
// one. From there a change by the person can be taken back, for it may have been
// a thief; what somebody else corrects stays corrected, for the old address may
// have been a stranger's. Who is only invited has nothing yet to lose.
func (s *Service) tellAddress(ctx context.Context, tx *store.Tx, actor identity.Actor, before, after identity.User) error {
	if before.Email.Folded == after.Email.Folded || before.Status == identity.Invited {
		return nil
	}
	now := s.Now()
	own := actor.User == before.ID
	if !own {
		if err := tx.EndLink(ctx, before.ID, identity.UndoLink, now); err != nil {
			return err
		}
	}
	data := map[string]string{identity.DataAt: now.UTC().Format(time.RFC3339), identity.DataNewAddress: after.Email.Typed}
	if after.Email.Folded != "" {
		if until, err := tx.ReserveCaused(ctx, after.Email.Folded, now); err != nil {
			return err
		} else if !until.IsZero() {
			return policy.ErrLetters.After(until.Sub(now))
		}
		err := tx.Enqueue(ctx, identity.Task{Kind: identity.LetterAddressChanged, User: after.ID, Data: data, At: now})
		if err != nil {
			return err
		}
	}
	if before.Email.Folded == "" {
		return nil
	}
	told := identity.Task{Kind: identity.LetterAddressChanged, User: before.ID, At: now,
		Data: map[string]string{identity.DataTo: before.Email.Typed, identity.DataAt: data[identity.DataAt], identity.DataNewAddress: after.Email.Typed}}
	if !own {
		return tx.Enqueue(ctx, told)
	}
	l, err := tx.EnsureLink(ctx, identity.Link{
		ID: identity.NewLinkID(), Purpose: identity.UndoLink, User: before.ID, Data: before.Email.Typed,
		CreatedAt: now, ExpiresAt: now.Add(policy.LinkTTL(identity.Policy{}, identity.UndoLink)),
	})
	if err != nil {
		return err
	}
	if l.Data == before.Email.Typed { // else a way back to an address before that lives: it is the way back
		told.Kind, told.Link, told.Expires = identity.LetterAddressUndo, l.ID, l.ExpiresAt
	}
	return tx.Enqueue(ctx, told)
}
