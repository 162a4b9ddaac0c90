package admin

import (
	"context"
	"strconv"
	"strings"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/store"
)

// DeleteRole removes a role of the tenant's own that nobody has and nobody is
// invited to. Errors are policy's, problem.NotFound and ErrRoleInUse, which says
// by how many.
func (s *Service) DeleteRole(ctx context.Context, t store.Tenant, actor identity.Actor, name string, from identity.Peer) (err error) {
	defer problem.Wrap(&err, "delete role")
	return s.actOnRoles(ctx, t, actor, func(tx *store.Tx, actor identity.Actor, roles identity.Roles) error {
		r, err := own(actor, roles, name)
		if err != nil {
			return err
		}
		holders, err := tx.CountHolders(ctx)
		if err != nil {
			return err
		}
		if n := holders[r.Name]; n != (store.Holders{}) {
			return ErrRoleInUse.Because("%s this role. Give them another one first.", inWords(n))
		}
		if err := tx.DeleteRole(ctx, r.Name); err != nil {
			return err
		}
		e := actor.Event(identity.EventRoleDeleted, "", from, s.Now())
		e.Detail["role"] = r.Name
		return tx.AddEvent(ctx, e)
	})
}

// inWords says how many have a role: "2 users and 1 invited person have".
func inWords(n store.Holders) string {
	count := func(n int64, one, many string) string {
		if n == 1 {
			return "1 " + one
		}
		return strconv.FormatInt(n, 10) + " " + many
	}
	var parts []string
	if n.Users > 0 {
		parts = append(parts, count(n.Users, "user", "users"))
	}
	if n.Invited > 0 {
		parts = append(parts, count(n.Invited, "invited person", "invited people"))
	}
	verb := " have"
	if n.Users+n.Invited == 1 {
		verb = " has"
	}
	return strings.Join(parts, " and ") + verb
}
