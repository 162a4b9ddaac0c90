package main

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
)

const (
	figureSignIns   = "sign-ins"
	figureChecks    = "session checks"
	figureRefreshes = "refreshes"
	figureChanges   = "changes with an audit event"
)

// measureLoad measures what one server does in a second, and what a flood does
// to it, on a house of some hundred users.
func measureLoad(ctx context.Context, b *bench, db *database) error {
	address, err := b.house(ctx, db, housePeers)
	if err != nil {
		return err
	}
	s, err := b.serve(ctx, address, db.keyFile)
	if err != nil {
		return err
	}
	defer s.stop()
	l := &load{bench: b, db: db, server: s}
	for _, part := range []func(context.Context) error{l.signIns, l.checks, l.page, l.refreshes, l.changes, l.flood} {
		if err := part(ctx); err != nil {
			return fmt.Errorf("%w\nThe server said: %s", err, s.said())
		}
	}
	return nil
}

// A load is one server under several figures; later ones use the sessions the
// first one opened.
type load struct {
	*bench
	db     *database
	server *server

	next   atomic.Int64 // the user whose turn it is
	mu     sync.Mutex
	grants []grant
}

// atDoor is how many sign in at a time: enough that the next one is there when
// a hash has been computed, and fewer than the line before the hashes holds.
const atDoor = 8

// signIns: everybody signs in in turn, with the right password.
func (l *load) signIns(ctx context.Context) error {
	conns, err := dialMany(l.server.address, atDoor)
	if err != nil {
		return err
	}
	defer closeAll(conns)
	hash, err := l.startLimit(ctx, roleHash, ownParams.String())
	if err != nil {
		return err
	}
	defer hash.stop()
	round := 2 * l.round // some 80 hashes
	got, err := takeTurns(l.rounds, l.side(func() (float64, error) {
		return driven(ctx, conns, round, func(worker int) error { return l.signInNext(conns[worker]) })
	}), hash.side(func() (float64, error) { return hash.rate(round) }))
	if err != nil {
		return err
	}
	l.table.add(l.db, line{
		Figure: figureSignIns, Measured: got.measured, Unit: "/s", Limit: got.limit, Ratio: got.ratio, AtLeast: 0.95,
		Note: fmt.Sprintf("%d at a time, %s; the limit is the hash alone. %s", atDoor, ownParams, got.cost),
	})
	return nil
}

func (l *load) signInNext(c *client) error {
	a, err := c.do(signIn(houseSlug, int(l.next.Add(1)-1)%housePeers))
	if err != nil {
		return err
	}
	if a.status != 201 {
		return fmt.Errorf("a sign-in was answered %d: %s", a.status, a.body)
	}
	g, err := readGrant(a.body)
	l.mu.Lock()
	l.grants = append(l.grants, g)
	l.mu.Unlock()
	return err
}

// sessions are those the checks go through. Their tokens live for minutes,
// much longer than this takes.
func (l *load) sessions() (list []check) {
	for _, g := range l.grants[:min(len(l.grants), 200)] {
		list = append(list, checkOf(g))
	}
	return list
}

// checks: clients ask whose their sessions are, each time another one.
func (l *load) checks(ctx context.Context) error {
	checks := l.sessions()
	got, err := l.besideNothing(ctx, inTurn(checks))
	if err != nil {
		return err
	}
	l.table.add(l.db, line{
		Figure: figureChecks, Measured: got.measured, Unit: "/s", Limit: got.limit, Ratio: got.ratio, AtLeast: 0.5,
		Note: fmt.Sprintf("%d clients, %d sessions in turn. %s", clients, len(checks), got.cost),
	})
	return nil
}

func wantStatus(a answer, status int) error {
	if a.status != status {
		return fmt.Errorf("answered %d, not %d: %s", a.status, status, a.body)
	}
	return nil
}

func expect(c *client, request []byte, status int) error {
	a, err := c.do(request)
	if err == nil {
		err = wantStatus(a, status)
	}
	return err
}

// refreshes: each client renews its own session with the newest token.
func (l *load) refreshes(ctx context.Context) error {
	own := slices.Clone(l.grants[len(l.grants)-clients:])
	got, err := l.besideCommits(ctx, func(c *client, worker int) error { return own[worker].refresh(c) })
	if err != nil {
		return err
	}
	l.table.add(l.db, line{
		Figure: figureRefreshes, Measured: got.measured, Unit: "/s", Limit: got.limit, Ratio: got.ratio, AtLeast: 0.7,
		Note: fmt.Sprintf("%d clients, each with its own session and newest token; the limit is as many updates of one row each at a time. %s", clients, got.cost),
	})
	return nil
}

// changes: each client changes the name of its own profile, which leaves an
// event in the audit trail in the same transaction.
func (l *load) changes(ctx context.Context) error {
	var times [clients]int
	got, err := l.besideCommits(ctx, func(c *client, worker int) error {
		times[worker]++
		body := fmt.Appendf(nil, `{"name":"Walker %d of %d"}`, times[worker], worker)
		return expect(c, request("PATCH", "/api/v1/me", body, "Authorization: Bearer "+l.grants[worker].AccessToken), 200)
	})
	if err != nil {
		return err
	}
	l.table.add(l.db, line{
		Figure: figureChanges, Measured: got.measured, Unit: "/s", Limit: got.limit, Ratio: got.ratio, AtLeast: 0.1,
		Note: fmt.Sprintf("%d clients, each changes its own profile; the limit is as many updates of one row each at a time. %s", clients, got.cost),
	})
	return nil
}
