// Package storetest opens stores for tests: a fresh SQLite file and a fresh
// PostgreSQL schema each time.
//
// VESTIBULE_TEST_DATABASES says which databases a run is about: "sqlite", or
// "both", which "make test" sets. VESTIBULE_TEST_POSTGRES is the address of a
// server where schemas may be made. A database that is asked for and is not
// there fails the test; none is ever skipped.
package storetest

import (
	"context"
	"crypto/rand"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/secret"
	"github.com/vestibule-id/vestibule/internal/store"
)

// Databases are the names of the databases this run is about: without
// VESTIBULE_TEST_DATABASES those whose address is known.
func Databases() []string {
	switch wanted := os.Getenv("VESTIBULE_TEST_DATABASES"); {
	case wanted == "both", wanted == "" && os.Getenv("VESTIBULE_TEST_POSTGRES") != "":
		return []string{"sqlite", "postgres"}
	case wanted == "postgres":
		return []string{"postgres"}
	}
	return []string{"sqlite"}
}

// Each runs test once per database, in a sub-test named after it.
func Each(t *testing.T, test func(t *testing.T, s *store.Store)) {
	t.Helper()
	EachAddress(t, func(t *testing.T, address string) { test(t, Open(t, address)) })
}

// EachAddress runs test once per database with the address of a fresh one
// that has the schema already. Several stores may be opened there: nodes.
func EachAddress(t *testing.T, test func(t *testing.T, address string)) {
	t.Helper()
	for _, name := range Databases() {
		t.Run(name, func(t *testing.T) { test(t, Address(t, name)) })
	}
}

// SQLite opens a fresh database for tests that do not care which one it is.
func SQLite(t testing.TB) *store.Store { return Open(t, Address(t, "sqlite")) }

// Address makes a fresh database, "sqlite" or "postgres", with the schema.
func Address(t testing.TB, name string) string {
	t.Helper()
	address := EmptyAddress(t, name)
	if err := store.Migrate(context.Background(), address, "", Sealing()); err != nil {
		t.Fatal(err)
	}
	return address
}

// EmptyAddress is where a database can be made.
func EmptyAddress(t testing.TB, name string) string {
	t.Helper()
	if name == "sqlite" {
		return "sqlite:" + filepath.Join(t.TempDir(), "test.db")
	}
	base := os.Getenv("VESTIBULE_TEST_POSTGRES")
	if base == "" {
		t.Fatal("VESTIBULE_TEST_POSTGRES is not set: “make postgres” starts a server and says what to set")
	}
	schema := "test_" + strings.ToLower(rand.Text())
	admin(t, base, "CREATE SCHEMA "+schema)
	t.Cleanup(func() { admin(t, base, "DROP SCHEMA "+schema+" CASCADE") })
	return with(t, base, "search_path", schema)
}

// Open opens the store at an address made by Address.
func Open(t testing.TB, address string) *store.Store {
	t.Helper()
	s, err := store.Open(context.Background(), address, Sealing())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// Sealing is the sealing key of test databases.
func Sealing() secret.SealingKeys { return sealing }

var sealing = func() secret.SealingKeys {
	keys, err := secret.ParseSealingKeys(secret.NewSealingKey())
	if err != nil {
		panic(err)
	}
	return keys
}()

// Twins adds two tenants that look alike, so a statement that forgets its
// tenant sees, or damages, the other one's rows.
func Twins(t testing.TB, s *store.Store) (acme, twin store.Tenant) {
	t.Helper()
	return AddTenant(t, s, "acme", identity.Workspace), AddTenant(t, s, "twin", identity.Workspace)
}

// AddTenant adds a tenant.
func AddTenant(t testing.TB, s *store.Store, slug string, style identity.Style) store.Tenant {
	t.Helper()
	tenant := s.Tenant(identity.NewTenantID())
	err := tenant.Tx(context.Background(), func(tx *store.Tx) error {
		return tx.Add(context.Background(), identity.Tenant{
			ID: tenant.ID(), Slug: slug, Name: strings.ToUpper(slug[:1]) + slug[1:], Style: style, Status: identity.TenantActive,
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	return tenant
}

// WithParam is address with another query parameter; PostgreSQL only.
func WithParam(t testing.TB, address, key, value string) string { return with(t, address, key, value) }

func with(t testing.TB, address, key, value string) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	q.Set(key, value)
	u.RawQuery = q.Encode()
	return u.String()
}

func admin(t testing.TB, address, sql string) {
	t.Helper()
	ctx := context.Background()
	c, err := pgx.Connect(ctx, address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(ctx)
	if _, err := c.Exec(ctx, sql); err != nil {
		t.Error(err)
	}
}
