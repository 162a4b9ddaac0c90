package store

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"sync"

	sqlite3 "modernc.org/sqlite/lib"

	"github.com/vestibule-id/vestibule/internal/identity"
)

// sqliteEngine reads on several connections at once and writes on one, whose
// changes share commits (sqlite_writer.go).
type sqliteEngine struct {
	pool    *sql.DB // of the readers
	readers *statements
	writer  *sqliteWriter
}

const sqliteReaders = 4

func openSQLite(ctx context.Context, path string) (*sqliteEngine, func() error, error) {
	readers, err := sql.Open("sqlite", sqliteAddress(path, "query_only(1)"))
	if err != nil {
		return nil, nil, err
	}
	readers.SetMaxOpenConns(sqliteReaders)
	readers.SetMaxIdleConns(sqliteReaders)
	pool, err := sql.Open("sqlite", sqliteAddress(path))
	if err != nil {
		readers.Close()
		return nil, nil, err
	}
	pool.SetMaxOpenConns(1)
	writer, err := startSQLiteWriter(ctx, pool)
	if err != nil {
		readers.Close()
		pool.Close()
		return nil, nil, err
	}
	e := &sqliteEngine{pool: readers, readers: &statements{prepare: readers.PrepareContext}, writer: writer}
	return e, func() error {
		writer.stop()
		err := readers.Close()
		if perr := pool.Close(); err == nil {
			err = perr
		}
		return err
	}, nil
}

// sqliteAddress is the driver's address for the file at path. synchronous=FULL
// because an answered change must survive a power cut.
func sqliteAddress(path string, pragmas ...string) string {
	q := url.Values{}
	for _, p := range append([]string{"busy_timeout(5000)", "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)", "trusted_schema(0)"}, pragmas...) {
		q.Add("_pragma", p)
	}
	return "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + q.Encode()
}

const foreignTables = `SELECT COUNT(*), COALESCE(SUM(CASE WHEN name IN ('migrations', 'tenants', 'signing_keys') THEN 1 ELSE 0 END), 0) FROM sqlite_master WHERE type = 'table'`

// ours refuses a file that holds somebody else's tables. It only reads: our
// usual connections would turn the file into a write-ahead-logging one.
func ours(ctx context.Context, path string) error {
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: path}).EscapedPath()+"?mode=ro&_pragma=busy_timeout(5000)")
	if err != nil {
		return err
	}
	defer db.Close()
	var tables, known int
	err = db.QueryRowContext(ctx, foreignTables).Scan(&tables, &known)
	switch {
	case sqliteCode(err)&0xff == sqlite3.SQLITE_NOTADB:
		return ErrForeignDB.Because("The file at that address is not a database.")
	case err == nil && tables > 0 && known < 3:
		return ErrForeignDB
	}
	return err
}

func (e *sqliteEngine) read(ctx context.Context, _ identity.TenantID, steps ...step) error {
	return e.readers.run(ctx, steps)
}

func (e *sqliteEngine) act(ctx context.Context, tenant identity.TenantID, steps ...step) error {
	return e.tx(ctx, tenant, func(c conn) error { return c.run(ctx, tenant, steps...) })
}

func (e *sqliteEngine) tx(ctx context.Context, _ identity.TenantID, change func(conn) error) error {
	return e.writer.do(ctx, change)
}

// statements keeps what has been prepared; an unprepared statement costs
// twice as much.
type statements struct {
	prepare func(context.Context, string) (*sql.Stmt, error)
	known   sync.Map // SQL text → *sql.Stmt
}

func (s *statements) get(ctx context.Context, text string) (*sql.Stmt, error) {
	if stmt, ok := s.known.Load(text); ok {
		return stmt.(*sql.Stmt), nil
	}
	stmt, err := s.prepare(ctx, text)
	if err != nil {
		return nil, fmt.Errorf("prepare: %w", err)
	}
	if other, raced := s.known.LoadOrStore(text, stmt); raced {
		stmt.Close()
		return other.(*sql.Stmt), nil
	}
	return stmt, nil
}

func (s *statements) run(ctx context.Context, steps []step) error {
	for _, st := range steps {
		if err := s.step(ctx, st); err != nil {
			return err
		}
	}
	return nil
}

func (s *statements) step(ctx context.Context, st step) error {
	stmt, err := s.get(ctx, st.sql)
	if err != nil {
		return err
	}
	if st.scan == nil {
		result, err := stmt.ExecContext(ctx, st.args...)
		if err == nil && st.affected != nil {
			*st.affected, err = result.RowsAffected()
		}
		return err
	}
	rows, err := stmt.QueryContext(ctx, st.args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	return each(rows, st.scan)
}
