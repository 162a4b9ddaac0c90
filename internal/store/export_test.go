package store

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/vestibule-id/vestibule/internal/identity"
)

// What tests outside the package need to see or do past its walls.

const sealedPasswords = `SELECT password FROM users WHERE tenant_id = $1 ORDER BY id`

// SealedPasswords reads password columns as they stand.
func SealedPasswords(t *testing.T, s *Store, tenant Tenant) (list [][]byte) {
	t.Helper()
	err := tenant.all(t.Context(), sealedPasswords, func(r row) error {
		var sealed []byte
		err := r.Scan(&sealed)
		list = append(list, sealed)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

const plantPassword = `INSERT INTO users (tenant_id, id, email, email_folded, extension, name, name_folded, role, status, password, password_kind, created_at)
	VALUES ($1, 'usr_ann', '', '', '', '', '', 'user', 'active', $2, 'bcrypt:5', 0)`

// PlantPassword makes a user with a password column copied from elsewhere.
func PlantPassword(t *testing.T, s *Store, tenant Tenant, sealed []byte) {
	t.Helper()
	err := tenant.Tx(t.Context(), func(tx *Tx) error {
		_, err := tx.exec(t.Context(), plantPassword, sealed)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// Exec runs any statement in a transaction of the tenant.
func (tx *Tx) Exec(ctx context.Context, sql string, args ...any) error {
	_, err := tx.exec(ctx, sql, args...)
	return err
}

// What else the tests compare with.
var (
	MigrationNames = migrationNames
	ErrNoRoot      = errNoRoot
)

// CountRepeats counts the transactions a store gives up to make them again.
func CountRepeats(s *Store) *atomic.Int64 {
	var n atomic.Int64
	transient := s.dialect.transient
	s.dialect.transient = func(err error) bool {
		again := transient(err)
		if again {
			n.Add(1)
		}
		return again
	}
	return &n
}

// Raw runs any statement with nothing bound.
func (tx *Tx) Raw(ctx context.Context, sql string) error {
	return tx.send(ctx, tx.id, command(sql, nil, nil))
}

// Queued says how many changes wait for SQLite's writer.
func Queued(s *Store) int { return len(s.engine.(*sqliteEngine).writer.queue) }

// CurrentRole is the role the store's connections have.
func CurrentRole(t *testing.T, s *Store) (role string, err error) {
	t.Helper()
	var above, open bool
	err = s.engine.read(t.Context(), unscoped, query(currentRole, nil, into(&role, &above, &open)))
	return role, err
}

// Count runs a query for one number, with nothing bound but args.
func Count(t *testing.T, s *Store, tenant identity.TenantID, sql string, args ...any) (n int64, err error) {
	t.Helper()
	err = s.engine.read(t.Context(), tenant, query(sql, args, into(&n)))
	return n, err
}

// Plans are how the database would run the look-ups by name a sign-in waits
// for; PostgreSQL as if there were many users.
func Plans(t *testing.T, s *Store) map[string]string {
	t.Helper()
	plans := map[string]string{}
	tenant := s.Tenant(identity.NewTenantID())
	for name, sql := range map[string]string{
		"userByID": userByID, "userByEmail": userByEmail, "userByExtension": userByExtension,
		"candidatesByEmail": candidatesByEmail, "candidatesByExtension": candidatesByExtension,
	} {
		explain, prepare, columns := "EXPLAIN ", "SET LOCAL enable_seqscan = off", []any{}
		if s.dialect.name == sqliteDialect.name {
			explain, prepare, columns = "EXPLAIN QUERY PLAN ", "SELECT 1", []any{new(any), new(any), new(any)}
		}
		err := tenant.Tx(t.Context(), func(tx *Tx) error {
			return tx.send(t.Context(), tx.id, command(prepare, nil, nil), query(explain+sql, tx.bind([]any{"x", int64(1)}[:strings.Count(sql, "$3 ")/max(1, strings.Count(sql, "$3 "))+1]), func(r row) error {
				var line string
				err := r.Scan(append(columns, &line)...)
				plans[name] += line + "\n"
				return err
			}))
		})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
	}
	return plans
}
