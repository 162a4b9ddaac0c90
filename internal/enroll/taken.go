package enroll

import (
	"context"
	"errors"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/store"
)

// taken is ErrTaken saying which name of an invitee somebody has, and whether
// they are invited already.
func taken(ctx context.Context, t store.Tenant, u identity.User) error {
	byEmail, err := t.UserByEmail(ctx, u.Email.Folded)
	if err != nil && !errors.Is(err, problem.NotFound) {
		return err
	}
	byExtension, err := t.UserByExtension(ctx, u.Extension)
	if err != nil && !errors.Is(err, problem.NotFound) {
		return err
	}
	return policy.Taken(ErrTaken, u, byEmail, byExtension)
}
