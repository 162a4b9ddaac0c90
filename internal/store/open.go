package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/secret"
)

// What can be wrong with a database before anything is asked of it.
var (
	ErrNoDatabase = problem.New(problem.Missing, "no_database", "There is no database at that address yet; “vestibule migrate” makes one.")
	ErrOldSchema  = problem.New(problem.Conflict, "database_older", "The database has an older schema; “vestibule migrate” brings it up to date.")
	ErrNewSchema  = problem.New(problem.Conflict, "database_newer", "The database has been used by a newer version of Vestibule; this one must not touch it.")
	ErrForeignDB  = problem.New(problem.Conflict, "not_vestibule", "There is a database at that address, but it is not Vestibule's.")
	ErrNoAnswer   = problem.New(problem.Conflict, "database_unreachable", "The database cannot be reached.")
	ErrBoundRole  = problem.New(problem.Conflict, "database_role", "The database does not bind this connection by row-level security.")
)

// SQLitePath returns the file of an address "sqlite:path".
func SQLitePath(address string) (path string, ok bool) {
	return strings.CutPrefix(address, "sqlite:")
}

// Open opens the database at address, "sqlite:path" or "postgres://…", which
// must have today's schema and a root secret one of sealing's keys opens.
func Open(ctx context.Context, address string, sealing secret.SealingKeys) (s *Store, err error) {
	defer problem.Wrap(&err, "open database")
	s, err = connect(ctx, address)
	if err != nil {
		return nil, err
	}
	if err := s.admit(ctx, sealing); err != nil {
		return nil, errors.Join(reached(err), s.Close())
	}
	return s, nil
}

// reached says in a sentence why a server let nobody in; other errors stay as
// they are.
func reached(err error) error {
	refused, ok := errors.AsType[*pgconn.ConnectError](err)
	if !ok || problem.Of(err) != nil {
		return err
	}
	sentence := "The database cannot be reached"
	switch sqlState(err) {
	case "28P01", "28000":
		sentence = "The database server does not take the address's user and password"
	case "3D000":
		sentence = "There is no database of that name on the server"
	}
	return ErrNoAnswer.Because("%s (%s).", sentence, oneLine(refused))
}

// oneLine is the text of an error without the line ends and tabs drivers put
// into theirs.
func oneLine(err error) string { return strings.Join(strings.Fields(err.Error()), " ") }

func connect(ctx context.Context, address string) (*Store, error) {
	path, embedded := SQLitePath(address)
	if !embedded {
		pg, err := openPostgres(ctx, address)
		if err != nil {
			return nil, err
		}
		return &Store{dialect: postgresDialect, engine: pg, close: func() error { pg.pool.Close(); return nil }, enqueued: make(chan struct{}, 1)}, nil
	}
	if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
		return nil, ErrNoDatabase
	} else if err != nil {
		return nil, err
	}
	if err := ours(ctx, path); err != nil {
		return nil, err
	}
	lite, closing, err := openSQLite(ctx, path)
	if err != nil {
		return nil, err
	}
	return &Store{dialect: sqliteDialect, engine: lite, close: closing, enqueued: make(chan struct{}, 1)}, nil
}

// admit checks schema, role and sealing key.
func (s *Store) admit(ctx context.Context, sealing secret.SealingKeys) error {
	applied, err := s.applied(ctx)
	if err != nil {
		return err
	}
	if err := compareSchema(applied); err != nil {
		return err
	}
	if err := s.bound(ctx); err != nil {
		return err
	}
	return s.unseal(ctx, sealing)
}

const appliedMigrations = `SELECT name FROM migrations ORDER BY name`

func (s *Store) applied(ctx context.Context) (names []string, err error) {
	err = s.engine.read(ctx, unscoped, query(appliedMigrations, nil, func(r row) error {
		var name string
		err := r.Scan(&name)
		names = append(names, name)
		return err
	}))
	switch state := sqlState(err); {
	case err == nil:
	case strings.Contains(err.Error(), "no such table"):
		return nil, ErrNoDatabase
	case state == "42P01":
		return nil, ErrNoDatabase.Because("The database has no Vestibule schema yet; “vestibule migrate” makes it.")
	case state == "42501", state == "22023": // may not take the role, or no such role
		return nil, ErrNoDatabase.Because("The database has no Vestibule schema yet, or none this address may use (%s); run “vestibule migrate”, with --migrate-database where the owner is somebody else.", oneLine(err))
	}
	return names, err
}

// compareSchema says whether a database with these migrations is today's.
func compareSchema(applied []string) error {
	known := migrationNames()
	for _, name := range applied {
		if !slices.Contains(known, name) {
			return ErrNewSchema
		}
	}
	if len(applied) < len(known) {
		return ErrOldSchema
	}
	return nil
}

// currentRole also looks for a table whose rows the policies do not guard.
const currentRole = `SELECT CURRENT_USER, rolsuper OR rolbypassrls, EXISTS (
	SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid
	WHERE n.nspname = current_schema() AND c.relkind = 'r' AND a.attname = 'tenant_id' AND c.relname NOT IN ('slugs', 'addresses')
		AND (c.relowner = r.oid OR NOT c.relrowsecurity OR NOT c.relforcerowsecurity))
	FROM pg_roles r WHERE rolname = CURRENT_USER`

// bound checks that row-level security binds us, whatever the address names.
func (s *Store) bound(ctx context.Context) error {
	if s.dialect.name != postgresDialect.name {
		return nil
	}
	var role string
	var above, open bool
	if err := s.engine.read(ctx, unscoped, query(currentRole, nil, into(&role, &above, &open))); err != nil {
		return err
	}
	if role != appRole || above || open {
		return ErrBoundRole.Because("Row-level security does not bind the role %q in every table.", role)
	}
	return nil
}

const (
	rootSecret = `SELECT sealed FROM secrets WHERE tenant_id = $1 AND name = 'root'`
	insertRoot = `INSERT INTO secrets (tenant_id, name, sealed) VALUES ($1, 'root', $2)`
	updateRoot = `UPDATE secrets SET sealed = $2 WHERE tenant_id = $1 AND name = 'root'`
)

var errNoRoot = problem.New(problem.Conflict, "root_missing", "The database has no root secret: part of it is missing, or Vestibule did not make it.")

// unseal opens the root secret, and seals it anew when the operator has put a
// newer key in front.
func (s *Store) unseal(ctx context.Context, sealing secret.SealingKeys) error {
	var sealed []byte
	err := s.Nowhere().one(ctx, rootSecret, into(&sealed))
	if errors.Is(err, problem.NotFound) {
		return errNoRoot
	} else if err != nil {
		return err
	}
	root, newest, err := sealing.OpenRoot(sealed)
	if err != nil {
		return err
	}
	s.keys = root.Keys()
	if newest {
		return nil
	}
	return s.Nowhere().Tx(ctx, func(tx *Tx) error {
		return tx.execOne(ctx, updateRoot, sealing.SealRoot(root))
	})
}

func (s *Store) String() string { return fmt.Sprintf("store(%s)", s.dialect.name) }
