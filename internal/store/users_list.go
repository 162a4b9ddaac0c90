package store

import (
	"context"
	"encoding/json"
	"math"
	"time"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/problem"
)

const (
	// fitting says what is looked for: $2 a role, $3 a status, $4 a part of a
	// name or address or the beginning of an extension; each '' for any. What
	// contains a text is another without it (the databases' LIKE differ).
	fitting = ` (CAST($2 AS TEXT) = '' OR role = $2) AND (CAST($3 AS TEXT) = '' OR status = $3)
		AND (CAST($4 AS TEXT) = '' OR REPLACE(name_folded, $4, '') <> name_folded OR REPLACE(email_folded, $4, '') <> email_folded
			OR SUBSTR(extension, 1, LENGTH(CAST($4 AS TEXT))) = $4)
		AND ` + visible
	usersByName = `SELECT ` + userColumns + ` FROM users WHERE tenant_id = $1 AND (name_folded, id) > ($5, $6) AND ` + fitting + ` ORDER BY name_folded, id LIMIT $7`
	usersByAge  = `SELECT ` + userColumns + ` FROM users WHERE tenant_id = $1 AND id < $5 AND ` + fitting + ` ORDER BY id DESC LIMIT $6`
	usersBySeen = `SELECT ` + userColumns + ` FROM users WHERE tenant_id = $1 AND (last_sign_in_at, id) < ($5, $6) AND ` + fitting + ` ORDER BY last_sign_in_at DESC, id DESC LIMIT $7`

	countUsers   = `SELECT status, COUNT(*) FROM users WHERE tenant_id = $1 AND ` + visible + ` GROUP BY status`
	countWaiting = `SELECT COUNT(DISTINCT subject) FROM lanes WHERE tenant_id = $1 AND subject <> '' AND until > $2 AND SUBSTR(lane, 1, 7) <> 'letter '`
	userEvents   = `SELECT ` + eventColumns + ` FROM events WHERE tenant_id = $1 AND user_id = $2 ORDER BY id DESC LIMIT $3`
)

// A UserSort is an order of the list of users.
type UserSort string

// The orders: names from A, the newest users first, those first who signed in
// last.
const (
	ByName UserSort = "name"
	ByAge  UserSort = "created_at"
	BySeen UserSort = "last_sign_in_at"
)

// A UserQuery says which users are looked for. The zero value is all of them,
// by name.
type UserQuery struct {
	Search string // folded: part of a name or address, or the beginning of an extension; "" for any
	Role   string // "" for any
	Status identity.UserStatus
	Sort   UserSort
	After  identity.User // goes on behind this one, of whom the id and what is sorted by are looked at; the zero User begins
	Limit  int
}

// FindUsers lists up to q.Limit users.
func (t Tenant) FindUsers(ctx context.Context, q UserQuery) (list []identity.User, err error) {
	defer problem.Wrap(&err, "find users")
	statement, args := usersByName, []any{q.Role, string(q.Status), q.Search}
	switch first := q.After.ID == ""; {
	case q.Sort == ByAge && first:
		statement, args = usersByAge, append(args, "usr_~") // behind every id
	case q.Sort == ByAge:
		statement, args = usersByAge, append(args, string(q.After.ID))
	case q.Sort == BySeen && first:
		statement, args = usersBySeen, append(args, int64(math.MaxInt64), "")
	case q.Sort == BySeen:
		statement, args = usersBySeen, append(args, micros(q.After.LastSignIn), string(q.After.ID))
	default:
		args = append(args, identity.FoldSearch(q.After.Name), string(q.After.ID))
	}
	err = t.all(ctx, statement, func(r row) error {
		var u identity.User
		err := read(r, userPart(&u))
		list = append(list, u)
		return err
	}, append(args, q.Limit)...)
	return list, err
}

// UserCounts says how many users of each status a tenant has, and for how many
// of the names people sign in with somebody has to wait.
type UserCounts struct{ Active, Invited, Deactivated, Waiting int64 }

// CountUsers counts a tenant's users, and who waits at the given time.
func (t Tenant) CountUsers(ctx context.Context, now time.Time) (n UserCounts, err error) {
	defer problem.Wrap(&err, "count users")
	err = t.all(ctx, countUsers, func(r row) error {
		var status identity.UserStatus
		var count int64
		err := r.Scan(&status, &count)
		switch status {
		case identity.Active:
			n.Active = count
		case identity.Invited:
			n.Invited = count
		case identity.Deactivated:
			n.Deactivated = count
		}
		return err
	})
	if err != nil {
		return n, err
	}
	err = t.one(ctx, countWaiting, into(&n.Waiting), micros(now))
	return n, err
}

// UserEvents lists up to limit events on a user, the newest first.
func (t Tenant) UserEvents(ctx context.Context, user identity.UserID, limit int) (list []identity.Event, err error) {
	defer problem.Wrap(&err, "events of %s", user)
	err = t.all(ctx, userEvents, func(r row) error {
		var e identity.Event
		var detail string
		var at int64
		if err := r.Scan(&e.ID, &e.Kind, &e.Result, &e.User, &e.Actor, &e.Session,
			&e.Peer.Address, &e.Peer.UserAgent, &e.Peer.RequestID, &detail, &at); err != nil {
			return err
		}
		e.At = instant(at)
		list = append(list, e)
		return json.Unmarshal([]byte(detail), &list[len(list)-1].Detail)
	}, string(user), limit)
	return list, err
}
