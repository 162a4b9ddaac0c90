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

	"github.com/jackc/pgx/v5"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/secret"
)

//go:embed migrations/*.sql
var migrations embed.FS

const (
	createMigrations = `CREATE TABLE IF NOT EXISTS migrations (name TEXT PRIMARY KEY, applied_at BIGINT NOT NULL)`
	insertMigration  = `INSERT INTO migrations (name, applied_at) VALUES ($1, $2)`

	// migrationLock is the advisory lock nodes queue up at; roles belong to the
	// whole cluster, so one number serves every schema.
	migrationLock = `SELECT pg_advisory_lock(7307199260)`
)

// Migrate brings the database at address up to date, and makes it, with a
// root secret sealed by sealing, when there is none. Any number of nodes may
// do so at once. owner is the address used for it where the tables belong to
// somebody else; empty means address itself.
func Migrate(ctx context.Context, address, owner string, sealing secret.SealingKeys) (err error) {
	defer problem.Wrap(&err, "migrate")
	if path, embedded := SQLitePath(address); embedded {
		return migrateSQLite(ctx, path, sealing)
	}
	login := ""
	if owner == "" {
		owner = address
	} else if config, err := pgx.ParseConfig(address); err != nil {
		return fmt.Errorf("the database address is not right: %w", err)
	} else {
		login = config.User
	}
	return migratePostgres(ctx, owner, login, sealing)
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

func (m migrator) run(sealing secret.SealingKeys) error {
	if err := m.exec(createMigrations); err != nil {
		return err
	}
	applied, err := m.applied()
	if err != nil {
		return err
	}
	if err := compareSchema(applied); errors.Is(err, ErrNewSchema) {
		return err
	}
	for _, name := range migrationNames() {
		if slices.Contains(applied, name) {
			continue
		}
		texts, err := m.dialect.texts(name)
		if err != nil {
			return err
		}
		for _, text := range texts {
			if err := m.exec(text); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
		}
		if err := m.exec(insertMigration, name, micros(time.Now())); err != nil {
			return err
		}
	}
	if len(applied) > 0 {
		return nil
	}
	return m.exec(insertRoot, string(identity.Nowhere), sealing.SealRoot(secret.NewRoot()))
}

func migrateSQLite(ctx context.Context, path string, sealing secret.SealingKeys) (err error) {
	_, err = os.Stat(path)
	fresh := errors.Is(err, os.ErrNotExist)
	if fresh { // nobody else may read what will be in it
		f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
		if err != nil {
			return err
		}
		f.Close()
	}
	if err := ours(ctx, path); err != nil {
		return err
	}
	db, err := sql.Open("sqlite", sqliteAddress(path)+"&_txlock=immediate")
	if err != nil {
		return err
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() // after Commit this does nothing
	err = migrator{
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
	}.run(sealing)
	if err != nil {
		return err
	}
	return tx.Commit()
}

func migratePostgres(ctx context.Context, owner, login string, sealing secret.SealingKeys) error {
	config, err := pgx.ParseConfig(owner)
	if err != nil {
		return fmt.Errorf("the database address is not right: %w", err)
	}
	c, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return err
	}
	defer c.Close(context.WithoutCancel(ctx)) // gives the lock back
	if _, err := c.Exec(ctx, migrationLock); err != nil {
		return err
	}
	return pgx.BeginFunc(ctx, c, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, setTenant, string(identity.Nowhere)); err != nil {
			return err
		}
		m := migrator{
			dialect: postgresDialect,
			exec: func(text string, args ...any) error {
				_, err := tx.Exec(ctx, text, args...)
				return err
			},
			applied: func() ([]string, error) {
				rows, err := tx.Query(ctx, appliedMigrations)
				if err != nil {
					return nil, err
				}
				return pgx.CollectRows(rows, pgx.RowTo[string])
			},
		}
		if err := m.run(sealing); err != nil {
			return err
		}
		return admitLogin(ctx, tx, login)
	})
}

const setLogin = `SELECT set_config('app.login', $1, true)`

const grantRole = `DO $$ BEGIN
	IF NOT pg_has_role(current_setting('app.login'), 'vestibule_app',
			CASE WHEN current_setting('server_version_num')::int >= 160000 THEN 'SET' ELSE 'MEMBER' END) THEN
		EXECUTE format('GRANT vestibule_app TO %I', current_setting('app.login'));
	END IF;
END $$`

// admitLogin lets the role that serves, and the one that migrates, take the
// role that row-level security binds.
func admitLogin(ctx context.Context, tx pgx.Tx, login string) error {
	for _, role := range []string{login, tx.Conn().Config().User} {
		if role == "" {
			continue
		}
		if _, err := tx.Exec(ctx, setLogin, role); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, grantRole); err != nil {
			return fmt.Errorf("let %q take the role vestibule_app: %w", role, err)
		}
	}
	return nil
}
