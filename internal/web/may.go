package web

import "github.com/vestibule-id/vestibule/internal/policy"

// permissionWords say what each permission lets somebody do, in the order of
// the list of permissions.
var permissionWords = []struct {
	permission policy.Permission
	words      string
}{
	{policy.UsersRead, "See who belongs to the organization"},
	{policy.UsersWrite, "Create, edit, deactivate and import users"},
	{policy.UsersDelete, "Delete users"},
	{policy.UsersExport, "Export the list of users"},
	{policy.UsersCredentials, "Reset passwords, unlock users and end their sessions"},
	{policy.InvitationsRead, "See invitations"},
	{policy.InvitationsWrite, "Invite people"},
	{policy.InvitationsLink, "Copy the links of invitations"},
	{policy.RolesRead, "See roles"},
	{policy.RolesWrite, "Create and edit roles"},
	{policy.AuditRead, "Read the audit trail"},
	{policy.AuditExport, "Export the audit trail"},
	{policy.OrganizationRead, "See the settings of the organization"},
	{policy.OrganizationWrite, "Change the settings of the organization"},
	{policy.MailsRead, "See which mails have been sent"},
}

// may is what somebody of a role may do, a sentence each.
func may(role policy.Role) []string {
	list := []string{"Look after your own profile, password and sessions"}
	for _, p := range permissionWords {
		for _, held := range role.Permissions {
			if held == p.permission {
				list = append(list, p.words)
			}
		}
	}
	return list
}
