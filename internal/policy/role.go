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
