package identity

import (
	"encoding/hex"
	"time"
)

// LinkIDFrom is the way back from Bytes.
func LinkIDFrom(raw [16]byte) LinkID { return LinkID("lnk_" + hex.EncodeToString(raw[:])) }

// A LinkPurpose is the one thing a link is good for.
type LinkPurpose string

// The purposes.
const (
	ResetLink      LinkPurpose = "reset"      // to choose a new password
	InvitationLink LinkPurpose = "invitation" // to choose the first one
	UndoLink       LinkPurpose = "undo"       // to take back a change of address
	AddressLink    LinkPurpose = "address"    // to confirm a new address, where it was mailed to
)

// A Link is a one-time address mailed to somebody. The address itself is not
// in it: any node makes it again from tenant, purpose and id. Of one purpose a
// user has one living link at most.
type Link struct {
	ID      LinkID
	Purpose LinkPurpose
	User    UserID
	MadeBy  UserID // empty: the user itself asked, or an operator
	Data    string // what the purpose needs, such as the address to go back to; sealed at rest

	CreatedAt time.Time
	ExpiresAt time.Time // from then on it is refused
	OpenedAt  time.Time // zero: by nobody yet
	UsedAt    time.Time // zero: not yet
	RevokedAt time.Time // zero: not
}

// Alive reports whether a link may still be used.
func (l Link) Alive(now time.Time) bool {
	return l.UsedAt.IsZero() && l.RevokedAt.IsZero() && now.Before(l.ExpiresAt)
}
