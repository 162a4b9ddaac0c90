package identity

import "time"

// An InvitationID names an invitation.
type InvitationID string

// NewInvitationID makes a new id.
func NewInvitationID() InvitationID { return InvitationID(newID("inn")) }

// An InvitationState is what has become of an invitation.
type InvitationState string

// The states of an invitation.
const (
	InvitationPending  InvitationState = "pending"
	InvitationOpened   InvitationState = "opened" // somebody, or a mail scanner, has looked at the page
	InvitationAccepted InvitationState = "accepted"
	InvitationExpired  InvitationState = "expired"
	InvitationRevoked  InvitationState = "revoked" // by somebody, or overtaken by an initial password
)

// An Invitation brings one person into a tenant. Its role was chosen by whoever
// sent it and is not the invitee's to change. Its link may be replaced, itself
// stays.
type Invitation struct {
	ID        InvitationID
	User      UserID       // invited until accepted; empty once revoked
	Email     EmailAddress // empty where the link was handed over
	Role      string
	InvitedBy UserID // empty: an operator
	CreatedAt time.Time
	Accepted  time.Time // zero: not yet
	Revoked   time.Time // zero: not
	Link      Link      // the newest; zero: there is none
}
