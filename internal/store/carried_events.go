package store

import (
	"context"
	"time"

	"github.com/vestibule-id/vestibule/internal/problem"
)

const (
	eventsIn = `INSERT INTO events (tenant_id, ` + eventColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`
	placesIn = `INSERT INTO chain (tenant_id, place, event_id, mac, salt, personal, erased) VALUES ($1, $2, $3, $4, $5, $6, $7)`
	headIn   = `INSERT INTO chain_heads (tenant_id, place, mac, base_place, base_mac, base_seal) VALUES ($1, $2, $3, $4, $5, $6)`
)

// CarryEventsIn adds events of a tenant that is on its way in, with their
// places in its chain. Errors are CarryIn's.
func (tx *Tx) CarryEventsIn(ctx context.Context, lines []ChainLine, now time.Time) (err error) {
	defer problem.Wrap(&err, "carry events in")
	if err := tx.comingIn(ctx, now); err != nil {
		return err
	}
	var events, places []any
	for _, l := range lines {
		e := l.Event
		events = append(events, string(e.ID), e.Kind, e.Result, string(e.User), string(e.Actor), string(e.Session),
			e.Peer.Address, e.Peer.UserAgent, e.Peer.RequestID, l.Detail, micros(e.At))
		places = append(places, l.Place, string(l.EventID), l.MAC, l.Salt, l.Personal, l.Erased)
	}
	if err := tx.insertMany(ctx, eventsIn, 11, events); err != nil {
		return err
	}
	return tx.insertMany(ctx, placesIn, 6, places)
}

// CarryHeadIn says where the chain ends that was carried in.
func (tx *Tx) CarryHeadIn(ctx context.Context, h ChainHead) (err error) {
	defer problem.Wrap(&err, "carry the chain's head in")
	_, err = tx.exec(ctx, headIn, h.Place, h.MAC, h.BasePlace, h.BaseMAC, h.BaseSeal)
	return err
}
