package store

import (
	"context"
	"time"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/problem"
)

const (
	sessionColumns = `s.id, s.user_id, s.kind, s.generation, s.signed_in_at, s.interacted_at, s.idle_end, s.absolute_end, s.credential, s.address, s.user_agent, s.previous_sign_in_at`
	whoseColumns   = `u.id, u.email, u.email_folded, u.extension, u.name, u.role, u.status, u.must_change, u.password_kind, u.credential, u.last_sign_in_at, u.created_at, u.mail_trouble, u.mail_answer, u.mail_trouble_at, u.language, u.time_zone`

	// heldColumns are those of a role of the tenant's own, if it is one.
	heldColumns = `COALESCE(r.name, ''), COALESCE(r.title, ''), COALESCE(r.rank, 0), COALESCE(r.permissions, ''), COALESCE(r.created_at, 0), COALESCE(r.changed_at, 0)`

	// A session is alive when it has not ended, by anybody or by time, and its
	// user and tenant may still sign in.
	liveSession = `SELECT ` + sessionColumns + `, ` + whoseColumns + `, t.tenant_id, t.slug, t.name, t.style, t.status, t.policy, t.created_at, ` + heldColumns + `
		FROM sessions s
		JOIN users u ON u.tenant_id = s.tenant_id AND u.id = s.user_id
		JOIN tenants t ON t.tenant_id = s.tenant_id
		LEFT JOIN roles r ON r.tenant_id = s.tenant_id AND r.name = u.role
		WHERE s.tenant_id = $1 AND s.id = $2 AND s.ended_at = 0 AND s.idle_end > $3 AND s.absolute_end > $3
			AND u.status = 'active' AND u.credential = s.credential AND t.status = 'active'`
	listSessions = `SELECT ` + sessionColumns + ` FROM sessions s
		WHERE s.tenant_id = $1 AND s.user_id = $2 AND s.ended_at = 0 AND s.idle_end > $3 AND s.absolute_end > $3 ORDER BY s.id DESC`

	insertSession = `INSERT INTO sessions (tenant_id, id, user_id, kind, rotated_at, signed_in_at, interacted_at, idle_end, absolute_end, credential, address, user_agent, previous_sign_in_at)
		VALUES ($1, $2, $3, $4, $5, $5, $5, $6, $7, $8, $9, $10, $11)`
	sessionOwner = `SELECT user_id FROM sessions WHERE tenant_id = $1 AND id = $2 AND kind = 'browser'`

	// refresh moves a session to the generation after $3, the presented one,
	// or answers the newest again: to whoever asks with the one before it, and
	// within the grace time ($6: not before) with the one before that. $5 is
	// the new idle end, 0 for a renewal without a person; $7 and $8 hold the
	// session to the tenant's present times, however long it was promised.
	refresh = `UPDATE sessions SET
			generation = CASE WHEN generation = $3 THEN generation + 1 ELSE generation END,
			rotated_at = CASE WHEN generation = $3 THEN CAST($4 AS BIGINT) ELSE rotated_at END,
			interacted_at = CASE WHEN CAST($5 AS BIGINT) > 0 THEN CAST($4 AS BIGINT) ELSE interacted_at END,
			idle_end = CASE WHEN CAST($5 AS BIGINT) > 0 THEN CAST($5 AS BIGINT) ELSE idle_end END
		WHERE tenant_id = $1 AND id = $2 AND kind = 'program' AND ended_at = 0
			AND idle_end > $4 AND absolute_end > $4 AND interacted_at > $7 AND signed_in_at > $8
			AND (generation = $3 OR generation = CAST($3 AS BIGINT) + 1 OR (generation = CAST($3 AS BIGINT) + 2 AND rotated_at >= $6))
			AND EXISTS (SELECT 1 FROM users u WHERE u.tenant_id = $1 AND u.id = sessions.user_id AND u.status = 'active' AND u.credential = sessions.credential)
			AND EXISTS (SELECT 1 FROM tenants t WHERE t.tenant_id = $1 AND t.status = 'active')
		RETURNING generation, interacted_at, idle_end`

	touchSession = `UPDATE sessions SET interacted_at = $3, idle_end = $4
		WHERE tenant_id = $1 AND id = $2 AND ended_at = 0 AND interacted_at < $3 AND idle_end > $3 AND absolute_end > $3`
	// followPassword moves the row itself rather than ending it beside a new
	// one: whoever ends all of a user's sessions in the same moment finds it.
	followPassword = `UPDATE sessions SET id = $4, credential = $5,
			interacted_at = CASE WHEN interacted_at < $6 THEN CAST($6 AS BIGINT) ELSE interacted_at END,
			idle_end = CASE WHEN interacted_at < $6 THEN CAST($7 AS BIGINT) ELSE idle_end END
		WHERE tenant_id = $1 AND user_id = $2 AND id = $3 AND ended_at = 0`
	endSession     = `UPDATE sessions SET ended_at = $3 WHERE tenant_id = $1 AND id = $2 AND ended_at = 0`
	endUserSession = `UPDATE sessions SET ended_at = $4 WHERE tenant_id = $1 AND user_id = $2 AND id = $3 AND ended_at = 0`
	endOthers      = `UPDATE sessions SET ended_at = $4 WHERE tenant_id = $1 AND user_id = $2 AND id <> $3 AND ended_at = 0 AND idle_end > $4 AND absolute_end > $4`
	endAllSessions = `UPDATE sessions SET ended_at = $2 WHERE tenant_id = $1 AND ended_at = 0`
	replayed       = `SELECT user_id FROM sessions WHERE tenant_id = $1 AND id = $2 AND ended_at = 0 AND generation > CAST($3 AS BIGINT) + 1`
	sweepSessions  = `DELETE FROM sessions WHERE tenant_id = $1 AND id IN (SELECT id FROM sessions WHERE tenant_id = $1 AND absolute_end < $2 LIMIT $3)`
)

