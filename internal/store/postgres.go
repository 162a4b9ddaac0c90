package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/vestibule-id/vestibule/internal/identity"
)

// appRole is the role every connection takes, whatever role the address
// names: neither superuser nor owner, so row-level security binds it.
const appRole = "vestibule_app"

// setTenant names the tenant to row-level security until the transaction ends.
const setTenant = `SELECT set_config('app.tenant_id', $1, true)`

// postgres sends the tenant and its statements in one round trip; outside a
// transaction of its own such a batch is one implicit transaction.
type postgres struct {
	pool   *pgxpool.Pool
	groups actGroups
}

func openPostgres(ctx context.Context, url string) (*postgres, error) {
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, fmt.Errorf("the database address is not right: %w", err)
	}
	params := config.ConnConfig.RuntimeParams
	params["role"] = appRole
	params["application_name"] = "vestibule"
	params["statement_timeout"] = "5000"
	params["lock_timeout"] = "2000"
	params["idle_in_transaction_session_timeout"] = "10000"
	if config.ConnConfig.ConnectTimeout == 0 {
		config.ConnConfig.ConnectTimeout = 5 * time.Second
	}
	if !strings.Contains(url, "pool_max_conns") {
		config.MaxConns = max(config.MaxConns, 16) // a sign-in waits for its turn, not for a connection
	}
	config.MaxConnIdleTime = 10 * time.Minute
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, err
	}
	return &postgres{pool: pool}, nil
}

func (p *postgres) read(ctx context.Context, tenant identity.TenantID, steps ...step) error {
	c, err := p.pool.Acquire(ctx)
	if err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	defer c.Release()
	return send(ctx, c.Conn(), append(scoped(tenant), steps...))
}

func (p *postgres) tx(ctx context.Context, tenant identity.TenantID, change func(conn) error) (err error) {
	if err := ctx.Err(); err != nil {
		return err
	}
	ours, cancel := finishing(ctx)
	defer cancel()
	c, err := p.pool.Acquire(ctx)
	if err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	defer c.Release()
	tx := &pgTx{conn: c.Conn(), ctx: ours}
	committed := false
	defer func() {
		if !committed && tx.begun { // also after a panic
			_, _ = tx.conn.Exec(ours, "rollback") // where that fails, Release destroys the connection: it is not idle
		}
	}()
	if err := change(tx); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := tx.commit(tenant); err != nil {
		return err
	}
	committed = true
	return nil
}

// finishing is ctx without its end, but not for ever: what has been begun is
// finished although nobody waits for it any more.
func finishing(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), 15*time.Second)
}

// A pgTx begins with its first statement and puts off what may wait.
type pgTx struct {
	conn    *pgx.Conn
	ctx     context.Context
	begun   bool
	waiting []step
}

func (tx *pgTx) run(_ context.Context, tenant identity.TenantID, steps ...step) error {
	tx.waiting = append(tx.waiting, steps...)
	if steps[len(steps)-1].later {
		return nil
	}
	return tx.flush(tenant)
}

func (tx *pgTx) flush(tenant identity.TenantID, more ...step) error {
	steps := append(tx.waiting, more...)
	tx.waiting = nil
	if !tx.begun {
		steps = slices.Concat([]step{command("begin", nil, nil)}, scoped(tenant), steps)
		tx.begun = true
	}
	return send(tx.ctx, tx.conn, steps)
}

// errAborted is what a change gets that went on after one of its statements
// had failed.
var errAborted = errors.New("store: a statement of the transaction has failed")

func (tx *pgTx) commit(tenant identity.TenantID) error {
	if !tx.begun && len(tx.waiting) == 0 {
		return nil
	}
	if tx.conn.PgConn().TxStatus() == 'E' { // COMMIT would roll back and not say so
		return errAborted
	}
	return tx.flush(tenant, command("commit", nil, nil))
}

// scoped is the step before the steps of a tenant.
func scoped(tenant identity.TenantID) []step {
	if tenant == unscoped {
		return nil
	}
	return []step{command(setTenant, []any{string(tenant)}, nil)}
}

// send sends steps in one round trip and hands their rows out.
func send(ctx context.Context, c *pgx.Conn, steps []step) error {
	results := queue(ctx, c, steps)
	defer results.Close()
	for _, st := range steps {
		if err := receive(results, st); err != nil {
			return err
		}
	}
	return results.Close()
}

func queue(ctx context.Context, c *pgx.Conn, steps []step) pgx.BatchResults {
	b := &pgx.Batch{QueuedQueries: make([]*pgx.QueuedQuery, 0, len(steps))}
	for _, st := range steps {
		b.Queue(st.sql, st.args...)
	}
	return c.SendBatch(ctx, b)
}

func receive(results pgx.BatchResults, st step) error {
	if st.scan == nil {
		tag, err := results.Exec()
		if st.affected != nil {
			*st.affected = tag.RowsAffected()
		}
		return err
	}
	rows, err := results.Query()
	if err != nil {
		return err
	}
	defer rows.Close()
	return each(rows, st.scan)
}
