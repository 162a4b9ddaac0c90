package recovery

import (
	"context"
	"errors"
	"time"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/signin"
	"github.com/vestibule-id/vestibule/internal/store"
)

// ErrAddressTaken says that the way back is closed.
var ErrAddressTaken = problem.New(problem.Conflict, "address_taken", "Somebody else in this organization has that e-mail address by now. Ask its administrator.")

// OpenUndo looks whether a link that takes back a change of address would be
// taken now. It spends nothing. Errors are Open's.
func (s *Service) OpenUndo(ctx context.Context, token string) (Opened, error) {
	return s.open(ctx, identity.UndoLink, token)
}

// Undo gives a user the address back that it had, and ends what was opened
// since: whoever changed it may be signed in. The password stays; it is the
// person's to reset, at their own address again. Errors are policy.ErrLink,
// policy.ErrSuspended and ErrAddressTaken.
func (s *Service) Undo(ctx context.Context, token string, from From) (o Opened, err error) {
	defer problem.Wrap(&err, "take back a change of address")
	return s.readdress(ctx, identity.UndoLink, token, func(tx *store.Tx, before, _ identity.User, now time.Time) error {
		if _, err := tx.EndSessions(ctx, before.ID, "", now); err != nil {
			return err
		}
		if err := signin.Forgive(ctx, tx, before); err != nil {
			return err
		}
		return tx.AddEvent(ctx, identity.Event{Kind: identity.EventAddressUndone, Result: identity.EventOK, User: before.ID, Peer: from.Peer, At: now})
	})
}

// readdress spends a link that leads to another address, gives its user that
// address and ends the links in letters to the one before; and then whatever
// else belongs to it, in the same transaction.
func (s *Service) readdress(ctx context.Context, purpose identity.LinkPurpose, token string,
	then func(tx *store.Tx, before, after identity.User, now time.Time) error) (o Opened, err error) {
	if o, err = s.open(ctx, purpose, token); err != nil {
		return o, err
	}
	wanted, err := identity.ParseEmail(o.Link.Data)
	if err != nil {
		return o, policy.ErrLink
	}
	err = s.Store.Tenant(o.Tenant.ID).Tx(ctx, func(tx *store.Tx) error {
		if err := tx.HoldUser(ctx, o.User.ID, identity.Active); err != nil {
			return err
		}
		now := s.Now()
		if _, err := tx.UseLink(ctx, purpose, o.Link.ID, identity.Active, now); err != nil {
			return err
		}
		before, err := tx.User(ctx, o.User.ID) // as it is now, behind the lock
		if err != nil {
			return err
		}
		after := before
		after.Email = wanted
		if err := tx.SetUser(ctx, before, after, now); err != nil {
			return err
		}
		if err := tx.EndLinks(ctx, before.ID, now); err != nil {
			return err
		}
		return then(tx, before, after, now)
	})
	switch {
	case errors.Is(err, problem.NotFound):
		return o, policy.ErrLink
	case errors.Is(err, problem.Exists):
		return o, ErrAddressTaken
	case err != nil:
		return o, err
	}
	s.Sessions.Forget(o.Tenant.ID)
	return o, nil
}
