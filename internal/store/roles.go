package store

import (
	"context"
	"errors"
	"slices"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/problem"
)

const (
	roleColumns = `name, title, rank, permissions, created_at, changed_at`

	roleByName = `SELECT ` + roleColumns + ` FROM roles WHERE tenant_id = $1 AND name = $2`
	listRoles  = `SELECT ` + roleColumns + ` FROM roles WHERE tenant_id = $1 ORDER BY rank DESC, name`

	insertRole = `INSERT INTO roles (tenant_id, ` + roleColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7)`
	updateRole = `UPDATE roles SET title = $3, rank = $4, permissions = $5, changed_at = $6 WHERE tenant_id = $1 AND name = $2`
	deleteRole = `DELETE FROM roles WHERE tenant_id = $1 AND name = $2`

	countHolders = `SELECT role, COUNT(CASE WHEN status <> 'invited' THEN 1 END), COUNT(CASE WHEN status = 'invited' THEN 1 END)
		FROM users WHERE tenant_id = $1 AND ` + visible + ` GROUP BY role`
)

// Role finds a role by its name, a built-in one or the tenant's own;
// problem.NotFound when there is none. A built-in one is not asked for.
func (t Tenant) Role(ctx context.Context, name string) (r identity.Role, err error) {
	if r = policy.BuiltIn(name); r.Name != "" {
		return r, nil
	}
	defer problem.Wrap(&err, "role")
	if _, err := identity.ParseRoleName(name); err != nil {
		return r, problem.NotFound // whatever it is, no database need see it
	}
	err = t.one(ctx, roleByName, whole(rolePart(&r)), name)
	return r, err
}

// HeldRole is Role for whoever holds one: where it is gone it is the zero
// Role, which allows nothing.
func (t Tenant) HeldRole(ctx context.Context, name string) (identity.Role, error) {
	r, err := t.Role(ctx, name)
	if errors.Is(err, problem.NotFound) {
		return identity.Role{}, nil
	}
	return r, err
}

// Roles lists the built-in roles and the tenant's own, the highest first.
func (t Tenant) Roles(ctx context.Context) (list identity.Roles, err error) {
	defer problem.Wrap(&err, "roles")
	list = policy.BuiltInRoles()
	err = t.all(ctx, listRoles, func(r row) error {
		var one identity.Role
		err := read(r, rolePart(&one))
		list = append(list, one)
		return err
	})
	slices.SortStableFunc(list, func(a, b identity.Role) int { return b.Rank - a.Rank })
	return list, err
}

// Holders says how many hold a role: users, and people who are invited to it.
type Holders struct{ Users, Invited int64 }

// CountHolders counts by the names of roles; a role that nobody holds is not
// in it.
func (t Tenant) CountHolders(ctx context.Context) (by map[string]Holders, err error) {
	defer problem.Wrap(&err, "count who holds roles")
	by = map[string]Holders{}
	err = t.all(ctx, countHolders, func(r row) error {
		var name string
		var n Holders
		err := r.Scan(&name, &n.Users, &n.Invited)
		by[name] = n
		return err
	})
	return by, err
}

// AddRole adds a role of the tenant's own; problem.Exists says that its name is
// taken.
func (tx *Tx) AddRole(ctx context.Context, r identity.Role) (err error) {
	defer problem.Wrap(&err, "add role %s", r.Name)
	_, err = tx.exec(ctx, insertRole, r.Name, r.Title, r.Rank, string(r.Permissions), micros(r.CreatedAt), micros(r.ChangedAt))
	return err
}

// SetRole changes all of a role but its name; problem.NotFound when it is not
// one of the tenant's own.
func (tx *Tx) SetRole(ctx context.Context, r identity.Role) (err error) {
	defer problem.Wrap(&err, "set role %s", r.Name)
	return tx.execOne(ctx, updateRole, r.Name, r.Title, r.Rank, string(r.Permissions), micros(r.ChangedAt))
}

// DeleteRole removes a role of the tenant's own, which nobody may hold: take
// the tenant's Lock and ask before.
func (tx *Tx) DeleteRole(ctx context.Context, name string) (err error) {
	defer problem.Wrap(&err, "delete role %s", name)
	return tx.execOne(ctx, deleteRole, name)
}

func rolePart(r *identity.Role) part {
	var created, changed int64
	return part{
		targets: []any{&r.Name, &r.Title, &r.Rank, &r.Permissions, &created, &changed},
		finish: func() error {
			r.CreatedAt, r.ChangedAt = instant(created), instant(changed)
			return nil
		},
	}
}
