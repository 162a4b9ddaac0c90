package store

import (
	"context"
	"time"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/problem"
)

const (
	// What an open invitation promises is what its user is by now: somebody may
	// have corrected the address or the role.
	invitationColumns = `i.id, COALESCE(i.user_id, ''), CASE WHEN ` + openInvited + ` THEN u.email ELSE i.email END,
		CASE WHEN ` + openInvited + ` THEN u.email_folded ELSE i.email_folded END, CASE WHEN ` + openInvited + ` THEN u.role ELSE i.role END, i.invited_by, i.created_at, i.accepted_at, i.revoked_at,
		COALESCE(l.id, ''), COALESCE(l.made_by, ''), COALESCE(l.created_at, 0), COALESCE(l.expires_at, 0),
		COALESCE(l.opened_at, 0), COALESCE(l.used_at, 0), COALESCE(l.revoked_at, 0)`
	openInvited     = `u.id IS NOT NULL AND i.accepted_at = 0 AND i.revoked_at = 0`
	fromInvitations = ` FROM invitations i LEFT JOIN links l ON l.tenant_id = i.tenant_id AND l.id = i.link_id
		LEFT JOIN users u ON u.tenant_id = i.tenant_id AND u.id = i.user_id WHERE i.tenant_id = $1 `

	invitationRow    = `SELECT ` + invitationColumns + fromInvitations + `AND i.id = $2`
	invitationByLink = `SELECT ` + invitationColumns + fromInvitations + `AND i.link_id = $2`
	invitationOfUser = `SELECT ` + invitationColumns + fromInvitations + `AND i.user_id = $2 AND i.accepted_at = 0 AND i.revoked_at = 0 ORDER BY i.id DESC LIMIT 1`
	listInvitations  = `SELECT ` + invitationColumns + fromInvitations + `AND i.id < $2 ORDER BY i.id DESC LIMIT $3`

	insertInvitation = `INSERT INTO invitations (tenant_id, id, user_id, email, email_folded, role, invited_by, link_id, created_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`
	relinkInvitation = `UPDATE invitations SET link_id = $3 WHERE tenant_id = $1 AND id = $2 AND accepted_at = 0 AND revoked_at = 0`
	acceptInvitation = `UPDATE invitations SET accepted_at = $3 WHERE tenant_id = $1 AND link_id = $2 AND accepted_at = 0 AND revoked_at = 0`
	// Revoking lets go of the user, who is then deleted and would take the
	// invitation along.
	revokeInvitation = `UPDATE invitations SET revoked_at = $3, user_id = NULL WHERE tenant_id = $1 AND id = $2 AND accepted_at = 0 AND revoked_at = 0`
	sweepInvitations = `DELETE FROM invitations WHERE tenant_id = $1 AND id IN (
		SELECT id FROM invitations WHERE tenant_id = $1 AND ((revoked_at > 0 AND revoked_at < $2) OR (accepted_at > 0 AND accepted_at < $2)) LIMIT $3)`
)

// Invitation finds an invitation by its id.
func (t Tenant) Invitation(ctx context.Context, id identity.InvitationID) (i identity.Invitation, err error) {
	defer problem.Wrap(&err, "invitation %s", id)
	err = t.one(ctx, invitationRow, whole(invitationPart(&i)), string(id))
	return i, err
}

// InvitationOf finds the invitation a link belongs to; a link that has been
// replaced belongs to none.
func (t Tenant) InvitationOf(ctx context.Context, link identity.LinkID) (i identity.Invitation, err error) {
	defer problem.Wrap(&err, "invitation of link %s", link)
	err = t.one(ctx, invitationByLink, whole(invitationPart(&i)), string(link))
	return i, err
}

// OpenInvitation finds the invitation a user has not accepted yet.
func (t Tenant) OpenInvitation(ctx context.Context, user identity.UserID) (i identity.Invitation, err error) {
	defer problem.Wrap(&err, "open invitation of user %s", user)
	err = t.one(ctx, invitationOfUser, whole(invitationPart(&i)), string(user))
	return i, err
}

// Invitations lists up to limit invitations made before the given one, newest
// first; "" begins with the newest.
func (t Tenant) Invitations(ctx context.Context, before identity.InvitationID, limit int) (list []identity.Invitation, err error) {
	defer problem.Wrap(&err, "invitations")
	if before == "" {
		before = "inn_~" // after every id
	}
	err = t.all(ctx, listInvitations, func(r row) error {
		var i identity.Invitation
		err := read(r, invitationPart(&i))
		list = append(list, i)
		return err
	}, string(before), limit)
	return list, err
}

// AddInvitation adds an invitation with its first link, which is there already.
func (tx *Tx) AddInvitation(ctx context.Context, i identity.Invitation) (err error) {
	defer problem.Wrap(&err, "add invitation %s", i.ID)
	_, err = tx.exec(ctx, insertInvitation, string(i.ID), string(i.User), i.Email.Typed, i.Email.Folded, i.Role,
		string(i.InvitedBy), string(i.Link.ID), micros(i.CreatedAt))
	return err
}

// RelinkInvitation gives an open invitation another link; problem.NotFound when
// it is not open any more.
func (tx *Tx) RelinkInvitation(ctx context.Context, id identity.InvitationID, link identity.LinkID) (err error) {
	defer problem.Wrap(&err, "relink invitation %s", id)
	return tx.execOne(ctx, relinkInvitation, string(id), string(link))
}

// AcceptInvitation closes the invitation a link belongs to; problem.NotFound
// when it is not open any more.
func (tx *Tx) AcceptInvitation(ctx context.Context, link identity.LinkID, now time.Time) (err error) {
	defer problem.Wrap(&err, "accept the invitation of link %s", link)
	return tx.execOne(ctx, acceptInvitation, string(link), micros(now))
}

// RevokeInvitation closes an open invitation and lets go of its user;
// problem.NotFound when it is not open any more.
func (tx *Tx) RevokeInvitation(ctx context.Context, id identity.InvitationID, now time.Time) (err error) {
	defer problem.Wrap(&err, "revoke invitation %s", id)
	return tx.execOne(ctx, revokeInvitation, string(id), micros(now))
}

// SweepInvitations deletes up to limit invitations that were accepted or
// revoked before the given time.
func (tx *Tx) SweepInvitations(ctx context.Context, before time.Time, limit int) (n int64, err error) {
	defer problem.Wrap(&err, "sweep invitations")
	return tx.exec(ctx, sweepInvitations, micros(before), limit)
}

func invitationPart(i *identity.Invitation) part {
	var made, accepted, revokedInvitation, created, expires, opened, used, revoked int64
	l := &i.Link
	return part{
		targets: []any{&i.ID, &i.User, &i.Email.Typed, &i.Email.Folded, &i.Role, &i.InvitedBy, &made, &accepted, &revokedInvitation,
			&l.ID, &l.MadeBy, &created, &expires, &opened, &used, &revoked},
		finish: func() error {
			i.CreatedAt, i.Accepted, i.Revoked = instant(made), instant(accepted), instant(revokedInvitation)
			l.User, l.Purpose = i.User, identity.InvitationLink
			l.CreatedAt, l.ExpiresAt = instant(created), instant(expires)
			l.OpenedAt, l.UsedAt, l.RevokedAt = instant(opened), instant(used), instant(revoked)
			return nil
		},
	}
}
