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
	// onTrail is an event with the words people know those by whom it is about
	// and who acted.
	onTrail = `e.id, e.kind, e.result, e.user_id, e.actor_id, e.session_id, e.address, e.user_agent, e.request_id, e.detail, e.at,
		CASE WHEN COALESCE(u.name, '') <> '' THEN u.name WHEN COALESCE(u.email, '') <> '' THEN u.email ELSE COALESCE(u.extension, '') END,
		CASE WHEN COALESCE(a.name, '') <> '' THEN a.name WHEN COALESCE(a.email, '') <> '' THEN a.email ELSE COALESCE(a.extension, '') END`
	fromTrail = ` FROM events e LEFT JOIN users u ON u.tenant_id = e.tenant_id AND u.id = e.user_id
		LEFT JOIN users a ON a.tenant_id = e.tenant_id AND a.id = e.actor_id
		WHERE e.tenant_id = $1 AND e.id < $2`
	// wanted are the filters: $3 a kind, $4 a result, $5 an address, $6 and $7
	// the time, $8 what is searched for, each '' for any.
	wanted = ` AND (CAST($3 AS TEXT) = '' OR e.kind = $3) AND (CAST($4 AS TEXT) = '' OR e.result = $4)
		AND (CAST($5 AS TEXT) = '' OR e.address = $5) AND e.at >= $6 AND e.at < $7
		AND (CAST($8 AS TEXT) = '' OR REPLACE(e.kind, $8, '') <> e.kind OR e.result = $8 OR e.id = $8 OR e.session_id = $8 OR e.request_id = $8
			OR SUBSTR(e.address, 1, LENGTH(CAST($8 AS TEXT))) = $8 OR REPLACE(e.detail, $8, '') <> e.detail
			OR REPLACE(u.name_folded, $8, '') <> u.name_folded OR REPLACE(u.email_folded, $8, '') <> u.email_folded OR u.extension = $8
			OR REPLACE(a.name_folded, $8, '') <> a.name_folded OR REPLACE(a.email_folded, $8, '') <> a.email_folded OR a.extension = $8)`
	trail = `SELECT ` + onTrail + fromTrail + wanted + ` ORDER BY e.id DESC LIMIT $9`
	// trailOfUser goes by two indexes; with an OR, SQLite would go through the
	// whole trail.
	trailOfUser = `SELECT ` + onTrail + fromTrail + wanted + ` AND e.id IN (
		SELECT id FROM events WHERE tenant_id = $1 AND user_id = $10
		UNION ALL SELECT id FROM events WHERE tenant_id = $1 AND actor_id = $10 AND actor_id <> '') ORDER BY e.id DESC LIMIT $9`
)

// An EventQuery says which events are looked for; the zero value of a field
// means any.
type EventQuery struct {
	Search  string // folded: part of a name or address of a person or of a kind or detail, beginning of an IP address, an id
	Kind    string
	Result  string
	User    identity.UserID // on whom, or by whom
	Address string
	From    time.Time // inclusive
	To      time.Time // exclusive
	Before  identity.EventID
	Limit   int
}

// A TrailEvent is an event with what the people in it are called now; empty for
// nobody, and for who is deleted.
type TrailEvent struct {
	identity.Event
	UserName, ActorName string
}

// FindEvents lists up to q.Limit events, the newest first.
func (t Tenant) FindEvents(ctx context.Context, q EventQuery) (list []TrailEvent, err error) {
	defer problem.Wrap(&err, "find events")
	before, to := string(q.Before), int64(math.MaxInt64)
	if before == "" {
		before = "evt_~" // behind every id
	}
	if !q.To.IsZero() {
		to = micros(q.To)
	}
	statement := trail
	args := []any{before, q.Kind, q.Result, q.Address, micros(q.From), to, q.Search, q.Limit}
	if q.User != "" {
		statement, args = trailOfUser, append(args, string(q.User))
	}
	err = t.all(ctx, statement, func(r row) error {
		var e TrailEvent
		var detail string
		var at int64
		if err := r.Scan(&e.ID, &e.Kind, &e.Result, &e.User, &e.Actor, &e.Session, &e.Peer.Address, &e.Peer.UserAgent,
			&e.Peer.RequestID, &detail, &at, &e.UserName, &e.ActorName); err != nil {
			return err
		}
		e.At = instant(at)
		list = append(list, e)
		return json.Unmarshal([]byte(detail), &list[len(list)-1].Detail)
	}, args...)
	return list, err
}