// A Live session is one that has not ended, with whose it is.
type Live struct {
	Session identity.Session
	User    identity.User
	Tenant  identity.Tenant
	Role    identity.Role // the user's; the zero Role where it is gone
}

// LiveSession finds a session that is alive at the given time; else
// problem.NotFound.
func (t Tenant) LiveSession(ctx context.Context, id identity.SessionID, now time.Time) (l Live, err error) {
	defer problem.Wrap(&err, "live session %s", id)
	err = t.one(ctx, liveSession, whole(sessionPart(&l.Session), userPart(&l.User), tenantPart(&l.Tenant), rolePart(&l.Role)), string(id), micros(now))
	if built := policy.BuiltIn(l.User.Role); built.Name != "" {
		l.Role = built
	}
	return l, err
}

// SessionOwner says whose a browser's session is or was; problem.NotFound when
// nothing is left of it.
func (t Tenant) SessionOwner(ctx context.Context, id identity.SessionID) (user identity.UserID, err error) {
	defer problem.Wrap(&err, "owner of session %s", id)
	err = t.one(ctx, sessionOwner, into(&user), string(id))
	return user, err
}

// Sessions lists a user's live sessions, newest first.
func (t Tenant) Sessions(ctx context.Context, user identity.UserID, now time.Time) (list []identity.Session, err error) {
	defer problem.Wrap(&err, "sessions of %s", user)
	err = t.all(ctx, listSessions, func(r row) error {
		var s identity.Session
		err := read(r, sessionPart(&s))
		list = append(list, s)
		return err
	}, string(user), micros(now))
	return list, err
}

// AddSession opens a session.
func (tx *Tx) AddSession(ctx context.Context, s identity.Session) (err error) {
	defer problem.Wrap(&err, "add session %s", s.ID)
	return tx.later(ctx, insertSession, string(s.ID), string(s.UserID), string(s.Kind), micros(s.SignedInAt),
		micros(s.IdleEnd), micros(s.AbsoluteEnd), s.Credential, s.Peer.Address, s.Peer.UserAgent, micros(s.PreviousSignIn))
}

// A Refresh asks for the refresh token after a presented one.
type Refresh struct {
	Session   identity.SessionID
	Presented int64 // generation of the token presented
	Now       time.Time
	IdleEnd   time.Time // the new one; zero for a renewal without a person
	Grace     time.Time // rotations since then may still be asked for again
	IdleSince time.Time // sessions without a person since then have ended
	BornSince time.Time // sessions older than that have ended
}

// Refreshed is what a Refresh answers.
type Refreshed struct {
	Generation   int64 // of the newest refresh token
	InteractedAt time.Time
	IdleEnd      time.Time
}

