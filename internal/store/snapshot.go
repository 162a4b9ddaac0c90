package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/problem"
)

// A snapshotter reads a tenant as it stood at one moment, while others write.
type snapshotter interface {
	snapshot(ctx context.Context, tenant identity.TenantID, read func(conn) error) error
}

// Snapshot hands read the tenant as it stands now: whatever others change
// meanwhile, it does not see. read takes seconds, not minutes, for the database
// keeps what is old as long.
func (t Tenant) Snapshot(ctx context.Context, read func(Tenant) error) (err error) {
	defer problem.Wrap(&err, "snapshot of %s", t.id)
	if t.inTx {
		return errors.New("store: Snapshot called inside a Tx")
	}
	e, ok := t.store.engine.(snapshotter)
	if !ok {
		return errors.New("store: the engine has no snapshots")
	}
	return t.store.dialect.explain(e.snapshot(ctx, t.id, func(c conn) error {
		return read(Tenant{id: t.id, store: t.store, send: c.run, inTx: true})
	}))
}

// A sqliteSnapshot is one connection with a transaction that only reads.
type sqliteSnapshot struct{ stmts *statements }

func (s sqliteSnapshot) run(ctx context.Context, _ identity.TenantID, steps ...step) error {
	return s.stmts.run(ctx, steps)
}

func (e *sqliteEngine) snapshot(ctx context.Context, _ identity.TenantID, read func(conn) error) error {
	c, err := e.pool.Conn(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	s := sqliteSnapshot{&statements{prepare: c.PrepareContext}}
	defer s.stmts.close()
	if err := s.stmts.step(ctx, command("BEGIN", nil, nil)); err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	defer rollback(c)
	return read(s)
}

// rollback ends a transaction that has only read; where it fails, the
// connection is of no use to others.
func rollback(c *sql.Conn) {
	if _, err := c.ExecContext(context.Background(), "ROLLBACK"); err != nil {
		_ = c.Raw(func(any) error { return driver.ErrBadConn })
	}
}

// A pgSnapshot is one connection with a transaction that only reads.
type pgSnapshot struct{ conn *pgx.Conn }

func (s pgSnapshot) run(ctx context.Context, _ identity.TenantID, steps ...step) error {
	return send(ctx, s.conn, steps)
}

func (p *postgres) snapshot(ctx context.Context, tenant identity.TenantID, read func(conn) error) error {
	c, err := p.pool.Acquire(ctx)
	if err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	defer c.Release()
	begin := append([]step{command("begin isolation level repeatable read read only", nil, nil)}, scoped(tenant)...)
	if err := send(ctx, c.Conn(), begin); err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	defer func() {
		if _, err := c.Conn().Exec(context.WithoutCancel(ctx), "rollback"); err != nil {
			c.Conn().Close(context.WithoutCancel(ctx)) // the pool makes a new one
		}
	}()
	return read(pgSnapshot{c.Conn()})
}
