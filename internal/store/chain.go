package store

import (
	"context"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/problem"
)

// An event waits in unsealed, from its own transaction on, until a sealer gives
// it a place in its tenant's chain. What the macs are made of, package audit
// knows; here they are only kept.
//
//	AddEvent ──► events, unsealed ──Place──► chain, chain_heads ──GiveUp──► gone
const (
	insertUnsealed  = `INSERT INTO unsealed (tenant_id, event_id) VALUES ($1, $2)`
	unsealedTenants = `SELECT tenant_id FROM unsealed WHERE tenant_id > $1 GROUP BY tenant_id ORDER BY tenant_id LIMIT $2`
	unsealedEvents  = `SELECT ` + lineColumns + ` FROM unsealed w JOIN events e ON e.tenant_id = w.tenant_id AND e.id = w.event_id
		LEFT JOIN chain c ON c.tenant_id = w.tenant_id AND c.event_id = w.event_id
		WHERE w.tenant_id = $1 ORDER BY w.event_id LIMIT $2`
	dropUnsealed = `DELETE FROM unsealed WHERE tenant_id = $1 AND event_id IN (SELECT event_id FROM chain WHERE tenant_id = $1 AND place > $2)`

	chainHead = `SELECT place, mac, base_place, base_mac, base_seal FROM chain_heads WHERE tenant_id = $1`
	firstHead = `INSERT INTO chain_heads (tenant_id, place, mac, base_mac, base_seal) VALUES ($1, $2, $3, $4, $4)`
	moveHead  = `UPDATE chain_heads SET place = $3, mac = $4 WHERE tenant_id = $1 AND place = $2`
	moveBase  = `UPDATE chain_heads SET base_place = $3, base_mac = $4, base_seal = $5 WHERE tenant_id = $1 AND base_place = $2 AND place >= $3`

	insertPlace = `INSERT INTO chain (tenant_id, place, event_id, mac, salt, personal, erased) VALUES ($1, $2, $3, $4, $5, $6, $6)`
	chainLines  = `SELECT ` + lineColumns + ` FROM chain c LEFT JOIN events e ON e.tenant_id = c.tenant_id AND e.id = c.event_id
		WHERE c.tenant_id = $1 AND c.place > $2 ORDER BY c.place LIMIT $3`
	linesOfUser = `SELECT ` + lineColumns + ` FROM events e JOIN chain c ON c.tenant_id = e.tenant_id AND c.event_id = e.id
		WHERE e.tenant_id = $1 AND e.id > $3 AND ((e.user_id = $2 AND e.actor_id = '') OR e.actor_id = $2) AND c.erased = $4
		ORDER BY e.id LIMIT $5`
	dropPlaces = `DELETE FROM chain WHERE tenant_id = $1 AND place <= $2 AND place > CAST($2 AS BIGINT) - CAST($3 AS BIGINT)`
	// Neither in the chain nor on its way there, or on its way and not there.
	stray = `SELECT id FROM (
			SELECT e.id FROM events e WHERE e.tenant_id = $1
				AND NOT EXISTS (SELECT 1 FROM chain c WHERE c.tenant_id = $1 AND c.event_id = e.id)
				AND NOT EXISTS (SELECT 1 FROM unsealed w WHERE w.tenant_id = $1 AND w.event_id = e.id)
			UNION ALL SELECT w.event_id AS id FROM unsealed w WHERE w.tenant_id = $1
				AND NOT EXISTS (SELECT 1 FROM events e WHERE e.tenant_id = $1 AND e.id = w.event_id)) s ORDER BY id LIMIT 1`

	erasePlace = `UPDATE chain SET salt = $3, personal = $4, erased = $5 WHERE tenant_id = $1 AND event_id = $2`
	eraseEvent = `UPDATE events SET address = '', user_agent = '', detail = '{}' WHERE tenant_id = $1 AND id = $2`

	lineColumns = `COALESCE(c.place, 0), COALESCE(c.event_id, ''), c.mac, c.salt, c.personal, c.erased,
		COALESCE(e.id, ''), COALESCE(e.kind, ''), COALESCE(e.result, ''), COALESCE(e.user_id, ''), COALESCE(e.actor_id, ''), COALESCE(e.session_id, ''),
		COALESCE(e.address, ''), COALESCE(e.user_agent, ''), COALESCE(e.request_id, ''), COALESCE(e.detail, ''), COALESCE(e.at, 0)`
)

// A ChainLine is a place in a tenant's chain with the event that stands there.
type ChainLine struct {
	Place    int64            // 0: none yet
	EventID  identity.EventID // as the chain has it
	MAC      []byte
	Salt     []byte
	Personal []byte
	Erased   []byte

	Event  identity.Event // without its detail; no ID: it is gone
	Detail string         // as it stands in the database
}

// A ChainHead is where a chain ends, and where it begins since older events
// were given up.
type ChainHead struct {
	Place     int64
	MAC       []byte
	BasePlace int64 // the first place kept is the one after it
	BaseMAC   []byte
	BaseSeal  []byte
}

