package store

import (
	"context"
	"encoding/json"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/problem"
)

const (
	eventColumns = `id, kind, result, user_id, actor_id, session_id, address, user_agent, request_id, detail, at`

	insertEvent = `INSERT INTO events (tenant_id, ` + eventColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`
	listEvents  = `SELECT ` + eventColumns + ` FROM events WHERE tenant_id = $1 AND id > $2 ORDER BY id LIMIT $3`
)

// AddEvent writes a line of the audit trail, in the transaction of what it
// tells.
func (tx *Tx) AddEvent(ctx context.Context, e identity.Event) (err error) {
	defer problem.Wrap(&err, "add event %s", e.Kind)
	if e.ID == "" {
		e.ID = identity.NewEventID()
	}
	detail, err := json.Marshal(e.Detail)
	if err != nil {
		return err
	}
	err = tx.later(ctx, insertEvent, string(e.ID), e.Kind, e.Result, string(e.User), string(e.Actor), string(e.Session),
		e.Peer.Address, e.Peer.UserAgent, e.Peer.RequestID, string(detail), micros(e.At))
	if err != nil {
		return err
	}
	return tx.later(ctx, insertUnsealed, string(e.ID))
}

// Events lists up to limit events that come after the given one, oldest
// first.
func (t Tenant) Events(ctx context.Context, after identity.EventID, limit int) (list []identity.Event, err error) {
	defer problem.Wrap(&err, "events")
	err = t.all(ctx, listEvents, func(r row) error {
		var e identity.Event
		var detail string
		var at int64
		err := r.Scan(&e.ID, &e.Kind, &e.Result, &e.User, &e.Actor, &e.Session,
			&e.Peer.Address, &e.Peer.UserAgent, &e.Peer.RequestID, &detail, &at)
		if err != nil {
			return err
		}
		e.At = instant(at)
		list = append(list, e)
		return json.Unmarshal([]byte(detail), &list[len(list)-1].Detail)
	}, string(after), limit)
	return list, err
}
