package enroll

import (
	"context"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/store"
)

// taken is ErrTaken saying which name of an invitee somebody has, and whether
// they are invited already.
func taken(ctx context.Context, t store.Tenant, u identity.User) error {
	byEmail, byExtension, err := t.Holders(ctx, u)
	if err != nil {
		return err
	}
	return policy.Taken(ErrTaken, u, byEmail, byExtension)
}
