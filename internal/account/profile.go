package account

import (
	"context"
	"strings"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/store"
)

// A Profile is what is to be different about oneself, as typed. nil leaves a
// field as it is; an empty language or time zone is the tenant's.
type Profile struct{ Name, Language, TimeZone *string }

// SetProfile changes what a person says of themselves, behind their row's lock:
// an administrator who changes the same user waits, or is waited for. The error is
// identity.ErrName, identity.ErrLanguage or identity.ErrTimeZone, with its
// field, session.ErrEnded, or an accident.
func (s *Service) SetProfile(ctx context.Context, live store.Live, p Profile, from identity.Peer) (u identity.User, err error) {
	defer problem.Wrap(&err, "set own profile")
	if _, err := p.apply(live.User); err != nil {
		return u, err
	}
	if p == (Profile{}) {
		return live.User, nil
	}
	err = s.Sessions.Scope(live).Tx(ctx, func(tx *store.Tx) error {
		if err := tx.HoldUser(ctx, live.User.ID, identity.Active); err != nil {
			return err
		}
		before, err := tx.User(ctx, live.User.ID)
		if err != nil {
			return err
		}
		if u, err = p.apply(before); err != nil || u == before {
			return err
		}
		return s.describe(ctx, tx, live, before, u, from)
	})
	if err != nil {
		return identity.User{}, ended(err)
	}
	s.Sessions.Forget(live.Tenant.ID)
	return u, nil
}

// apply is the user as it is to be.
func (p Profile) apply(u identity.User) (identity.User, error) {
	for _, one := range []struct {
		name  string
		typed *string
		to    *string
		parse func(string) (string, error)
	}{
		{"name", p.Name, &u.Name, identity.ParseName},
		{"language", p.Language, &u.Language, identity.ParseLanguage},
		{"time_zone", p.TimeZone, &u.TimeZone, identity.ParseTimeZone},
	} {
		if one.typed == nil {
			continue
		}
		text, err := one.parse(*one.typed)
		if wrong := problem.Of(err); wrong != nil {
			return u, wrong.In(problem.Field{Location: "body." + one.name, Message: wrong.Message})
		}
		*one.to = text
	}
	return u, nil
}

// describe writes a profile and tells which fields are different.
func (s *Service) describe(ctx context.Context, tx *store.Tx, live store.Live, before, after identity.User, from identity.Peer) error {
	if err := tx.Describe(ctx, after); err != nil {
		return err
	}
	var fields []string
	for _, f := range []struct {
		name    string
		differs bool
	}{
		{"name", before.Name != after.Name},
		{"language", before.Language != after.Language},
		{"time_zone", before.TimeZone != after.TimeZone},
	} {
		if f.differs {
			fields = append(fields, f.name)
		}
	}
	return tx.AddEvent(ctx, identity.Event{
		Kind: identity.EventUserUpdated, Result: identity.EventOK, User: live.User.ID, Actor: live.User.ID, Session: live.Session.ID,
		Peer: from, At: s.Sessions.Now(), Detail: map[string]string{"fields": strings.Join(fields, ",")},
	})
}
