package store

import (
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/vestibule-id/vestibule/internal/problem"
)

// ErrBusy says that the database had no turn for us in time.
var ErrBusy = problem.New(problem.Busy, "database_busy", "The database is too busy just now. Try again in a moment.")

// A dialect is everything that differs between the databases' words. A
// difference that does not fit here is a reason to write the statement
// differently, not to fork it.
type dialect struct {
	name      string
	text      string           // what TEXT is called in migrations: compared as bytes
	extra     string           // the migrations only this database has end so
	claim     string           // takes what is due; “SKIP LOCKED” is PostgreSQL's
	transient func(error) bool // running the transaction again may succeed
	duplicate func(error) bool // a UNIQUE constraint refused the row
	dangling  func(error) bool // a FOREIGN KEY constraint refused the row
	unheard   func(error) bool // the text cannot stand in the database, so nothing has it
	busy      func(error) bool // it took too long to get a turn
}

var sqliteDialect = dialect{
	name:      "sqlite",
	text:      "TEXT",
	extra:     ".sqlite.sql",
	claim:     claimDue,
	transient: func(err error) bool { return sqliteCode(err)&0xff == sqlite3.SQLITE_BUSY },
	duplicate: func(err error) bool {
		code := sqliteCode(err)
		return code == sqlite3.SQLITE_CONSTRAINT_UNIQUE || code == sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY
	},
	dangling: func(err error) bool { return sqliteCode(err) == sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY },
	unheard:  func(error) bool { return false },
	busy:     func(err error) bool { return sqliteCode(err)&0xff == sqlite3.SQLITE_BUSY },
}

var postgresDialect = dialect{
	name:  "postgres",
	text:  `TEXT COLLATE "C"`,
	extra: ".postgres.sql",
	claim: claimDueSkipping,
	transient: func(err error) bool {
		state := sqlState(err)
		return state == "40001" || state == "40P01" // serialization failure, deadlock
	},
	duplicate: func(err error) bool { return sqlState(err) == "23505" },
	dangling:  func(err error) bool { return sqlState(err) == "23503" },
	unheard:   func(err error) bool { return sqlState(err) == "22021" }, // not UTF-8, or NUL
	busy: func(err error) bool {
		state := sqlState(err)
		return state == "55P03" || state == "57014" || state == "53300" // lock or statement timeout, too many connections
	},
}

func sqliteCode(err error) int {
	e, ok := errors.AsType[*sqlite.Error](err)
	if !ok {
		return 0
	}
	return e.Code()
}

func sqlState(err error) string {
	e, ok := errors.AsType[*pgconn.PgError](err)
	if !ok {
		return ""
	}
	return e.Code
}

// explain turns the database's own errors into the problems callers know.
func (d dialect) explain(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, sql.ErrNoRows), errors.Is(err, pgx.ErrNoRows), d.dangling(err), d.unheard(err):
		return fmt.Errorf("%w (%v)", problem.NotFound, err)
	case d.duplicate(err):
		return fmt.Errorf("%w (%v)", problem.Exists, err)
	case d.busy(err):
		return fmt.Errorf("%w (%w)", ErrBusy.After(time.Second), err)
	}
	return err
}