// RefreshSession is one statement, durable when it returns; problem.NotFound
// when the session has ended or the token is too old.
func (t Tenant) RefreshSession(ctx context.Context, r Refresh) (out Refreshed, err error) {
	defer problem.Wrap(&err, "refresh session %s", r.Session)
	var interacted, idle int64
	err = t.actOne(ctx, refresh, into(&out.Generation, &interacted, &idle), string(r.Session), r.Presented,
		micros(r.Now), micros(r.IdleEnd), micros(r.Grace), micros(r.IdleSince), micros(r.BornSince))
	out.InteractedAt, out.IdleEnd = instant(interacted), instant(idle)
	return out, err
}

// ReplayedBy says whose live session an outdated refresh token belongs to;
// problem.NotFound when the session has ended or the token is not outdated.
func (tx *Tx) ReplayedBy(ctx context.Context, id identity.SessionID, presented int64) (user identity.UserID, err error) {
	defer problem.Wrap(&err, "replayed session %s", id)
	err = tx.one(ctx, replayed, into(&user), string(id), presented)
	return user, err
}

// Touch records an interaction at its own time, however late it is written.
func (tx *Tx) Touch(ctx context.Context, id identity.SessionID, at, idleEnd time.Time) (err error) {
	defer problem.Wrap(&err, "touch session %s", id)
	_, err = tx.exec(ctx, touchSession, string(id), micros(at), micros(idleEnd))
	return err
}

// FollowPassword lets one session of a user outlive a new password, as after:
// under that credential and, where it differs, another id, so that what carried
// it is worth nothing any more. problem.NotFound when it has ended.
func (tx *Tx) FollowPassword(ctx context.Context, id identity.SessionID, after identity.Session) (err error) {
	defer problem.Wrap(&err, "session %s follows a password", id)
	return tx.execOne(ctx, followPassword, string(after.UserID), string(id), string(after.ID), after.Credential,
		micros(after.InteractedAt), micros(after.IdleEnd))
}

// EndSession ends a session; problem.NotFound when it has ended before.
func (tx *Tx) EndSession(ctx context.Context, id identity.SessionID, now time.Time) (err error) {
	defer problem.Wrap(&err, "end session %s", id)
	return tx.execOne(ctx, endSession, string(id), micros(now))
}

// EndUserSession ends a session if it is the user's; else problem.NotFound.
func (tx *Tx) EndUserSession(ctx context.Context, user identity.UserID, id identity.SessionID, now time.Time) (err error) {
	defer problem.Wrap(&err, "end session %s", id)
	return tx.execOne(ctx, endUserSession, string(user), string(id), micros(now))
}

// EndSessions ends all sessions of a user but the kept one, which may be "".
func (tx *Tx) EndSessions(ctx context.Context, user identity.UserID, kept identity.SessionID, now time.Time) (n int64, err error) {
	defer problem.Wrap(&err, "end sessions of %s", user)
	return tx.exec(ctx, endOthers, string(user), string(kept), micros(now))
}

// EndAllSessions ends every session of the tenant.
func (tx *Tx) EndAllSessions(ctx context.Context, now time.Time) (n int64, err error) {
	defer problem.Wrap(&err, "end all sessions")
	return tx.exec(ctx, endAllSessions, micros(now))
}

// SweepSessions deletes up to limit sessions that were over at the given time.
func (tx *Tx) SweepSessions(ctx context.Context, before time.Time, limit int) (n int64, err error) {
	defer problem.Wrap(&err, "sweep sessions")
	return tx.exec(ctx, sweepSessions, micros(before), limit)
}

func sessionPart(s *identity.Session) part {
	var signedIn, interacted, idle, absolute, previous int64
	return part{
		targets: []any{&s.ID, &s.UserID, &s.Kind, &s.Generation, &signedIn, &interacted, &idle, &absolute,
			&s.Credential, &s.Peer.Address, &s.Peer.UserAgent, &previous},
		finish: func() error {
			s.PreviousSignIn = instant(previous)
			s.SignedInAt, s.InteractedAt = instant(signedIn), instant(interacted)
			s.IdleEnd, s.AbsoluteEnd = instant(idle), instant(absolute)
			return nil
		},
	}
}
