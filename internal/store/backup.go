package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/vestibule-id/vestibule/internal/problem"
)

// What can be wrong with a copy of the embedded database.
var (
	ErrFileExists = problem.New(problem.Conflict, "file_exists", "There is a file of that name already; a backup overwrites nothing.")
	ErrInUse      = problem.New(problem.Conflict, "database_in_use", "Another program has the database open. Stop it first.")
	ErrDamaged    = problem.New(problem.Conflict, "database_damaged", "The file is damaged.")
)

// CopySQLite writes a consistent copy of the SQLite file at path into a new
// file that only its owner may read, while others read and write the database.
// There is never a half copy under the new name: it is written beside it, made
// durable, and takes the name last. ErrFileExists when the name is taken.
func CopySQLite(ctx context.Context, path, to string) (err error) {
	defer problem.Wrap(&err, "copy database")
	claim, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if errors.Is(err, os.ErrExist) {
		return ErrFileExists
	} else if err != nil {
		return err
	}
	claim.Close()
	part, err := os.CreateTemp(filepath.Dir(to), ".vestibule-backup-*") // mode 0600
	if err != nil {
		return errors.Join(err, os.Remove(to))
	}
	part.Close()
	err = onSQLite(ctx, path, func(db *sql.DB) error {
		_, err := db.ExecContext(ctx, "VACUUM INTO $1", part.Name())
		return err
	})
	if err == nil {
		err = settle(part.Name(), to)
	}
	if err != nil {
		return errors.Join(err, os.Remove(part.Name()), os.Remove(to))
	}
	return nil
}

// settle makes a finished file durable and gives it its name.
func settle(part, name string) error {
	if err := syncFile(part); err != nil {
		return err
	}
	if err := os.Rename(part, name); err != nil {
		return err
	}
	return syncFile(filepath.Dir(name))
}

// syncFile makes a file, or the names in a folder, durable.
func syncFile(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// actingObjects are what could act by itself on the rows of a restored database.
const actingObjects = `SELECT COALESCE(sql, '') FROM sqlite_master WHERE type IN ('trigger', 'view')`

// foreignObjects counts those that no migration of ours makes, word for word.
func foreignObjects(ctx context.Context, db *sql.DB) (n int, err error) {
	var ours strings.Builder
	for _, name := range migrationNames() {
		texts, err := sqliteDialect.texts(name)
		if err != nil {
			return 0, err
		}
		for _, text := range texts {
			ours.WriteString(text)
		}
	}
	rows, err := db.QueryContext(ctx, actingObjects)
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	for rows.Next() {
		var made string
		if err := rows.Scan(&made); err != nil {
			return 0, err
		}
		if made == "" || !strings.Contains(ours.String(), made+";") {
			n++
		}
	}
	return n, rows.Err()
}

// CheckSQLite reads the whole SQLite file at path and reports the first thing
// wrong with it as ErrDamaged. Nobody else may have the file open.
func CheckSQLite(ctx context.Context, path string) (err error) {
	defer problem.Wrap(&err, "check database")
	var verdict string
	var foreign int
	err = onSQLite(ctx, path, func(db *sql.DB) error {
		if err := db.QueryRowContext(ctx, "PRAGMA integrity_check(1)").Scan(&verdict); err != nil {
			return err
		}
		foreign, err = foreignObjects(ctx, db)
		return err
	})
	if code := sqliteCode(err); code != 0 {
		return ErrDamaged.Because("The file is not a whole database (%v).", err)
	} else if err != nil {
		return err
	}
	if verdict != "ok" {
		return ErrDamaged.Because("The file is damaged: %s.", verdict)
	}
	if foreign > 0 {
		return ErrDamaged.Because("The file has triggers or views that no database of Vestibule has: somebody has put them there.")
	}
	return nil
}

// ReplaceSQLite puts the file at part in the place of the SQLite file at path,
// and keeps what was there under the name kept; all are in the same folder. At
// every moment there is a whole database at path, the old or the new one, and
// an old write-ahead log never meets the new file. ErrInUse when somebody has
// one of them open; then nothing has changed.
func ReplaceSQLite(ctx context.Context, part, path, kept string) (err error) {
	defer problem.Wrap(&err, "replace database")
	if err := takeLogIn(ctx, part); err != nil {
		return err
	}
	if _, err := os.Stat(path); err == nil {
		if err := setAside(ctx, path, kept); err != nil {
			return err
		}
	} else if !errors.Is(err, os.ErrNotExist) {
		return err
	}
	for _, log := range []string{"-wal", "-shm"} {
		if err := os.Remove(path + log); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return settle(part, path)
}

// setAside gives the old database a second name. A damaged one may not let its
// log be written into it; the log is then kept beside it.
func setAside(ctx context.Context, path, kept string) error {
	damaged := takeLogIn(ctx, path)
	if errors.Is(damaged, ErrInUse) {
		return damaged
	}
	if err := os.Link(path, kept); err != nil {
		return err
	}
	if damaged != nil {
		if err := os.Rename(path+"-wal", kept+"-wal"); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return syncFile(filepath.Dir(path))
}

// takeLogIn writes a file's write-ahead log into it and removes the log, which
// SQLite does for whoever is alone with the file.
func takeLogIn(ctx context.Context, path string) error {
	var mode string
	err := onSQLite(ctx, path, func(db *sql.DB) error {
		return db.QueryRowContext(ctx, "PRAGMA journal_mode = DELETE").Scan(&mode)
	})
	if sqliteDialect.transient(err) || err == nil && mode == "wal" {
		return ErrInUse
	}
	return err
}

// close gives up statements prepared on one connection: unlike those of a
// pool they are nobody else's to close, and keep the file open for ever.
func (s *statements) close() {
	s.known.Range(func(_, stmt any) bool {
		stmt.(*sql.Stmt).Close()
		return true
	})
}

// onSQLite opens a file that must exist, for one thing.
func onSQLite(ctx context.Context, path string, do func(*sql.DB) error) error {
	if _, err := os.Stat(path); err != nil {
		return err
	}
	db, err := sql.Open("sqlite", sqliteAddress(path))
	if err != nil {
		return err
	}
	db.SetMaxOpenConns(1)
	if err := do(db); err != nil {
		return errors.Join(err, db.Close())
	}
	if err := db.Close(); err != nil {
		return fmt.Errorf("close %s: %w", path, err)
	}
	return nil
}
