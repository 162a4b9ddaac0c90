package account

import (
	"context"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/store"
)

// A Profile is what is to be different about oneself, as typed. nil leaves a
// field as it is.
type Profile struct{ Name *string }

// SetProfile changes what a person says of themselves. Nothing else of their
// row is written: an administrator may be changing it. The error is
// identity.ErrName, with its field, session.ErrEnded, or an accident.
func (s *Service) SetProfile(ctx context.Context, live store.Live, p Profile, from identity.Peer) (u identity.User, err error) {
	defer problem.Wrap(&err, "set own profile")
	if p.Name == nil {
		return live.User, nil
	}
	name, err := identity.ParseName(*p.Name)
	if wrong := problem.Of(err); wrong != nil {
		return u, wrong.In(problem.Field{Location: "body.name", Message: wrong.Message})
	}
	err = s.Sessions.Scope(live).Tx(ctx, func(tx *store.Tx) error {
		if err := tx.HoldUser(ctx, live.User.ID, identity.Active); err != nil {
			return err
		}
		row, err := tx.User(ctx, live.User.ID)
		if err == nil && row.Name != name {
			row.Name = name
			err = s.rename(ctx, tx, live, name, from)
		}
		u = row
		return err
	})
	if err != nil {
		return identity.User{}, ended(err)
	}
	s.Sessions.Forget(live.Tenant.ID)
	return u, nil
}

func (s *Service) rename(ctx context.Context, tx *store.Tx, live store.Live, name string, from identity.Peer) error {
	if err := tx.Rename(ctx, live.User.ID, name); err != nil {
		return err
	}
	return tx.AddEvent(ctx, identity.Event{
		Kind: identity.EventUserUpdated, Result: identity.EventOK, User: live.User.ID, Actor: live.User.ID, Session: live.Session.ID,
		Peer: from, At: s.Sessions.Now(), Detail: map[string]string{"fields": "name"},
	})
}
