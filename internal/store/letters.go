package store

import (
	"context"
	"math"
	"time"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/problem"
)

const (
	letterColumns = `t.id, t.kind, COALESCE(t.user_id, ''), CASE WHEN t.recipient = '' THEN COALESCE(u.email_folded, '') ELSE t.recipient END, t.state, t.answer, t.tries, t.created_at, t.changed_at, t.expires_at`
	fromLetters   = ` FROM tasks t LEFT JOIN users u ON u.tenant_id = t.tenant_id AND u.id = t.user_id WHERE t.tenant_id = $1 AND t.letter = 1`

	letterByID  = `SELECT ` + letterColumns + fromLetters + ` AND t.id = $2`
	listLetters = `SELECT ` + letterColumns + fromLetters + ` AND (t.created_at, t.id) < ($2, $3)
		AND (CAST($4 AS TEXT) = '' OR t.state = $4) AND (CAST($5 AS TEXT) = '' OR t.user_id = $5)
		AND (CAST($6 AS TEXT) = '' OR REPLACE(t.recipient, $6, '') <> t.recipient
			OR (t.recipient = '' AND REPLACE(COALESCE(u.email_folded, ''), $6, '') <> COALESCE(u.email_folded, '')))
		ORDER BY t.created_at DESC, t.id DESC LIMIT $7`

	// The data goes with the last try: what a letter said is nobody's business.
	endLetter = `UPDATE tasks SET state = $3, answer = CASE WHEN CAST($4 AS TEXT) = '' THEN answer ELSE CAST($4 AS TEXT) END,
		recipient = CASE WHEN CAST($5 AS TEXT) = '' THEN recipient ELSE CAST($5 AS TEXT) END, changed_at = $6, data = $7 WHERE tenant_id = $1 AND id = $2`
	deferLetter   = `UPDATE tasks SET state = 'deferred', answer = $3, recipient = $4, changed_at = $5 WHERE tenant_id = $1 AND id = $2`
	bounceLetter  = `UPDATE tasks SET state = 'bounced', answer = $3, changed_at = $4 WHERE tenant_id = $1 AND id = $2 AND letter = 1 AND state = 'sent'`
	lateLetters   = `SELECT ` + letterColumns + fromLetters + ` AND t.state IN ('queued', 'deferred') AND ((t.expires_at > 0 AND t.expires_at <= $2) OR (t.expires_at = 0 AND t.created_at <= $3)) LIMIT $4`
	dropDue       = `DELETE FROM due WHERE tenant_id = $1 AND task_id = $2`
	expireLetter  = `UPDATE tasks SET state = $3, changed_at = $4, data = $5 WHERE tenant_id = $1 AND id = $2`
	setTrouble    = `UPDATE users SET mail_trouble = $4, mail_answer = $5, mail_trouble_at = $6 WHERE tenant_id = $1 AND id = $2 AND email_folded = $3 AND email_folded <> ''`
	clearRefusal  = `UPDATE users SET mail_trouble = '', mail_answer = '', mail_trouble_at = 0 WHERE tenant_id = $1 AND id = $2 AND email_folded = $3 AND mail_trouble = 'refused'`
	sweepTasks    = `DELETE FROM tasks WHERE tenant_id = $1 AND id IN (SELECT t.id FROM tasks t WHERE t.tenant_id = $1 AND t.changed_at < $2 AND NOT EXISTS (SELECT 1 FROM due d WHERE d.tenant_id = $1 AND d.task_id = t.id) LIMIT $3)`
	tenantsByTail = `SELECT tenant_id FROM slugs WHERE SUBSTR(tenant_id, LENGTH(tenant_id) - LENGTH(CAST($1 AS TEXT)) + 1) = CAST($1 AS TEXT) LIMIT 100`
)

// A Delivery is what came of a try to send a letter.
type Delivery struct {
	State  identity.LetterState
	Answer string    // the mail server's, or why there is none
	To     string    // the folded address it was for; may be empty
	At     time.Time // when
	Again  time.Time // the next try of a deferred letter
	Dead   bool      // the server does not take mail for the address
}

// SetLetter writes what came of a claimed letter; problem.NotFound says that
// the lease was lost, and somebody else writes it. Whatever is not deferred is
// over: its data is erased.
func (tx *Tx) SetLetter(ctx context.Context, t identity.Task, d Delivery) (err error) {
	defer problem.Wrap(&err, "set letter %s", t.ID)
	if d.State == identity.LetterDeferred {
		if err := tx.execOne(ctx, moveDue, string(t.ID), t.Fence, micros(d.Again)); err != nil {
			return err
		}
		_, err = tx.exec(ctx, deferLetter, string(t.ID), d.Answer, d.To, micros(d.At))
		return err
	}
	if err := tx.execOne(ctx, endDue, string(t.ID), t.Fence); err != nil {
		return err
	}
	_, err = tx.exec(ctx, endLetter, string(t.ID), string(d.State), d.Answer, d.To, micros(d.At), []byte{})
	switch {
	case err != nil:
	case d.Dead:
		err = tx.SetMailTrouble(ctx, t.User, d.To, identity.MailTrouble{Kind: identity.MailRefused, Answer: d.Answer, At: d.At})
	case d.State == identity.LetterSent:
		_, err = tx.exec(ctx, clearRefusal, string(t.User), d.To)
	}
	return err
}

