package store

import (
	"context"
	"strconv"
	"time"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/secret"
)

const (
	linkColumns = `id, purpose, user_id, made_by, data, created_at, expires_at, opened_at, used_at, revoked_at`

	// A link is bound to the address and the password its user had when it was
	// made. One that takes back a change of address is not: whoever stole the
	// account would only have to change something once more.
	bound = `EXISTS (SELECT 1 FROM users b WHERE b.tenant_id = $1 AND b.id = links.user_id
		AND (links.purpose = 'undo' OR (b.email_folded = links.address AND b.credential = links.credential)))`

	linkRow  = `SELECT ` + linkColumns + ` FROM links WHERE tenant_id = $1 AND id = $2 AND hash = $3 AND purpose = $4 AND ` + bound
	liveLink = `SELECT ` + linkColumns + ` FROM links WHERE tenant_id = $1 AND user_id = $2 AND purpose = $3
		AND used_at = 0 AND revoked_at = 0 AND expires_at > $4 AND ` + bound

	insertLink = `INSERT INTO links (tenant_id, id, purpose, user_id, hash, made_by, data, created_at, expires_at, address, credential)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, COALESCE(NULLIF($10, ''), (SELECT email_folded FROM users WHERE tenant_id = $1 AND id = $4)),
			(SELECT credential FROM users WHERE tenant_id = $1 AND id = $4))`
	// useLink is the statement that spends a link: it checks every fact it acts
	// on, so whoever comes second, or too late, or after the user or the tenant
	// has been shut out, finds nothing. No sweeper is needed for any of them.
	useLink = `UPDATE links SET used_at = $5 WHERE tenant_id = $1 AND id = $2 AND hash = $3 AND purpose = $4
		AND used_at = 0 AND revoked_at = 0 AND expires_at > $5 AND ` + bound + `
		AND EXISTS (SELECT 1 FROM users u WHERE u.tenant_id = $1 AND u.id = links.user_id AND u.status = $6)
		AND EXISTS (SELECT 1 FROM tenants t WHERE t.tenant_id = $1 AND t.status = 'active')
		RETURNING ` + linkColumns
	openLink    = `UPDATE links SET opened_at = $3 WHERE tenant_id = $1 AND id = $2 AND opened_at = 0 AND used_at = 0 AND revoked_at = 0 AND expires_at > $3`
	revokeLink  = `UPDATE links SET revoked_at = $4 WHERE tenant_id = $1 AND user_id = $2 AND purpose = $3 AND used_at = 0 AND revoked_at = 0`
	endLinks    = `UPDATE links SET revoked_at = $3 WHERE tenant_id = $1 AND user_id = $2 AND purpose <> 'undo' AND used_at = 0 AND revoked_at = 0`
	endAllLinks = `UPDATE links SET revoked_at = $2 WHERE tenant_id = $1 AND used_at = 0 AND revoked_at = 0`
	sweepLinks  = `DELETE FROM links WHERE tenant_id = $1 AND id IN (SELECT l.id FROM links l WHERE l.tenant_id = $1 AND l.expires_at < $2
		AND NOT EXISTS (SELECT 1 FROM invitations i WHERE i.tenant_id = $1 AND i.link_id = l.id) LIMIT $3)`

	hold     = `UPDATE users SET status = status WHERE tenant_id = $1 AND id = $2 AND ` + visible
	holdUser = hold + ` AND status = $3`
	// choosePassword is what a spent link allows: whoever was shut out or got
	// another password in the same moment has lost.
	choosePassword = `UPDATE users SET password = $5, password_kind = $6, must_change = 0, initial_until = 0, credential = credential + 1, status = 'active'
		WHERE tenant_id = $1 AND id = $2 AND status = $3 AND credential = $4
		AND EXISTS (SELECT 1 FROM tenants t WHERE t.tenant_id = $1 AND t.status = 'active')`
	renameUser  = `UPDATE users SET name = $3, name_folded = $4 WHERE tenant_id = $1 AND id = $2`
	limitHanded = `UPDATE users SET initial_until = $3 WHERE tenant_id = $1 AND id = $2 AND must_change <> 0`
)

// FindLink reads the link behind a token; problem.NotFound when there is none
// of that purpose. Whether it lives, the caller sees.
func (t Tenant) FindLink(ctx context.Context, purpose identity.LinkPurpose, id identity.LinkID) (l identity.Link, err error) {
	defer problem.Wrap(&err, "link %s", id)
	err = t.one(ctx, linkRow, whole(t.linkPart(&l)), string(id), t.linkHash(purpose, id), string(purpose))
	return l, err
}

