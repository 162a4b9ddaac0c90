package policy

import (
	"net/url"
	"time"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/problem"
)

// What a link, or a password from a program, is answered with.
var (
	// ErrLink covers expired, used, replaced, cut and made-up links alike.
	ErrLink = problem.New(problem.Gone, "link_invalid", "This link has expired, has been used already, or is not complete.")
	// ErrWebOnly is the answer to programs where the tenant has not opened it to them (Q6).
	ErrWebOnly = problem.New(problem.Denied, "password_changes_web_only", "Passwords of this organization are changed in the web pages only.")
)

// How long what no tenant chooses is good for.
const (
	InitialPasswordTTL = 7 * 24 * time.Hour // of one we generated, if unused
	undoTTL            = 72 * time.Hour
	addressTTL         = time.Hour
)

// LettersAnHour is how many letters with a link of one purpose are sent for a
// user in an hour, whoever asks: strangers can annoy, not flood.
const LettersAnHour = 3

// CausedAnHour is how many letters an address gets in an hour because somebody
// else of its tenant asks for them: an invitation, and five times again.
const CausedAnHour = 6

// ErrLetters refuses to write to somebody once more.
var ErrLetters = problem.New(problem.TooMany, "too_many_letters", "Enough letters have been sent about this for now.")

// Asking is the lane of one source that asks for reset links, whoever's.
func Asking() Lane {
	return Lane{Name: "asking", Limit: 20, Wait: time.Hour, MaxWait: time.Hour}
}

// LinkTTL is how long a link of a purpose is good for, by the effective policy.
func LinkTTL(p identity.Policy, purpose identity.LinkPurpose) time.Duration {
	switch purpose {
	case identity.ResetLink:
		return time.Duration(p.ResetLinkTTL)
	case identity.InvitationLink:
		return time.Duration(p.InvitationTTL)
	case identity.AddressLink:
		return addressTTL
	}
	return undoTTL
}

// LinkAddress is the address that is mailed. public is the public address,
// without a trailing slash; nothing of a request ever gets into it.
func LinkAddress(public string, purpose identity.LinkPurpose, token string) string {
	paths := map[identity.LinkPurpose]string{
		identity.ResetLink: "/reset-password", identity.InvitationLink: "/invitation", identity.UndoLink: "/undo-address",
		identity.AddressLink: "/confirm-address",
	}
	return public + paths[purpose] + "?" + url.Values{"token": {token}}.Encode()
}

// MayReset reports whether a user gets a reset link by mail: it and its tenant
// are active, and there is a registered address.
func MayReset(t identity.Tenant, u identity.User) bool {
	return t.Status == identity.TenantActive && u.Status == identity.Active && u.Email.Folded != ""
}

// InvitationStateAt is what has become of an invitation.
func InvitationStateAt(i identity.Invitation, now time.Time) identity.InvitationState {
	switch {
	case !i.Accepted.IsZero():
		return identity.InvitationAccepted
	case !i.Revoked.IsZero() || i.Link.ID == "" || !i.Link.RevokedAt.IsZero():
		return identity.InvitationRevoked
	case !now.Before(i.Link.ExpiresAt):
		return identity.InvitationExpired
	case !i.Link.OpenedAt.IsZero():
		return identity.InvitationOpened
	}
	return identity.InvitationPending
}

// AcceptableFrom says whether an invitation still counts, from who sent it and
// the role they hold now (G3): the operator stands above ranks; anybody else
// must be active and may give the role as if it were given now.
func AcceptableFrom(inviter identity.User, mine, given identity.Role) bool {
	return inviter.Status == identity.Active && MayGive(identity.Actor{User: inviter.ID, Role: mine}, given) == nil
}
