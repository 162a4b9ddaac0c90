package admin

import (
	"context"
	"strings"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/store"
)

// Changes are what is to be different about a user, as typed. nil leaves a
// field as it is; an empty e-mail, extension or language takes it away.
type Changes struct{ Email, Extension, Name, Role, Language *string }

// Set changes what a user is called and may do. Another e-mail address needs
// what policy.MayActAs asks: whoever reads its mail can become the user. Errors
// are as Create's, policy.ErrLastAdmin and ErrOwnAddress.
func (s *Service) Set(ctx context.Context, t store.Tenant, actor identity.Actor, id identity.UserID, c Changes, from identity.Peer) (u identity.User, err error) {
	defer problem.Wrap(&err, "set user %s", id)
	var wished identity.User
	err = s.act(ctx, t, actor, policy.UsersWrite, id, func(tx *store.Tx, actor identity.Actor, before identity.User) error {
		tenant, err := tx.Get(ctx)
		if err != nil {
			return err
		}
		wanted := before.Role
		if c.Role != nil {
			wanted = *c.Role
		}
		role, err := tx.HeldRole(ctx, wanted)
		if err != nil {
			return err
		}
		after, err := c.apply(tenant.Style, role, before)
		if err != nil {
			return err
		}
		if before.Email != after.Email { // the next link to a new password goes there
			if err := actAs(ctx, tx.Tenant, actor, before); err != nil {
				return err
			}
		}
		if actor.User == id && before.Email.Folded != after.Email.Folded {
			return ErrOwnAddress
		}
		if err := s.setRole(ctx, tx, actor, before, after, role, from); err != nil {
			return err
		}
		wished = after
		if err := s.setFields(ctx, tx, actor, before, after, from); err != nil {
			return err
		}
		u = after
		return nil
	})
	return u, taken(ctx, t, wished, err)
}

func (c Changes) apply(style identity.Style, role identity.Role, u identity.User) (identity.User, error) {
	var wrong faults
	var err error
	if c.Email != nil {
		u.Email = identity.EmailAddress{}
		if *c.Email != "" {
			u.Email, err = identity.ParseEmail(*c.Email)
			wrong.add("email", err)
		}
	}
	if c.Extension != nil {
		u.Extension = ""
		if *c.Extension != "" {
			u.Extension, err = identity.ParseExtension(*c.Extension)
			wrong.add("extension", err)
		}
	}
	if c.Name != nil {
		u.Name, err = identity.ParseName(*c.Name)
		wrong.add("name", err)
	}
	if c.Role != nil {
		u.Role = *c.Role
		if role.Name == "" {
			wrong.add("role", policy.ErrNoRole)
		}
	}
	if c.Language != nil {
		u.Language, err = identity.ParseLanguage(*c.Language)
		wrong.add("language", err)
	}
	if u.Status != identity.Deactivated {
		wrong.named(style, u)
	}
	return u, wrong.problem()
}

// setRole decides on a change of role and tells of it.
func (s *Service) setRole(ctx context.Context, tx *store.Tx, actor identity.Actor, before, after identity.User, role identity.Role, from identity.Peer) error {
	if before.Role == after.Role {
		return nil
	}
	if err := policy.MayGive(actor, role); err != nil {
		return err
	}
	if err := keepAdmin(ctx, tx, before); err != nil {
		return err
	}
	e := actor.Event(identity.EventPermissionsChanged, before.ID, from, s.Now())
	e.Detail["from"], e.Detail["to"] = before.Role, after.Role
	return tx.AddEvent(ctx, e)
}

// setFields writes the user and tells which fields are different, not what is
// in them: people may later be forgotten, the audit trail stays.
func (s *Service) setFields(ctx context.Context, tx *store.Tx, actor identity.Actor, before, after identity.User, from identity.Peer) error {
	if before == after {
		return nil
	}
	if err := tx.SetUser(ctx, before, after, s.Now()); err != nil {
		return err
	}
	// What was mailed to the old address, or promised with the old role, is over.
	if before.Email.Folded != after.Email.Folded || before.Status == identity.Invited && before.Role != after.Role {
		if err := tx.EndLinks(ctx, before.ID, s.Now()); err != nil {
			return err
		}
	}
	if err := s.tellAddress(ctx, tx, before, after); err != nil {
		return err
	}
	var fields []string
	for _, f := range []struct {
		name    string
		differs bool
	}{
		{"email", before.Email != after.Email},
		{"extension", before.Extension != after.Extension},
		{"name", before.Name != after.Name},
		{"language", before.Language != after.Language},
	} {
		if f.differs {
			fields = append(fields, f.name)
		}
	}
	if len(fields) == 0 {
		return nil // the role alone: setRole has told
	}
	e := actor.Event(identity.EventUserUpdated, before.ID, from, s.Now())
	e.Detail["fields"] = strings.Join(fields, ",")
	return tx.AddEvent(ctx, e)
}