// LivingLink is the user's living link of a purpose; problem.NotFound when it
// has none.
func (t Tenant) LivingLink(ctx context.Context, user identity.UserID, purpose identity.LinkPurpose, now time.Time) (l identity.Link, err error) {
	defer problem.Wrap(&err, "living link of %s", user)
	err = t.one(ctx, liveLink, whole(t.linkPart(&l)), string(user), string(purpose), micros(now))
	return l, err
}

// EnsureLink answers with the user's living link of the purpose or, where it
// has none, adds l. Take Hold or HoldUser first, so that two do not add one each.
func (tx *Tx) EnsureLink(ctx context.Context, l identity.Link) (live identity.Link, err error) {
	defer problem.Wrap(&err, "ensure a link of %s", l.User)
	err = tx.all(ctx, liveLink, whole(tx.linkPart(&live)), string(l.User), string(l.Purpose), micros(l.CreatedAt))
	if err != nil || live.ID != "" {
		return live, err
	}
	return l, tx.ReplaceLink(ctx, l)
}

// ReplaceLink adds a link; the user's former one of the purpose is over. While
// one lives that takes back a change of address, that address, in its Data, is
// nobody else's.
func (tx *Tx) ReplaceLink(ctx context.Context, l identity.Link) (err error) {
	defer problem.Wrap(&err, "add a link of %s", l.User)
	if _, err := tx.exec(ctx, revokeLink, string(l.User), string(l.Purpose), micros(l.CreatedAt)); err != nil {
		return err
	}
	data := []byte{}
	if l.Data != "" {
		data = tx.store.keys.Seal(sealedLink, []string{string(tx.id), string(l.ID)}, []byte(l.Data))
	}
	var back identity.EmailAddress
	if l.Purpose == identity.UndoLink {
		back, _ = identity.ParseEmail(l.Data) // '' for none
	}
	_, err = tx.exec(ctx, insertLink, string(l.ID), string(l.Purpose), string(l.User), tx.linkHash(l.Purpose, l.ID),
		string(l.MadeBy), data, micros(l.CreatedAt), micros(l.ExpiresAt), back.Folded)
	return err
}

// UseLink spends a link, once for all, and says whose it is: provided it is of
// the purpose and alive, its user has the status and its tenant is active;
// else problem.NotFound.
func (tx *Tx) UseLink(ctx context.Context, purpose identity.LinkPurpose, id identity.LinkID, status identity.UserStatus, now time.Time) (l identity.Link, err error) {
	defer problem.Wrap(&err, "use link %s", id)
	err = tx.one(ctx, useLink, whole(tx.linkPart(&l)), string(id), tx.linkHash(purpose, id), string(purpose), micros(now), string(status))
	return l, err
}

// OpenLink notes that somebody has looked where a living link leads. It spends
// nothing.
func (tx *Tx) OpenLink(ctx context.Context, id identity.LinkID, now time.Time) (err error) {
	defer problem.Wrap(&err, "open link %s", id)
	_, err = tx.exec(ctx, openLink, string(id), micros(now))
	return err
}

// EndLinks makes the links of a user invalid, but for one that takes back a
// change of address: else a thief could get rid of it by a new password.
func (tx *Tx) EndLinks(ctx context.Context, user identity.UserID, now time.Time) (err error) {
	defer problem.Wrap(&err, "end links of %s", user)
	_, err = tx.exec(ctx, endLinks, string(user), micros(now))
	return err
}

// EndAllLinks makes every link of the tenant invalid.
func (tx *Tx) EndAllLinks(ctx context.Context, now time.Time) (err error) {
	defer problem.Wrap(&err, "end all links")
	_, err = tx.exec(ctx, endAllLinks, micros(now))
	return err
}

// EndLink makes a user's living link of one purpose invalid.
func (tx *Tx) EndLink(ctx context.Context, user identity.UserID, purpose identity.LinkPurpose, now time.Time) (err error) {
	defer problem.Wrap(&err, "end a link of %s", user)
	_, err = tx.exec(ctx, revokeLink, string(user), string(purpose), micros(now))
	return err
}

// SweepLinks deletes up to limit links that were over at the given time and
// that no invitation tells of.
func (tx *Tx) SweepLinks(ctx context.Context, before time.Time, limit int) (n int64, err error) {
	defer problem.Wrap(&err, "sweep links")
	return tx.exec(ctx, sweepLinks, micros(before), limit)
}

// Hold makes every other transaction that changes this user wait for the end
// of this one; problem.NotFound when there is no such user. Whoever reads a user
// and writes what was read takes it before the reading, and after the tenant's
// Lock where both are needed: else two wait for each other.
func (tx *Tx) Hold(ctx context.Context, id identity.UserID) (err error) {
	defer problem.Wrap(&err, "hold user %s", id)
	return tx.execOne(ctx, hold, string(id))
}