// BounceLetter notes that a letter came back after a server had taken it;
// problem.NotFound when there is no such letter, or it was not sent.
func (tx *Tx) BounceLetter(ctx context.Context, id identity.TaskID, answer string, now time.Time) (l identity.Letter, err error) {
	defer problem.Wrap(&err, "bounce letter %s", id)
	if err := tx.execOne(ctx, bounceLetter, string(id), answer, micros(now)); err != nil {
		return l, err
	}
	if l, err = tx.Letter(ctx, id); err != nil {
		return l, err
	}
	return l, tx.SetMailTrouble(ctx, l.User, l.To, identity.MailTrouble{Kind: identity.MailBounced, Answer: answer, At: now})
}

// SetMailTrouble marks a user's address as dead, provided it is still the
// given one, folded.
func (tx *Tx) SetMailTrouble(ctx context.Context, user identity.UserID, folded string, m identity.MailTrouble) (err error) {
	defer problem.Wrap(&err, "mark address of %s", user)
	_, err = tx.exec(ctx, setTrouble, string(user), folded, m.Kind, m.Answer, micros(m.At))
	return err
}

// Letter finds a letter by its id.
func (t Tenant) Letter(ctx context.Context, id identity.TaskID) (l identity.Letter, err error) {
	defer problem.Wrap(&err, "letter %s", id)
	err = t.one(ctx, letterByID, whole(letterPart(&l)), string(id))
	return l, err
}

// A LetterQuery says which letters are looked for. The zero value is all of
// them, but for Limit.
type LetterQuery struct {
	State  identity.LetterState // "" for any
	User   identity.UserID      // "" for anybody
	Search string               // folded: part of the address; "" for any
	Before identity.Letter      // those made before this one, of which the id and CreatedAt are looked at; the zero Letter begins
	Limit  int
}

// FindLetters lists up to q.Limit letters, newest first.
func (t Tenant) FindLetters(ctx context.Context, q LetterQuery) (list []identity.Letter, err error) {
	defer problem.Wrap(&err, "find letters")
	from := int64(math.MaxInt64)
	if q.Before.ID != "" {
		from = micros(q.Before.CreatedAt)
	}
	err = t.all(ctx, listLetters, func(r row) error {
		var l identity.Letter
		err := read(r, letterPart(&l))
		list = append(list, l)
		return err
	}, from, string(q.Before.ID), string(q.State), string(q.User), q.Search, q.Limit)
	return list, err
}

// Letters lists up to limit letters, newest first: those made before the given
// one; the zero Letter begins with the newest.
func (t Tenant) Letters(ctx context.Context, before identity.Letter, limit int) ([]identity.Letter, error) {
	return t.FindLetters(ctx, LetterQuery{Before: before, Limit: limit})
}

// ExpireLetters gives up to limit letters up that nobody has sent and that are
// too late now, or never expire and were made before the given time, and says
// which, with their new state: where there is no mail server, no worker does.
func (tx *Tx) ExpireLetters(ctx context.Context, now, before time.Time, limit int) (list []identity.Letter, err error) {
	defer problem.Wrap(&err, "expire letters")
	err = tx.all(ctx, lateLetters, func(r row) error {
		var l identity.Letter
		err := read(r, letterPart(&l))
		list = append(list, l)
		return err
	}, micros(now), micros(before), limit)
	for i := range list {
		l := &list[i]
		if l.State = identity.LetterExpired; l.Expires.IsZero() {
			l.State = identity.LetterFailed
		}
		if err == nil {
			err = tx.later(ctx, dropDue, string(l.ID))
		}
		if err == nil {
			err = tx.later(ctx, expireLetter, string(l.ID), string(l.State), micros(now), []byte{})
		}
	}
	return list, err
}

// SweepTasks deletes up to limit tasks that have been over since before the
// given time.
func (tx *Tx) SweepTasks(ctx context.Context, before time.Time, limit int) (n int64, err error) {
	defer problem.Wrap(&err, "sweep tasks")
	return tx.exec(ctx, sweepTasks, micros(before), limit)
}

// TenantsByTail lists the tenants whose ids end so: there is one as a rule.
func (s *Store) TenantsByTail(ctx context.Context, tail string) (ids []identity.TenantID, err error) {
	defer problem.Wrap(&err, "tenants by tail")
	err = s.engine.read(ctx, unscoped, query(tenantsByTail, []any{tail}, func(r row) error {
		var id identity.TenantID
		err := r.Scan(&id)
		ids = append(ids, id)
		return err
	}))
	return ids, err
}

func letterPart(l *identity.Letter) part {
	var kind string
	var created, changed, expires int64
	return part{
		targets: []any{&l.ID, &kind, &l.User, &l.To, &l.State, &l.Answer, &l.Tries, &created, &changed, &expires},
		finish: func() error {
			l.Kind = identity.LetterName(kind)
			l.CreatedAt, l.ChangedAt, l.Expires = instant(created), instant(changed), instant(expires)
			return nil
		},
	}
}
