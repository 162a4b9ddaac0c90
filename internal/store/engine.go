package store

import (
	"context"

	"github.com/vestibule-id/vestibule/internal/identity"
)

// An engine is how statements travel and commit; there are two, SQLite and
// PostgreSQL. Each call is one round trip where the database has any.
type engine interface {
	// read runs steps outside a transaction.
	read(ctx context.Context, tenant identity.TenantID, steps ...step) error
	// act runs steps as one transaction and returns once it is durable.
	act(ctx context.Context, tenant identity.TenantID, steps ...step) error
	// tx runs change in a transaction and returns once it is durable.
	tx(ctx context.Context, tenant identity.TenantID, change func(conn) error) error
}

// A conn is an open transaction.
type conn interface {
	run(ctx context.Context, tenant identity.TenantID, steps ...step) error
}

// A step is one statement. Exactly one of scan and affected is looked at:
// scan is called for each row a query answers.
type step struct {
	sql      string
	args     []any
	scan     scan
	affected *int64
	later    bool // may wait for the next step, or the commit
}

type row interface{ Scan(...any) error }

type scan func(row) error

// each hands the rows of a query over, as both drivers have them.
func each(rows interface {
	row
	Next() bool
	Err() error
}, scan scan) error {
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

func query(sql string, args []any, scan scan) step { return step{sql: sql, args: args, scan: scan} }

func command(sql string, args []any, affected *int64) step {
	return step{sql: sql, args: args, affected: affected}
}

// unscoped is the tenant of statements about the few tables without one.
const unscoped identity.TenantID = ""