// HoldUser is Hold of a user who has a status; problem.NotFound when there is
// no such user with it.
func (tx *Tx) HoldUser(ctx context.Context, id identity.UserID, status identity.UserStatus) (err error) {
	defer problem.Wrap(&err, "hold user %s", id)
	return tx.execOne(ctx, holdUser, string(id), string(status))
}

// ChoosePassword gives a user the password of its own choice, provided it
// still has the status and the credential version and its tenant is active;
// else problem.NotFound. An invited user becomes active. It does not end
// sessions.
func (tx *Tx) ChoosePassword(ctx context.Context, id identity.UserID, status identity.UserStatus, credential int64, hash secret.Hash) (err error) {
	defer problem.Wrap(&err, "choose password of user %s", id)
	sealed, kind := tx.sealHash(id, hash)
	return tx.execOne(ctx, choosePassword, string(id), string(status), credential, sealed, kind)
}

// Rename changes what a user is called.
func (tx *Tx) Rename(ctx context.Context, id identity.UserID, name string) (err error) {
	defer problem.Wrap(&err, "rename user %s", id)
	return tx.execOne(ctx, renameUser, string(id), name, identity.FoldSearch(name))
}

// LimitInitial lets a user's initial password end at a time unless somebody
// signs in with it before.
func (tx *Tx) LimitInitial(ctx context.Context, id identity.UserID, until time.Time) (err error) {
	defer problem.Wrap(&err, "limit initial password of user %s", id)
	return tx.execOne(ctx, limitHanded, string(id), micros(until))
}

// ReserveLetter counts a letter for a user with a link of a purpose, at most
// policy.LettersAnHour in any hour; ok is false when there have been as many.
// Each has a lane of its own, which waits for an hour from when it was taken.
func (tx *Tx) ReserveLetter(ctx context.Context, user identity.UserID, purpose identity.LinkPurpose, now time.Time) (ok bool, err error) {
	defer problem.Wrap(&err, "reserve a letter to %s", user)
	until, err := tx.reserveHourly(ctx, tx.store.keys.LaneSubject(tx.id, "letters", string(purpose)+" "+string(user)), policy.LettersAnHour, now)
	return err == nil && until.IsZero(), err
}

// ReserveCaused counts a letter to a folded address that somebody else asks
// for, at most policy.CausedAnHour in any hour. Where there have been as many,
// it counts nothing and says when the next one may go; else until is zero.
func (tx *Tx) ReserveCaused(ctx context.Context, address string, now time.Time) (until time.Time, err error) {
	defer problem.Wrap(&err, "reserve a letter somebody asks for")
	return tx.reserveHourly(ctx, tx.store.keys.LaneSubject(tx.id, "caused letters", address), policy.CausedAnHour, now)
}

// reserveHourly takes one of as many lanes, each of which waits for an hour
// from when it is taken; until is when the first of them is free again, zero
// where one was.
func (tx *Tx) reserveHourly(ctx context.Context, subject string, most int, now time.Time) (until time.Time, err error) {
	for n := range most {
		lane := Lane{Lane: policy.Lane{Limit: 1, Wait: time.Hour, MaxWait: time.Hour}, Subject: subject, Key: "letter " + strconv.Itoa(n)}
		_, refused, err := tx.countTries(ctx, []Lane{lane}, now)
		if err != nil || len(refused) == 0 {
			return time.Time{}, err
		}
		var free int64
		if err := tx.one(ctx, laneUntil, into(&free), lane.Subject, lane.Key); err != nil {
			return time.Time{}, err
		}
		if at := instant(free); until.IsZero() || at.Before(until) {
			until = at
		}
	}
	return until, nil
}

const sealedLink = "link data"

func (t Tenant) linkHash(purpose identity.LinkPurpose, id identity.LinkID) string {
	return secret.LinkHash(t.store.keys.LinkToken(purpose, t.id, id))
}

func (t Tenant) linkPart(l *identity.Link) part {
	var data []byte
	var created, expires, opened, used, revoked int64
	return part{
		targets: []any{&l.ID, &l.Purpose, &l.User, &l.MadeBy, &data, &created, &expires, &opened, &used, &revoked},
		finish: func() error {
			l.CreatedAt, l.ExpiresAt = instant(created), instant(expires)
			l.OpenedAt, l.UsedAt, l.RevokedAt = instant(opened), instant(used), instant(revoked)
			if len(data) == 0 {
				return nil
			}
			plain, err := t.store.keys.Open(sealedLink, []string{string(t.id), string(l.ID)}, data)
			l.Data = string(plain)
			return err
		},
	}
}
