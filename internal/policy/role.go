package policy

import (
	"slices"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/problem"
)

// The built-in roles, the highest first. Nobody changes them.
var builtIn = identity.Roles{
	{Name: identity.Admin, Title: "Admin", Rank: 100, Permissions: SetOf(
		UsersRead, UsersWrite, UsersDelete, UsersExport, UsersCredentials,
		InvitationsRead, InvitationsWrite, InvitationsLink,
		RolesRead, RolesWrite, AuditRead, AuditExport,
		OrganizationRead, OrganizationWrite, MailsRead)},
	{Name: identity.Manager, Title: "Manager", Rank: 50, Permissions: SetOf(
		UsersRead, UsersWrite, UsersCredentials,
		InvitationsRead, InvitationsWrite,
		RolesRead, OrganizationRead)},
	{Name: identity.Member, Title: "User", Rank: 10},
}

// ErrNoRole says that somebody is to hold a role there is not.
var ErrNoRole = problem.New(problem.Invalid, "unknown_role", "There is no such role.")

// BuiltInRoles lists the roles every tenant has, the highest first. The list
// is the caller's.
func BuiltInRoles() identity.Roles { return slices.Clone(builtIn) }

// BuiltIn is the built-in role of that name, or the zero Role.
func BuiltIn(name string) identity.Role { return builtIn.Named(name) }

// MayActOn says whether actor's rank is at least that of a user who holds
// target (G3). A role that does not exist is nobody's to touch but the
// operator's.
func MayActOn(actor identity.Actor, target identity.Role) error {
	if err := somebody(actor); err != nil || actor.Operator {
		return err
	}
	if target.Name == "" || target.Rank > actor.Role.Rank {
		return ErrDenied
	}
	return nil
}

// MayActAs says whether actor may do to a user who holds target what lets the
// actor become them: set their password, see a way in, or change the address
// their ways in are mailed to. Rank alone is not enough for that, as it is not
// for MayGive: the permissions of target are within mine as well (G3).
func MayActAs(actor identity.Actor, target identity.Role) error {
	if err := MayActOn(actor, target); err != nil || actor.Operator {
		return err
	}
	if !within(target, actor.Role) {
		return ErrDenied
	}
	return nil
}

// MayGive says whether actor may give role to somebody: its rank is at most
// mine and its permissions are within mine (G3). The operator stands above
// ranks, but nobody can give a role that does not exist (ErrNoRole).
func MayGive(actor identity.Actor, role identity.Role) error {
	if err := somebody(actor); err != nil {
		return err
	}
	switch {
	case role.Name == "":
		return ErrNoRole
	case !actor.Operator && !within(role, actor.Role):
		return ErrDenied
	}
	return nil
}

// within keeps rank and permissions apart: a tenant's own role may rank low
// and still hold something rare.
func within(given, mine identity.Role) bool {
	for one := range given.Permissions.All() {
		if !mine.Permissions.Has(one) {
			return false
		}
	}
	return given.Rank <= mine.Rank
}

// Bounds of a tenant's own roles. The built-in Admin stands above all of them.
const (
	MinRank     = 1
	MaxRank     = 99
	MaxOwnRoles = 100
)

// Why a role is not made or changed.
var (
	ErrBuiltInRole = problem.New(problem.Conflict, "builtin_role", "The roles Admin, Manager and User are the same everywhere and cannot be changed.")
	ErrHeldRole    = problem.New(problem.Conflict, "own_role", "Nobody changes a role they hold. Somebody else with enough access can.")

	errRank       = problem.New(problem.Invalid, "invalid_rank", "A rank is a number from 1 to 99.")
	errPermission = problem.New(problem.Invalid, "unknown_permission", "There is a permission in the list that does not exist.")
	errIncomplete = problem.New(problem.Invalid, "incomplete_permissions", "A permission needs another one beside it: who may change a thing may see it.")
)

// MayEditRole says whether actor may make, change or remove a role of the
// tenant's own, as it is or as it is to be: it is not the actor's, its rank is
// at most mine and its permissions are within mine (G3). Nobody changes a
// built-in one, the operator neither. Whether actor may edit roles at all is
// Allow's to say.
func MayEditRole(actor identity.Actor, role identity.Role) error {
	if err := somebody(actor); err != nil {
		return err
	}
	switch {
	case BuiltIn(role.Name).Name != "":
		return ErrBuiltInRole
	case actor.Operator:
		return nil
	case role.Name == actor.Role.Name:
		return ErrHeldRole
	case !within(role, actor.Role):
		return ErrDenied
	}
	return nil
}

// CheckRank says whether a role of a tenant's own may have a rank.
func CheckRank(rank int) error {
	if rank < MinRank || rank > MaxRank {
		return errRank
	}
	return nil
}

// ParsePermissions reads a list of permissions; each may be there once or more,
// and what one of them needs is there as well.
func ParsePermissions(names []string) (identity.Permissions, error) {
	set, err := ParseKeptPermissions(names)
	if err != nil {
		return "", err
	}
	return set, CheckComplete(set)
}

// ParseKeptPermissions reads those of a role that is somewhere already, from
// before anybody asked what one of them needs.
func ParseKeptPermissions(names []string) (identity.Permissions, error) {
	var list []Permission
	for _, name := range names {
		p := Permission(name)
		if !slices.ContainsFunc(described, func(one Described) bool { return one.Permission == p }) {
			return "", errPermission
		}
		list = append(list, p)
	}
	return SetOf(list...), nil
}
