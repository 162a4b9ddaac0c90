package identity

// The kinds of events. Names follow the OWASP logging vocabulary where it has
// one; they never change, for people filter by them.
const (
	EventLoginSuccess = "authn_login_success"
	EventLoginFail    = "authn_login_fail"
	EventLoginLock    = "authn_login_lock" // a lane is full, its wait begins
	EventLoginUnlock  = "authn_login_unlock"

	EventPasswordChange     = "authn_password_change"      // by its owner
	EventPasswordChangeFail = "authn_password_change_fail" // the current one was wrong
	EventPasswordSet        = "authn_password_set"         // an initial one, by somebody else
	EventNewBrowser         = "device_trusted"             // a sign-in from a browser this user has not signed in with before
	EventTokenReuse         = "authn_token_reuse"          // an outdated refresh token came back

	EventResetRequested = "authn_password_reset_request" // a link was asked for; by nobody known, or by an administrator
	EventResetMailed    = "authn_password_reset_mail"    // a user was found behind such a wish and gets a letter
	EventResetDone      = "authn_password_reset_done"
	EventLinkShown      = "authn_token_created" // a link that can be copied; detail: purpose

	EventAddressAsked     = "email_change_request" // by its owner; nothing has changed yet
	EventAddressFail      = "email_change_fail"    // the password that was asked for was wrong
	EventAddressResent    = "email_change_resent"  // the letter to the new address
	EventAddressCancelled = "email_change_cancel"
	EventAddressConfirmed = "email_change_confirm" // by whoever has the new address
	EventAddressUndone    = "email_change_undo"    // by whoever has the former address

	EventInviteCreated  = "invite_created" // detail: role
	EventInviteResent   = "invite_resent"
	EventInviteRevoked  = "invite_revoked"
	EventInviteAccepted = "invite_accepted" // detail: role

	EventSessionLogout     = "session_logout"
	EventSessionTerminated = "session_terminated" // by somebody else, or from another session

	EventUserCreated        = "user_created"
	EventUserUpdated        = "user_updated" // detail: fields
	EventUserDisabled       = "user_disabled"
	EventUserEnabled        = "user_enabled"
	EventUserDeleted        = "user_deleted"
	EventPermissionsChanged = "privilege_permissions_changed" // detail: from, to

	EventRoleCreated = "role_created" // detail: role, title, rank, permissions
	EventRoleChanged = "role_changed" // detail: role, and from what to what
	EventRoleDeleted = "role_deleted" // detail: role

	EventImportDone = "import_done"
	EventDataExport = "data_export"

	EventTenantCreated         = "tenant_created"
	EventTenantSuspended       = "tenant_suspended"
	EventTenantResumed         = "tenant_resumed"
	EventTenantDismissed       = "tenant_dismissed"        // a program asked for its deletion; among the operator's own; detail: slug, tenant, token
	EventTenantExported        = "tenant_exported"         // to a file; detail: users, events, head
	EventTenantImported        = "tenant_imported"         // from a file; detail: slug, tenant and head there, users
	EventTenantDeleted         = "tenant_deleted"          // among the operator's own; detail: slug, tenant
	EventTenantSettingsChanged = "tenant_settings_changed" // detail: KEY.from, KEY.to

	EventOperatorTokenCreated = "operator_token_created" // detail: token, name
	EventOperatorTokenRevoked = "operator_token_revoked" // detail: token
	EventOperatorTokenRefused = "operator_token_refused" // was none, or is over; detail: token

	EventKeyCreated = "key_created" // detail: kid, active_from
	EventKeyRevoked = "key_revoked" // detail: kid
	EventKeyRetired = "key_retired" // detail: kid; no token it signed is alive

	EventMailFailed = "mail_failed" // result: mail_failed, mail_expired or mail_bounced; detail: mail, letter

	EventBackupDone  = "backup_done"
	EventRestoreDone = "restore_done"

	EventAuditExported = "audit_exported" // detail: format, events, and what was asked for
	EventPersonErased  = "audit_person_erased"

	EventStartup  = "sys_startup"
	EventShutdown = "sys_shutdown"
)

// EventOK is the result of an event that tells of something done; every other
// result is the code of a problem.
const EventOK = "ok"
