package web

import (
	"strings"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/policy"
)

// eventWords say what an event tells, for those who do not know its code. The
// code stays beside it, for people filter by it.
var eventWords = map[string]string{
	identity.EventLoginSuccess:          "Signed in",
	identity.EventLoginFail:             "Sign-in failed",
	identity.EventLoginLock:             "Too many failed sign-ins: a wait began",
	identity.EventLoginUnlock:           "Wait after failed sign-ins ended",
	identity.EventPasswordChange:        "Changed the own password",
	identity.EventPasswordChangeFail:    "Own password not changed: the current one was wrong",
	identity.EventPasswordSet:           "Initial password given",
	identity.EventNewBrowser:            "Signed in from a new device",
	identity.EventTokenReuse:            "Session ended: a copy of its token was used",
	identity.EventResetRequested:        "Link to a new password asked for",
	identity.EventResetMailed:           "Link to a new password mailed",
	identity.EventResetDone:             "Password reset by a link",
	identity.EventLinkShown:             "Link shown, to be handed over",
	identity.EventAddressAsked:          "Another address of one's own asked for",
	identity.EventAddressFail:           "Another address not asked for: the password was wrong",
	identity.EventAddressResent:         "Letter to the new address sent again",
	identity.EventAddressCancelled:      "Change of address dropped",
	identity.EventAddressConfirmed:      "New address confirmed",
	identity.EventAddressUndone:         "Change of address taken back",
	identity.EventInviteCreated:         "Invited",
	identity.EventInviteResent:          "Invitation sent again",
	identity.EventInviteRevoked:         "Invitation revoked",
	identity.EventInviteAccepted:        "Invitation accepted",
	identity.EventSessionLogout:         "Signed out",
	identity.EventSessionTerminated:     "Session ended by somebody",
	identity.EventUserCreated:           "User created",
	identity.EventUserUpdated:           "User changed",
	identity.EventUserDisabled:          "User deactivated",
	identity.EventUserEnabled:           "User reactivated",
	identity.EventUserDeleted:           "User deleted",
	identity.EventPermissionsChanged:    "Given another role",
	identity.EventRoleCreated:           "Role made",
	identity.EventRoleChanged:           "Role changed",
	identity.EventRoleDeleted:           "Role deleted",
	identity.EventImportDone:            "Users imported",
	identity.EventDataExport:            "Users exported",
	identity.EventTenantCreated:         "Organization created",
	identity.EventTenantSuspended:       "Organization suspended",
	identity.EventTenantResumed:         "Organization resumed",
	identity.EventTenantSettingsChanged: "Settings of the organization changed",
	identity.EventMailFailed:            "Letter not delivered",
	identity.EventAuditExported:         "Audit trail exported",
	identity.EventPersonErased:          "Person erased from the audit trail",
}

// whatHappened is what a kind of event tells. A kind without words of its own
// is read as it is written: “role_created” is “Role created”.
func whatHappened(kind string) string {
	if words := eventWords[kind]; words != "" {
		return words
	}
	words := strings.ReplaceAll(kind, "_", " ")
	if words == "" {
		return ""
	}
	return strings.ToUpper(words[:1]) + words[1:]
}

// resultWords say what became of it, where it is not the whole event already.
var resultWords = map[string]string{
	policy.ErrRefused.Code: "refused",
	policy.ErrWait.Code:    "had to wait",
	policy.ErrDenied.Code:  "not allowed",
}

// howItWent is a result in words; the code of a problem that has none.
func howItWent(result string) string {
	if words := resultWords[result]; words != "" {
		return words
	}
	return strings.ReplaceAll(result, "_", " ")
}

// An ownEvent is a line of the recent events of a user.
type ownEvent struct{ identity.Event }

// What is what the event tells.
func (e ownEvent) What() string { return whatHappened(e.Kind) }

// Went is how it went; "" where it went well.
func (e ownEvent) Went() string {
	if e.Result == identity.EventOK {
		return ""
	}
	return howItWent(e.Result)
}

// From is where it came from.
func (e ownEvent) From() string {
	if e.Peer.Address != "" {
		return "from " + e.Peer.Address
	}
	if e.Detail["by"] == "operator" {
		return "by the operator"
	}
	return "by the product itself"
}

// What is what the event tells, Went how it went.
func (l trailLine) What() string { return whatHappened(l.Kind) }

// Went is how it went.
func (l trailLine) Went() string { return howItWent(l.Result) }
