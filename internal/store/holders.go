package store

import (
	"context"
	"errors"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/problem"
)

// Holders are the others who have a user's e-mail address and a user's
// extension: zero where nobody has, or only the user.
func (t Tenant) Holders(ctx context.Context, u identity.User) (byEmail, byExtension identity.User, err error) {
	defer problem.Wrap(&err, "holders of names")
	if byEmail, err = other(u)(t.UserByEmail(ctx, u.Email.Folded)); err != nil {
		return byEmail, byExtension, err
	}
	byExtension, err = other(u)(t.UserByExtension(ctx, u.Extension))
	return byEmail, byExtension, err
}

// other is whoever was found, unless it is nobody or the user.
func other(u identity.User) func(identity.User, error) (identity.User, error) {
	return func(found identity.User, err error) (identity.User, error) {
		if errors.Is(err, problem.NotFound) || err == nil && found.ID == u.ID {
			return identity.User{}, nil
		}
		return found, err
	}
}
