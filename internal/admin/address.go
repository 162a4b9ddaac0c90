package admin

import (
	"context"
	"time"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/store"
)

// ErrOwnAddress answers who would change their own address without showing that
// it is theirs, and without their password.
var ErrOwnAddress = problem.New(problem.Denied, "own_address", "One's own e-mail address is changed in one's own settings, and confirmed where it leads to.")

// tellAddress tells a person of another address, at the new one and at the old
// one. There is no way back from there: what an administrator corrects stays
// corrected, for the old address may have been a stranger's, and so a way back
// that a change of the person's own has opened is over. Who is only invited has
// nothing yet to lose.
func (s *Service) tellAddress(ctx context.Context, tx *store.Tx, before, after identity.User) error {
	if before.Email.Folded == after.Email.Folded || before.Status == identity.Invited {
		return nil
	}
	now := s.Now()
	if err := tx.EndLink(ctx, before.ID, identity.UndoLink, now); err != nil {
		return err
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
	return tx.Enqueue(ctx, identity.Task{Kind: identity.LetterAddressChanged, User: before.ID, At: now,
		Data: map[string]string{identity.DataTo: before.Email.Typed, identity.DataAt: data[identity.DataAt], identity.DataNewAddress: after.Email.Typed}})
}
