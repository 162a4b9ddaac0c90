package policy

import (
	"fmt"
	"slices"
	"strings"

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

// Described is a permission with what it lets somebody do, in words. Where Needs
// is not empty, no role holds it without that one: who may change a thing may
// see it.
type Described struct {
	Permission Permission
	Words      string
	Needs      Permission
}

var described = []Described{
	{UsersRead, "See who belongs to the organization", ""},
	{UsersWrite, "Create, edit, deactivate and import users", UsersRead},
	{UsersDelete, "Delete users", UsersRead},
	{UsersExport, "Export the list of users", UsersRead},
	{UsersCredentials, "Reset passwords, unlock users and end their sessions", UsersRead},
	{InvitationsRead, "See invitations", ""},
	{InvitationsWrite, "Invite people", InvitationsRead},
	{InvitationsLink, "Copy the links of invitations", InvitationsRead},
	{RolesRead, "See roles", ""},
	{RolesWrite, "Create and edit roles", RolesRead},
	{AuditRead, "Read the audit trail", ""},
	{AuditExport, "Export the audit trail", AuditRead},
	{OrganizationRead, "See the settings of the organization", ""},
	{OrganizationWrite, "Change the settings of the organization", OrganizationRead},
	{MailsRead, "See which mails have been sent", ""},
}

// AllPermissions lists every permission there is, in the order of the list. It is the
// caller's.
func AllPermissions() []Described { return slices.Clone(described) }

// SetOf is a set of permissions, whatever order they come in. What is on no
// list is left out.
func SetOf(list ...Permission) identity.Permissions {
	var names []string
	for _, one := range described {
		if slices.Contains(list, one.Permission) {
			names = append(names, string(one.Permission))
		}
	}
	return identity.Permissions(strings.Join(names, " "))
}

// Complete is a set with what its permissions need beside them, as roles come in
// with a tenant's file that were made before that was asked for.
func Complete(set identity.Permissions) identity.Permissions {
	lacking := lacks(set)
	if len(lacking) == 0 {
		return set
	}
	var list []Permission
	for name := range set.All() {
		list = append(list, Permission(name))
	}
	for _, one := range lacking {
		list = append(list, one.Needs)
	}
	return SetOf(list...)
}

// lacks lists what is in a set without what it needs.
func lacks(set identity.Permissions) (list []Described) {
	for _, one := range described {
		if one.Needs != "" && set.Has(string(one.Permission)) && !set.Has(string(one.Needs)) {
			list = append(list, one)
		}
	}
	return list
}

// CheckComplete says whether a role may have a set: errIncomplete names what is
// in it without what it needs, and that.
func CheckComplete(set identity.Permissions) error {
	var said []string
	for _, one := range lacks(set) {
		said = append(said, fmt.Sprintf("“%s” needs “%s” as well (%s needs %s).", one.Words, one.Needs.Words(), one.Permission, one.Needs))
	}
	if said == nil {
		return nil
	}
	return errIncomplete.Because("%s", strings.Join(said, " "))
}

// Words are what a permission lets somebody do; "" where it is on no list.
func (p Permission) Words() string {
	for _, one := range described {
		if one.Permission == p {
			return one.Words
		}
	}
	return ""
}

// Holds reports whether a role lets its holders do what p stands for.
func Holds(r identity.Role, p Permission) bool { return r.Permissions.Has(string(p)) }

// Why something is not for the actor.
var (
	ErrSignIn    = problem.New(problem.Unauthenticated, "sign_in_required", "Sign in first.")
	ErrDenied    = problem.New(problem.Denied, "denied", "You may not do that. An administrator of your organization can give you more access.")
	ErrOperator  = problem.New(problem.Unauthenticated, "operator_token_required", "This is for programs with an operator token that is alive.")
	ErrLastAdmin = problem.New(problem.Conflict, "last_admin", "An organization keeps at least one active administrator.")
)

// Allow says whether a may do what p stands for at all: ErrSignIn when a is
// nobody, ErrDenied when a's role does not hold it. Rank comes on top, by
// MayActOn, MayActAs, MayGive and MayEditRole.
func Allow(a identity.Actor, p Permission) error {
	if err := somebody(a); err != nil {
		return err
	}
	if !a.Operator && !Holds(a.Role, p) {
		return ErrDenied
	}
	return nil
}

// somebody refuses nobody, and whoever's role is none. The operator needs none.
func somebody(a identity.Actor) error {
	switch {
	case a.Operator:
		return nil
	case !a.SignedIn():
		return ErrSignIn
	case a.Role.Name == "":
		return ErrDenied
	}
	return nil
}
