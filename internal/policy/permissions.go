package policy

import (
	"slices"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/problem"
)

// A Permission is something a role lets its holders do. This list is the whole
// permission model of the product.
type Permission string

// The permissions.
const (
	UsersRead         Permission = "users.read"
	UsersWrite        Permission = "users.write" // create, edit, deactivate, import
	UsersDelete       Permission = "users.delete"
	UsersExport       Permission = "users.export"
	UsersCredentials  Permission = "users.credentials" // reset link, initial password, unlock, end sessions
	InvitationsRead   Permission = "invitations.read"
	InvitationsWrite  Permission = "invitations.write"
	InvitationsLink   Permission = "invitations.link" // see the link itself
	RolesRead         Permission = "roles.read"
	RolesWrite        Permission = "roles.write"
	AuditRead         Permission = "audit.read"
	AuditExport       Permission = "audit.export"
	OrganizationRead  Permission = "organization.read"
	OrganizationWrite Permission = "organization.write"
	MailsRead         Permission = "mails.read"
)

// A Role is a ranked set of permissions.
type Role struct {
	Name        string
	Rank        int
	Permissions []Permission
}

var builtIn = []Role{
	{Name: identity.Admin, Rank: 100, Permissions: []Permission{
		UsersRead, UsersWrite, UsersDelete, UsersExport, UsersCredentials,
		InvitationsRead, InvitationsWrite, InvitationsLink,
		RolesRead, RolesWrite, AuditRead, AuditExport,
		OrganizationRead, OrganizationWrite, MailsRead,
	}},
	{Name: identity.Manager, Rank: 50, Permissions: []Permission{
		UsersRead, UsersWrite, UsersCredentials,
		InvitationsRead, InvitationsWrite,
		RolesRead, OrganizationRead,
	}},
	{Name: identity.Member, Rank: 10},
}

// Why something is not for the actor.
var (
	ErrSignIn    = problem.New(problem.Unauthenticated, "sign_in_required", "Sign in first.")
	ErrDenied    = problem.New(problem.Denied, "denied", "You may not do that. An administrator of your organization can give you more access.")
	ErrOperator  = problem.New(problem.Unauthenticated, "operator_token_required", "This is for programs with an operator token that is alive.")
	ErrNoRole    = problem.New(problem.Invalid, "unknown_role", "There is no such role.")
	ErrLastAdmin = problem.New(problem.Conflict, "last_admin", "A tenant keeps at least one active administrator.")
)

// Roles lists the built-in roles, the highest first. The list is the caller's.
func Roles() []Role {
	roles := slices.Clone(builtIn)
	for i := range roles {
		roles[i].Permissions = slices.Clone(roles[i].Permissions)
	}
	return roles
}

// RoleOf finds a role by its name.
func RoleOf(name string) (Role, bool) {
	role, ok := find(name)
	role.Permissions = slices.Clone(role.Permissions)
	return role, ok
}

// find is RoleOf for this file, which changes nothing in what it finds.
func find(name string) (Role, bool) {
	i := slices.IndexFunc(builtIn, func(r Role) bool { return r.Name == name })
	if i < 0 {
		return Role{}, false
	}
	return builtIn[i], true
}

// Allow says whether a may do what p stands for at all: ErrSignIn when a is
// nobody, ErrDenied when a's role does not hold it. Rank comes on top, by
// MayActOn and MayGive.
func Allow(a identity.Actor, p Permission) error {
	role, err := roleBehind(a)
	if err != nil {
		return err
	}
	if !a.Operator && !slices.Contains(role.Permissions, p) {
		return ErrDenied
	}
	return nil
}

// MayActOn says whether actor's rank is at least that of a user who holds
// targetRole (G3). A role that does not exist is nobody's to touch but the
// operator's.
func MayActOn(actor identity.Actor, targetRole string) error {
	mine, err := roleBehind(actor)
	if err != nil || actor.Operator {
		return err
	}
	if target, ok := find(targetRole); !ok || target.Rank > mine.Rank {
		return ErrDenied
	}
	return nil
}

// MayGive says whether actor may give role to somebody: its rank is at most
// mine and its permissions are within mine (G3). The operator stands above
// ranks, but nobody can give a role that does not exist (ErrNoRole).
func MayGive(actor identity.Actor, role string) error {
	mine, err := roleBehind(actor)
	if err != nil {
		return err
	}
	given, ok := find(role)
	switch {
	case !ok:
		return ErrNoRole
	case !actor.Operator && !within(given, mine):
		return ErrDenied
	}
	return nil
}

// within keeps rank and permissions apart: a tenant's own role may rank low
// and still hold something rare.
func within(given, mine Role) bool {
	missing := func(p Permission) bool { return !slices.Contains(mine.Permissions, p) }
	return given.Rank <= mine.Rank && !slices.ContainsFunc(given.Permissions, missing)
}

// roleBehind is the role behind an actor; the operator needs none.
func roleBehind(a identity.Actor) (Role, error) {
	if a.Operator {
		return Role{}, nil
	}
	if !a.SignedIn() {
		return Role{}, ErrSignIn
	}
	role, ok := find(a.Role)
	if !ok {
		return Role{}, ErrDenied
	}
	return role, nil
}
