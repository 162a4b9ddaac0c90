package enroll

import (
	"context"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/store"
)

// CheckFirst is what would be wrong with inviting somebody as the first
// administrator of a tenant of the style: ErrInvitee, with a field for each.
func (w Invitee) CheckFirst(style identity.Style) error {
	w.Role = identity.Admin
	_, err := w.parse(style, policy.BuiltIn(identity.Admin), false)
	return err
}

// First invites the first administrator of a tenant, by mail, in the
// transaction that makes the tenant. Errors are Invite's, but for ErrTaken.
func (s *Invitations) First(ctx context.Context, tx *store.Tx, tenant identity.Tenant, wanted Invitee, from identity.Peer) (i identity.Invitation, err error) {
	defer problem.Wrap(&err, "invite the first administrator")
	wanted.Role = identity.Admin
	u, err := wanted.parse(tenant.Style, policy.BuiltIn(identity.Admin), false)
	if err != nil {
		return i, err
	}
	u.CreatedAt = tenant.CreatedAt
	i = identity.Invitation{ID: identity.NewInvitationID(), User: u.ID, Email: u.Email, Role: u.Role, CreatedAt: u.CreatedAt}
	err = s.add(ctx, tx, identity.Actor{Operator: true}, u, &i, false, from)
	return i, err
}
