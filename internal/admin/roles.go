package admin

import (
	"context"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/store"
)

// What can be wrong with an act on a role, beside policy's problems.
var (
	ErrRole        = problem.New(problem.Invalid, "invalid_role", "Something about the role is not right.")
	ErrRoleTaken   = problem.New(problem.Conflict, "role_exists", "There is a role of that name or title already.")
	ErrRoleInUse   = problem.New(problem.Conflict, "role_in_use", "Somebody has this role.")
	ErrRoleMoved   = problem.New(problem.Conflict, "role_changed_meanwhile", "The role was changed by somebody else meanwhile. Look again, then try again.")
	ErrTooManyOwn  = problem.New(problem.Conflict, "too_many_roles", "An organization has at most 100 roles of its own.")
	errReservedNew = identity.ErrRoleName.Because("A role cannot be called “new”.")
)

// A RoleLook is a role with all there is to see about it.
type RoleLook struct {
	identity.Role
	BuiltIn bool
	Holders store.Holders
	MayEdit bool // the actor may change it, though not beyond what is theirs
}

// Roles lists the roles of a tenant, the highest first, with how many hold
// each. The error is policy's.
func (s *Service) Roles(ctx context.Context, t store.Tenant, actor identity.Actor) (list []RoleLook, err error) {
	defer problem.Wrap(&err, "roles")
	if err := policy.Allow(actor, policy.RolesRead); err != nil {
		return nil, err
	}
	roles, err := t.Roles(ctx)
	if err != nil {
		return nil, err
	}
	holders, err := t.CountHolders(ctx)
	for _, r := range roles {
		list = append(list, lookAt(actor, r, holders))
	}
	return list, err
}

// Role finds a role of a tenant. Errors are policy's and problem.NotFound.
func (s *Service) Role(ctx context.Context, t store.Tenant, actor identity.Actor, name string) (l RoleLook, err error) {
	if err := policy.Allow(actor, policy.RolesRead); err != nil {
		return l, err
	}
	r, err := t.Role(ctx, name)
	if err != nil {
		return l, err
	}
	holders, err := t.CountHolders(ctx)
	return lookAt(actor, r, holders), err
}

func lookAt(actor identity.Actor, r identity.Role, holders map[string]store.Holders) RoleLook {
	return RoleLook{Role: r, BuiltIn: policy.BuiltIn(r.Name).Name != "", Holders: holders[r.Name],
		MayEdit: policy.Allow(actor, policy.RolesWrite) == nil && policy.MayEditRole(actor, r) == nil}
}

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

// actOnRoles runs change in one transaction, behind the tenant's lock, with the
// actor and the roles as they are now. It holds on this node at once, on others
// within a second.
func (s *Service) actOnRoles(ctx context.Context, t store.Tenant, actor identity.Actor,
	change func(tx *store.Tx, actor identity.Actor, roles identity.Roles) error) error {
	if err := policy.Allow(actor, policy.RolesWrite); err != nil {
		return err // spares strangers' requests the lock
	}
	defer s.forget(t)
	return t.Tx(ctx, func(tx *store.Tx) error {
		if err := tx.Lock(ctx); err != nil {
			return err
		}
		actor, err := present(ctx, tx.Tenant, actor)
		if err != nil {
			return err
		}
		if err := policy.Allow(actor, policy.RolesWrite); err != nil {
			return err
		}
		roles, err := tx.Roles(ctx)
		if err != nil {
			return err
		}
		return change(tx, actor, roles)
	})
}

// own finds a role of the tenant's own that actor may edit; problem.NotFound
// when there is none of that name at all.
func own(actor identity.Actor, roles identity.Roles, name string) (identity.Role, error) {
	r := roles.Named(name)
	if r.Name == "" {
		return r, problem.NotFound
	}
	return r, policy.MayEditRole(actor, r)
}

// unlike refuses a name or title that another role has, or that looks like it:
// people could not tell the two apart.
func unlike(roles identity.Roles, r identity.Role, isNew bool) error {
	if policy.Resembles(r.Title).Name != "" {
		return ErrRoleTaken
	}
	for _, other := range roles {
		if other.Name == r.Name && !isNew {
			continue
		}
		if other.Name == r.Name || policy.TitleKey(other.Title) == policy.TitleKey(r.Title) {
			return ErrRoleTaken
		}
	}
	return nil
}
