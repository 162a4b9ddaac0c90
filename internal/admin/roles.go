package admin

import (
	"context"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/store"
)

// RolesSeen lists the roles there are for whoever sees who holds which: to read
// users or invitations is enough. The error is policy's.
func (s *Service) RolesSeen(ctx context.Context, t store.Tenant, actor identity.Actor) (list identity.Roles, err error) {
	defer problem.Wrap(&err, "list roles")
	for _, p := range []policy.Permission{policy.RolesRead, policy.UsersRead, policy.UsersWrite, policy.InvitationsRead} {
		if err = policy.Allow(actor, p); err == nil {
			return t.Roles(ctx)
		}
	}
	return nil, err
}
