package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/secret"
)

//go:embed migrations/*.sql
var migrations embed.FS

const (
	createMigrations = `CREATE TABLE IF NOT EXISTS migrations (name TEXT PRIMARY KEY, applied_at BIGINT NOT NULL)`
	insertMigration  = `INSERT INTO migrations (name, applied_at) VALUES ($1, $2)`
)

// Migrate brings the database at address up to date, as Make does.
func Migrate(ctx context.Context, address, owner string, sealing secret.SealingKeys) error {
	_, err := Make(ctx, address, owner, sealing)
	return err
}

// Make brings the database at address up to date, and makes it, with a root
// secret sealed by sealing, when there is none; made tells that it did. Any
// number of nodes may do so at once. owner is the address used for it where
// the tables belong to somebody else; empty means address itself. What is up
// to date asks no more of address than serving does. Errors are those Open
// has about schemas, and ErrMayNotMigrate.
func Make(ctx context.Context, address, owner string, sealing secret.SealingKeys) (made bool, err error) {
	defer problem.Wrap(&err, "migrate")
	if path, embedded := SQLitePath(address); embedded {
		return migrateSQLite(ctx, path, sealing)
	}
	return makePostgres(ctx, address, owner, sealing)
}

// migrationNames are the migrations both databases share, in their order. A
// published migration is never edited; a new one follows it.
func migrationNames() (names []string) {
	files, err := fs.Glob(migrations, "migrations/*.sql") // sorted
	if err != nil {
		panic(err) // the pattern is ours
	}
	for _, file := range files {
		if name := filepath.Base(file); strings.Count(name, ".") == 1 {
			names = append(names, name)
		}
	}
	return names
}

// texts are a migration's statements for one database.
func (d dialect) texts(name string) (list []string, err error) {
	shared, err := migrations.ReadFile("migrations/" + name)
	if err != nil {
		return nil, err
	}
	list = append(list, strings.ReplaceAll(string(shared), " TEXT", " "+d.text))
	extra, err := migrations.ReadFile("migrations/" + strings.TrimSuffix(name, ".sql") + d.extra)
	if errors.Is(err, fs.ErrNotExist) {
		return list, nil
	}
	return append(list, string(extra)), err
}

// migrator is what the two databases differ in while migrating: one open
// transaction, or connection, that nobody else can have at the same time.
type migrator struct {
	dialect dialect
	exec    func(sql string, args ...any) error
	applied func() ([]string, error)
}

func (m migrator) run(sealing secret.SealingKeys) (made bool, err error) {
	if err := m.exec(createMigrations); err != nil {
		return false, err
	}
	applied, err := m.applied()
	if err != nil {
		return false, err
	}
	if err := compareSchema(applied); errors.Is(err, ErrNewSchema) {
		return false, err
	}
	for _, name := range migrationNames() {
		if slices.Contains(applied, name) {
			continue
		}
		texts, err := m.dialect.texts(name)
		if err != nil {
			return false, err
		}
		for _, text := range texts {
			if err := m.exec(text); err != nil {
				return false, fmt.Errorf("%s: %w", name, err)
			}
		}
		if err := m.exec(insertMigration, name, micros(time.Now())); err != nil {
			return false, err
		}
	}
	if len(applied) > 0 {
		return false, nil
	}
	return true, m.exec(insertRoot, string(identity.Nowhere), sealing.SealRoot(secret.NewRoot()))
}

func migrateSQLite(ctx context.Context, path string, sealing secret.SealingKeys) (made bool, err error) {
	_, err = os.Stat(path)
	fresh := errors.Is(err, os.ErrNotExist)
	if fresh { // nobody else may read what will be in it
		f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
		if err != nil {
			return false, err
		}
		f.Close()
	}
	if err := ours(ctx, path); err != nil {
		return false, err
	}
	db, err := sql.Open("sqlite", sqliteAddress(path)+"&_txlock=immediate")
	if err != nil {
		return false, err
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return false, err
	}
	defer tx.Rollback() // after Commit this does nothing
	made, err = inSQLite(ctx, tx).run(sealing)
	if err != nil {
		return false, err
	}
	return made, tx.Commit()
}

func inSQLite(ctx context.Context, tx *sql.Tx) migrator {
	return migrator{
		dialect: sqliteDialect,
		exec: func(text string, args ...any) error {
			_, err := tx.ExecContext(ctx, text, args...)
			return err
		},
		applied: func() (names []string, err error) {
			rows, err := tx.QueryContext(ctx, appliedMigrations)
			if err != nil {
				return nil, err
			}
			defer rows.Close()
			for rows.Next() {
				var name string
				if err := rows.Scan(&name); err != nil {
					return nil, err
				}
				names = append(names, name)
			}
			return names, rows.Err()
		},
	}
}
