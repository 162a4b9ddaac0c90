package store

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/secret"
)

// ErrMayNotMigrate says that the role of an address owns nothing it could
// change.
var ErrMayNotMigrate = problem.New(problem.Conflict, "may_not_migrate", "The role of this address may not migrate the database.")

// migrationLock is the advisory lock nodes queue up at; roles belong to the
// whole cluster, so one number serves every schema.
const migrationLock = `SELECT pg_advisory_lock(7307199260)`

// makePostgres leaves what is up to date alone: the role that serves owns
// nothing, and may not so much as make what is there already.
func makePostgres(ctx context.Context, address, owner string, sealing secret.SealingKeys) (made bool, err error) {
	config, err := parseAddress(address)
	if err != nil {
		return false, fmt.Errorf("the database address is not right: %w", err)
	}
	login, pending := config.User, reached(current(ctx, address))
	if owner == "" {
		owner, login = address, ""
	}
	switch {
	case pending == nil, errors.Is(pending, ErrNewSchema), errors.Is(pending, ErrNoAnswer) && owner == address:
		return false, pending
	}
	made, err = migratePostgres(ctx, owner, login, sealing)
	switch {
	case sqlState(err) == "42501" && owner != address:
		return false, ErrMayNotMigrate.Because("The role of --migrate-database may not migrate the database (%s).", oneLine(err))
	case sqlState(err) == "42501":
		return false, ErrMayNotMigrate.Because("The role of this address may not migrate the database (%s): give the owner's with --migrate-database, "+
			"or run “vestibule migrate” elsewhere and start with --migrate=false.", oneLine(err))
	}
	return made, reached(err)
}

// current asks whether there is nothing to migrate, as the role that serves.
func current(ctx context.Context, address string) error {
	s, err := connect(ctx, address)
	if err != nil {
		return err
	}
	applied, err := s.applied(ctx)
	if err == nil {
		err = compareSchema(applied)
	}
	return errors.Join(err, s.Close())
}

func migratePostgres(ctx context.Context, owner, login string, sealing secret.SealingKeys) (made bool, err error) {
	config, err := parseAddress(owner)
	if err != nil {
		return false, fmt.Errorf("the owner's database address is not right: %w", err)
	}
	c, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return false, err
	}
	defer c.Close(context.WithoutCancel(ctx)) // gives the lock back
	if _, err := c.Exec(ctx, migrationLock); err != nil {
		return false, err
	}
	err = pgx.BeginFunc(ctx, c, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, setTenant, string(identity.Nowhere)); err != nil {
			return err
		}
		var err error
		if made, err = inPostgres(ctx, tx).run(sealing); err != nil {
			return err
		}
		return admitLogin(ctx, tx, login)
	})
	return made, err
}

func inPostgres(ctx context.Context, tx pgx.Tx) migrator {
	return migrator{
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

// parseAddress reads an address as the pool does, whose own settings
// (pool_max_conns) are none of the server's.
func parseAddress(address string) (*pgx.ConnConfig, error) {
	config, err := pgxpool.ParseConfig(address)
	if err != nil {
		return nil, err
	}
	return config.ConnConfig, nil
}
