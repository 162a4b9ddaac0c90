package admin

import (
	"context"
	"strconv"
	"time"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/store"
)

// NewRole is what is told about a role that is to be made, as typed.
type NewRole struct {
	Name        string
	Title       string
	Rank        int
	Permissions []string
}

// CreateRole makes a role of the tenant's own, within the actor's rank and
// permissions. Errors are policy's, ErrRole with a field for each thing that is
// wrong, ErrRoleTaken and ErrTooManyOwn.
func (s *Service) CreateRole(ctx context.Context, t store.Tenant, actor identity.Actor, wanted NewRole, from identity.Peer) (r identity.Role, err error) {
	defer problem.Wrap(&err, "create role")
	if err := policy.Allow(actor, policy.RolesWrite); err != nil {
		return r, err
	}
	if r, err = wanted.parse(s.Now()); err != nil {
		return r, err
	}
	return r, s.actOnRoles(ctx, t, actor, func(tx *store.Tx, actor identity.Actor, roles identity.Roles) error {
		if err := unlike(roles, r, true); err != nil {
			return err
		}
		if err := policy.MayEditRole(actor, r); err != nil {
			return err
		}
		if len(roles)-len(policy.BuiltInRoles()) >= policy.MaxOwnRoles {
			return ErrTooManyOwn
		}
		if err := tx.AddRole(ctx, r); err != nil {
			return err
		}
		e := actor.Event(identity.EventRoleCreated, "", from, s.Now())
		e.Detail["role"], e.Detail["title"], e.Detail["rank"] = r.Name, r.Title, strconv.Itoa(r.Rank)
		e.Detail["permissions"] = string(r.Permissions)
		return tx.AddEvent(ctx, e)
	})
}

// newRole is a page's name, beside those of roles.
const newRole = "new"

func (wanted NewRole) parse(now time.Time) (r identity.Role, err error) {
	var wrong faults
	now = now.UTC().Truncate(time.Microsecond) // as it is kept
	r = identity.Role{Rank: wanted.Rank, CreatedAt: now, ChangedAt: now}
	if r.Name, err = identity.ParseRoleName(wanted.Name); r.Name == newRole {
		err = errReservedNew
	}
	wrong.add("name", err)
	r.Title, err = policy.ParseTitle(wanted.Title)
	wrong.add("title", err)
	wrong.add("rank", policy.CheckRank(wanted.Rank))
	r.Permissions, err = policy.ParsePermissions(wanted.Permissions)
	wrong.add("permissions", err)
	return r, wrong.of(ErrRole)
}
