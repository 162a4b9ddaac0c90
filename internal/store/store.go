// Package store keeps everything the product remembers, in SQLite or
// PostgreSQL.
//
// All SQL is here, written once, in the part of the language both databases
// share. engine.go says how statements travel, sqlite.go and postgres.go how
// that is done, dialect.go holds the words that differ. Three types say what a
// caller may touch:
//
//	Store   the whole database: tenants, slugs, what is due, migrations
//	Tenant  one tenant, to read
//	Tx      one tenant, to read and change, in one transaction
//
// What rests in the database is sealed here too: password hashes are sealed
// when written and unsealed when read, so no caller can forget it.
package store

import (
	"context"
	"errors"
	"time"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/secret"
)

// Store is the whole database. Only the front door, the operator's commands
// and background workers hold one; everybody else is given a Tenant.
type Store struct {
	dialect dialect
	engine  engine
	keys    secret.Keys
	close   func() error

	enqueued chan struct{} // holds one when there is new work
}

// Keys are what the database's secrets are derived from.
func (s *Store) Keys() secret.Keys { return s.keys }

// Close gives the database back. Nothing may be under way.
func (s *Store) Close() error { return s.close() }

// Tenant narrows the store to one tenant.
func (s *Store) Tenant(id identity.TenantID) Tenant {
	return Tenant{id: id, store: s, send: s.engine.read}
}

// Nowhere is the reserved tenant.
func (s *Store) Nowhere() Tenant { return s.Tenant(identity.Nowhere) }

// Ping reports whether the database answers.
func (s *Store) Ping(ctx context.Context) error {
	var one int64
	return s.engine.read(ctx, unscoped, query(pingDatabase, nil, into(&one)))
}

const pingDatabase = `SELECT COUNT(*) FROM slugs WHERE slug = ''`

// Tenant reads the rows of one tenant; it cannot see another's.
type Tenant struct {
	id    identity.TenantID
	store *Store
	send  func(ctx context.Context, tenant identity.TenantID, steps ...step) error
	inTx  bool
	once  *Once // of a request that is to be done once; nil: none
}

// ID is the tenant's id.
func (t Tenant) ID() identity.TenantID { return t.id }

// Nowhere is the reserved tenant: what counts before any tenant is known
// counts there.
func (t Tenant) Nowhere() Tenant { return t.store.Nowhere() }

// Keys are what the tenant's secrets are derived from.
func (t Tenant) Keys() secret.Keys { return t.store.keys }

// Tx changes the rows of one tenant. All of it happens, or none.
type Tx struct {
	Tenant
	enqueued bool
}

// Tx runs change in a transaction and commits it if change returns nil.
// Nobody is answered before the commit is durable.
//
// change may run more than once, so it must touch nothing but tx and set its
// results last: letters go through the outbox, slow work (hashing, the
// network) happens before. It runs to its end even when ctx is cancelled
// meanwhile, but is then not committed.
func (t Tenant) Tx(ctx context.Context, change func(tx *Tx) error) error {
	if t.inTx {
		return errors.New("store: Tx called inside a Tx")
	}
	const attempts = 5
	for n := 1; ; n++ {
		enqueued := false
		err := t.store.engine.tx(ctx, t.id, func(c conn) error {
			tx := &Tx{Tenant: Tenant{id: t.id, store: t.store, send: c.run, inTx: true}}
			if t.once != nil {
				if err := tx.settle(ctx, *t.once); err != nil {
					return err
				}
			}
			err := change(tx)
			enqueued = tx.enqueued
			return err
		})
		if err == nil && enqueued {
			t.store.wake()
		}
		if err == nil || n == attempts || !t.store.dialect.transient(err) {
			return t.store.dialect.explain(err) // what was put off is explained only here
		}
		time.Sleep(time.Duration(n*n) * 5 * time.Millisecond)
	}
}

// Every statement about a tenant's rows passes through the methods below,
// which bind the tenant as $1. A statement that leaves $1 out is refused by
// TestEveryStatementNamesItsTenant.

func (t Tenant) bind(args []any) []any { return append([]any{string(t.id)}, args...) }

// one reads exactly one row, or answers problem.NotFound.
func (t Tenant) one(ctx context.Context, sql string, scan scan, args ...any) error {
	found := false
	err := t.send(ctx, t.id, query(sql, t.bind(args), func(r row) error {
		found = true
		return scan(r)
	}))
	if err == nil && !found {
		return problem.NotFound
	}
	return t.store.dialect.explain(err)
}

// all reads any number of rows.
func (t Tenant) all(ctx context.Context, sql string, scan scan, args ...any) error {
	return t.store.dialect.explain(t.send(ctx, t.id, query(sql, t.bind(args), scan)))
}

// exec changes any number of rows and says how many.
func (tx *Tx) exec(ctx context.Context, sql string, args ...any) (n int64, err error) {
	err = tx.send(ctx, tx.id, command(sql, tx.bind(args), &n))
	return n, tx.store.dialect.explain(err)
}

// execOne changes exactly one row, or answers problem.NotFound.
func (tx *Tx) execOne(ctx context.Context, sql string, args ...any) error {
	n, err := tx.exec(ctx, sql, args...)
	if err == nil && n == 0 {
		return problem.NotFound
	}
	return err
}

// later changes rows no later than at the commit; what it says of itself is
// not asked for. On PostgreSQL it costs no round trip of its own.
func (tx *Tx) later(ctx context.Context, sql string, args ...any) error {
	st := command(sql, tx.bind(args), nil)
	st.later = true
	return tx.store.dialect.explain(tx.send(ctx, tx.id, st))
}

// actOne is a whole transaction of one statement that answers one row, in one
// round trip, or problem.NotFound.
func (t Tenant) actOne(ctx context.Context, sql string, scan scan, args ...any) error {
	found := false
	err := t.store.engine.act(ctx, t.id, query(sql, t.bind(args), func(r row) error {
		found = true
		return scan(r)
	}))
	if err == nil && !found {
		return problem.NotFound
	}
	return t.store.dialect.explain(err)
}

// Times are stored as microseconds since 1970, so both databases compare and
// sort them alike; the zero time is 0.
func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

func instant(us int64) time.Time {
	if us == 0 {
		return time.Time{}
	}
	return time.UnixMicro(us).UTC()
}

func truth(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// A part is some columns of a row: where they go, and what is made of them
// once they are there.
type part struct {
	targets []any
	finish  func() error
}

func value(target any) part {
	return part{targets: []any{target}, finish: func() error { return nil }}
}

// read takes a row apart.
func read(r row, parts ...part) error {
	var targets []any
	for _, p := range parts {
		targets = append(targets, p.targets...)
	}
	if err := r.Scan(targets...); err != nil {
		return err
	}
	for _, p := range parts {
		if err := p.finish(); err != nil {
			return err
		}
	}
	return nil
}

// whole scans the one row of a query into parts.
func whole(parts ...part) scan { return func(r row) error { return read(r, parts...) } }

func into(targets ...any) scan { return func(r row) error { return r.Scan(targets...) } }