// UnsealedTenants lists up to limit tenants after the given one that have
// events without a place in their chain.
func (s *Store) UnsealedTenants(ctx context.Context, after identity.TenantID, limit int) (ids []identity.TenantID, err error) {
	defer problem.Wrap(&err, "unsealed tenants")
	err = s.engine.read(ctx, unscoped, query(unsealedTenants, []any{string(after), limit}, func(r row) error {
		var id identity.TenantID
		err := r.Scan(&id)
		ids = append(ids, id)
		return err
	}))
	return ids, err
}

// ChainHead reads where the chain ends; the zero head is that of a tenant
// without a chain.
func (t Tenant) ChainHead(ctx context.Context) (h ChainHead, err error) {
	defer problem.Wrap(&err, "chain head")
	err = t.all(ctx, chainHead, into(&h.Place, &h.MAC, &h.BasePlace, &h.BaseMAC, &h.BaseSeal))
	return h, err
}

// UnsealedEvents lists up to limit events that have no place yet.
func (t Tenant) UnsealedEvents(ctx context.Context, limit int) (list []ChainLine, err error) {
	defer problem.Wrap(&err, "unsealed events")
	err = t.all(ctx, unsealedEvents, intoLines(&list), limit)
	return list, err
}

// ChainLines lists up to limit places after the given one, in their order.
func (t Tenant) ChainLines(ctx context.Context, after int64, limit int) (list []ChainLine, err error) {
	defer problem.Wrap(&err, "chain lines")
	err = t.all(ctx, chainLines, intoLines(&list), after, limit)
	return list, err
}

// ChainLinesOf lists up to limit lines after the given event whose personal
// parts are a user's own and still there: what they did, and what happened to
// them with nobody signed in.
func (t Tenant) ChainLinesOf(ctx context.Context, id identity.UserID, after identity.EventID, limit int) (list []ChainLine, err error) {
	defer problem.Wrap(&err, "chain lines of %s", id)
	err = t.all(ctx, linesOfUser, intoLines(&list), string(id), string(after), []byte{}, limit)
	return list, err
}

// StrayEvent finds an event that is neither in the chain nor on its way there,
// or that is on its way and gone; problem.NotFound when there is none.
func (t Tenant) StrayEvent(ctx context.Context) (id identity.EventID, err error) {
	defer problem.Wrap(&err, "stray event")
	err = t.one(ctx, stray, into(&id))
	return id, err
}

// Place gives lines their places: those after the head's. problem.NotFound or
// problem.Exists says that somebody else did meanwhile.
func (tx *Tx) Place(ctx context.Context, after ChainHead, lines []ChainLine) (err error) {
	defer problem.Wrap(&err, "place events")
	last := lines[len(lines)-1]
	if after.Place == 0 {
		if err := tx.Lock(ctx); err != nil { // no chain begins in a tenant that is going
			return err
		}
		_, err = tx.exec(ctx, firstHead, last.Place, last.MAC, []byte{})
	} else {
		err = tx.execOne(ctx, moveHead, after.Place, last.Place, last.MAC)
	}
	if err != nil {
		return err
	}
	for _, l := range lines {
		if err := tx.later(ctx, insertPlace, l.Place, string(l.EventID), l.MAC, l.Salt, []byte{}); err != nil {
			return err
		}
	}
	return tx.later(ctx, dropUnsealed, after.Place)
}

// GiveUp moves the chain's beginning from one place to another, and deletes
// the places before it with their events: at most a few hundred. problem.NotFound
// says that somebody else did meanwhile.
func (tx *Tx) GiveUp(ctx context.Context, before, after ChainHead) (err error) {
	defer problem.Wrap(&err, "give up events")
	err = tx.execOne(ctx, moveBase, before.BasePlace, after.BasePlace, after.BaseMAC, after.BaseSeal)
	if err != nil {
		return err
	}
	_, err = tx.exec(ctx, dropPlaces, after.BasePlace, after.BasePlace-before.BasePlace)
	return err
}

// Erase takes the personal parts of an event away; l has what stands for them
// in the chain from then on.
func (tx *Tx) Erase(ctx context.Context, l ChainLine) (err error) {
	defer problem.Wrap(&err, "erase parts of %s", l.EventID)
	if err := tx.execOne(ctx, erasePlace, string(l.EventID), l.Salt, l.Personal, l.Erased); err != nil {
		return err
	}
	return tx.execOne(ctx, eraseEvent, string(l.EventID))
}

func intoLines(list *[]ChainLine) scan {
	return func(r row) error {
		var l ChainLine
		var at int64
		err := r.Scan(&l.Place, &l.EventID, &l.MAC, &l.Salt, &l.Personal, &l.Erased,
			&l.Event.ID, &l.Event.Kind, &l.Event.Result, &l.Event.User, &l.Event.Actor, &l.Event.Session,
			&l.Event.Peer.Address, &l.Event.Peer.UserAgent, &l.Event.Peer.RequestID, &l.Detail, &at)
		l.Event.At = instant(at)
		*list = append(*list, l)
		return err
	}
}
