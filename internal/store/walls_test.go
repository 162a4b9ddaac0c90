package store_test

import (
	"context"
	"database/sql"
	"errors"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/store"
	"github.com/vestibule-id/vestibule/internal/store/storetest"
)

// The list the statements are read with names every table there is.
//
// Proves: 2.2
func TestEveryTableWithATenantIsKnown(t *testing.T) {
	for _, row := range []struct{ database, query string }{
		{"sqlite", `SELECT m.name FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type = 'table' AND c.name = 'tenant_id' ORDER BY m.name`},
		{"postgres", `SELECT table_name FROM information_schema.columns WHERE table_schema = current_schema() AND column_name = 'tenant_id' ORDER BY table_name`},
	} {
		if !slices.Contains(storetest.Databases(), row.database) {
			continue
		}
		got := rawNames(t, rawDB(t, storetest.Address(t, row.database)), row.query)
		want := append([]string{"slugs"}, scopedTables...)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("%s has %v, the list %v", row.database, got, want)
		}
	}
}

func rawNames(t *testing.T, raw *sql.DB, query string) (names []string) {
	t.Helper()
	rows, err := raw.Query(query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			t.Fatal(err)
		}
		names = append(names, name)
	}
	return names
}

// onPostgres runs test where this run has a PostgreSQL, with a filled twin.
func onPostgres(t *testing.T, test func(t *testing.T, address string, s *store.Store, acme, twin store.Tenant)) {
	t.Helper()
	if !slices.Contains(storetest.Databases(), "postgres") {
		return
	}
	t.Run("postgres", func(t *testing.T) {
		address := storetest.Address(t, "postgres")
		s := storetest.Open(t, address)
		acme, twin := storetest.Twins(t, s)
		fill(t, acme)
		fill(t, twin)
		test(t, address, s, acme, twin)
	})
}

// asApp is one connection that has the role every connection of the store
// takes, in a transaction of the tenant.
func asApp(t *testing.T, raw *sql.DB, tenant identity.TenantID, do func(tx *sql.Tx)) {
	t.Helper()
	tx, err := raw.Begin()
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback()
	if _, err := tx.Exec(`SET LOCAL ROLE vestibule_app`); err != nil {
		t.Fatal(err)
	}
	if tenant != "" {
		if _, err := tx.Exec(`SELECT set_config('app.tenant_id', $1, true)`, string(tenant)); err != nil {
			t.Fatal(err)
		}
	}
	do(tx)
}

func affected(tx *sql.Tx, statement string, args ...any) (n int64, err error) {
	result, err := tx.Exec(statement, args...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// A statement that has lost its tenant still cannot reach another's rows.
//
// Proves: 2.2, W2
func TestPostgresRefusesAnotherTenantsRows(t *testing.T) {
	onPostgres(t, func(t *testing.T, address string, _ *store.Store, acme, twin store.Tenant) {
		raw := rawDB(t, address)
		before := dump(t, raw, scopedTables, `tenant_id = $1`, string(twin.ID()))
		for _, table := range scopedTables {
			if table == "addresses" || table == "due" || table == "unsealed" || table == "moves" { // unscoped: keyed hashes alone, ids and times alone
				continue
			}
			for _, statement := range []string{
				`UPDATE ` + table + ` SET tenant_id = tenant_id WHERE tenant_id = $1`,
				`DELETE FROM ` + table + ` WHERE tenant_id = $1`,
			} {
				asApp(t, raw, acme.ID(), func(tx *sql.Tx) {
					if n, err := affected(tx, statement, string(twin.ID())); err == nil && n != 0 {
						t.Errorf("%s reached %d rows of another tenant", statement, n)
					}
				})
			}
			asApp(t, raw, acme.ID(), func(tx *sql.Tx) {
				var n int64
				if err := tx.QueryRow(`SELECT COUNT(*) FROM `+table+` WHERE tenant_id <> $1`, string(acme.ID())).Scan(&n); err != nil || n != 0 {
					t.Errorf("%s shows %d rows of other tenants (%v)", table, n, err)
				}
			})
			asApp(t, raw, "", func(tx *sql.Tx) {
				if _, err := tx.Exec(`SELECT COUNT(*) FROM ` + table); err == nil || !strings.Contains(err.Error(), "no tenant is set") {
					t.Errorf("%s without a tenant: %v", table, err)
				}
			})
			asApp(t, raw, acme.ID(), func(tx *sql.Tx) {
				if _, err := tx.Exec(`SELECT set_config('app.tenant_id', '', true)`); err != nil {
					t.Fatal(err)
				}
				if _, err := tx.Exec(`SELECT COUNT(*) FROM ` + table); err == nil {
					t.Errorf("%s can be read after the tenant was taken back", table)
				}
			})
		}
		if dump(t, raw, scopedTables, `tenant_id = $1`, string(twin.ID())) != before {
			t.Error("the twin's rows have changed")
		}
	})
}

// Proves: 2.2
func TestPostgresRefusesToWriteForAnotherTenant(t *testing.T) {
	onPostgres(t, func(t *testing.T, address string, _ *store.Store, acme, twin store.Tenant) {
		raw := rawDB(t, address)
		for name, statement := range map[string]string{
			"insert":    `INSERT INTO lanes (tenant_id, subject, lane, tries, since, wait) VALUES ($1, 's', 'l', 1, 1, 1)`,
			"give away": `UPDATE browsers SET tenant_id = $1`,
		} {
			asApp(t, raw, acme.ID(), func(tx *sql.Tx) {
				if _, err := tx.Exec(statement, string(twin.ID())); err == nil || !strings.Contains(err.Error(), "row-level security") {
					t.Errorf("%s: %v, want row-level security to refuse it", name, err)
				}
			})
		}
	})
}

// The audit trail only grows, whoever got hold of the server's connection.
//
// Proves: 2.2, G4
func TestPostgresEventsOnlyGrow(t *testing.T) {
	onPostgres(t, func(t *testing.T, address string, _ *store.Store, acme, _ store.Tenant) {
		for _, statement := range []string{`UPDATE events SET result = 'ok'`, `DELETE FROM events`, `TRUNCATE events`} {
			asApp(t, rawDB(t, address), acme.ID(), func(tx *sql.Tx) {
				if _, err := tx.Exec(statement); err == nil || !strings.Contains(err.Error(), "permission denied") {
					t.Errorf("%s: %v, want permission denied", statement, err)
				}
			})
		}
	})
}

// Proves: 2.2
func TestEveryTableIsWalledOff(t *testing.T) {
	onPostgres(t, func(t *testing.T, address string, _ *store.Store, _, _ store.Tenant) {
		open := rawNames(t, rawDB(t, address), `SELECT c.relname FROM pg_class c
			JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id'
			WHERE n.nspname = current_schema() AND c.relkind = 'r' AND NOT (c.relrowsecurity AND c.relforcerowsecurity AND 1 = (
				SELECT COUNT(*) FROM pg_policy p WHERE p.polrelid = c.oid AND p.polcmd = '*' AND p.polqual IS NOT NULL AND p.polwithcheck IS NOT NULL))
			ORDER BY c.relname`)
		if !slices.Equal(open, []string{"addresses", "due", "moves", "slugs", "unsealed"}) {
			t.Errorf("without row-level security, forced and with one policy: %v", open)
		}
	})
}

// A wall that somebody has torn down is noticed before the first request.
//
// Proves: 2.2
func TestOpenRefusesTornWalls(t *testing.T) {
	onPostgres(t, func(t *testing.T, address string, _ *store.Store, _, _ store.Tenant) {
		raw := rawDB(t, address)
		for _, table := range []string{"users", "sessions", "secrets"} {
			for tear, mend := range map[string]string{
				" NO FORCE ROW LEVEL SECURITY": " FORCE ROW LEVEL SECURITY",
				" DISABLE ROW LEVEL SECURITY":  " ENABLE ROW LEVEL SECURITY",
				" OWNER TO vestibule_app":      " OWNER TO CURRENT_USER",
			} {
				rawExec(t, raw, `ALTER TABLE `+table+tear)
				s, err := store.Open(t.Context(), address, storetest.Sealing())
				if !errors.Is(err, store.ErrBoundRole) {
					t.Errorf("%s%s: %v, want ErrBoundRole", table, tear, err)
				}
				if err == nil {
					s.Close()
				}
				rawExec(t, raw, `ALTER TABLE `+table+mend)
			}
		}
	})
}

// A role that no policy binds is refused, were it called like ours: tearing the
// real one's bounds down would be felt by every other test on the server.
//
// Proves: 2.2
func TestRolesAboveTheWallsAreRefused(t *testing.T) {
	onPostgres(t, func(t *testing.T, address string, _ *store.Store, _, _ store.Tenant) {
		for power, want := range map[string]error{"NOLOGIN": nil, "BYPASSRLS": store.ErrBoundRole, "SUPERUSER": store.ErrBoundRole} {
			role := madeRole(t, address, strings.ToLower(power), power)
			if err := store.BoundAs(t, address, role); !errors.Is(err, want) {
				t.Errorf("%s: %v, want %v", power, err, want)
			}
		}
	})
}

// madeRole makes a role for the length of a test.
func madeRole(t *testing.T, address, name, power string) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	name += "_" + strings.TrimPrefix(u.Query().Get("search_path"), "test_")
	rawExec(t, rawDB(t, address), `CREATE ROLE `+name+` `+power)
	t.Cleanup(func() { rawExec(t, rawDB(t, address), `DROP ROLE `+name) })
	return name
}

// Whatever role the address names, every connection takes the bound one.
//
// Proves: 2.2
func TestEveryConnectionIsBound(t *testing.T) {
	onPostgres(t, func(t *testing.T, address string, s *store.Store, _, _ store.Tenant) {
		asSuperuser, err := store.CurrentRole(t, s)
		if err != nil || asSuperuser != "vestibule_app" {
			t.Errorf("a superuser's address has the role %q (%v)", asSuperuser, err)
		}
		owned := ownerAddress(t, address)
		if err := store.Migrate(t.Context(), owned, "", storetest.Sealing()); err != nil {
			t.Fatal(err)
		}
		asOwner, err := store.CurrentRole(t, storetest.Open(t, owned))
		if err != nil || asOwner != "vestibule_app" {
			t.Errorf("an owner's address has the role %q (%v)", asOwner, err)
		}
	})
}

// ownerAddress is an empty schema that belongs to a role with no other powers.
func ownerAddress(t *testing.T, base string) string {
	t.Helper()
	u, err := url.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	raw := rawDB(t, base)
	name := "owner_" + strings.TrimPrefix(u.Query().Get("search_path"), "test_")
	rawExec(t, raw, `CREATE ROLE `+name+` LOGIN`)
	rawExec(t, raw, `GRANT vestibule_app TO `+name)
	rawExec(t, raw, `CREATE SCHEMA `+name+` AUTHORIZATION `+name)
	t.Cleanup(func() {
		raw := rawDB(t, base)
		rawExec(t, raw, `DROP SCHEMA `+name+` CASCADE`)
		rawExec(t, raw, `DROP ROLE `+name)
	})
	u.User = url.User(name)
	return storetest.WithParam(t, u.String(), "search_path", name)
}

// Proves: 2.2
func TestErrorsOfWhatWasPutOffAreExplained(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		acme, _ := storetest.Twins(t, s)
		err := acme.Tx(t.Context(), func(tx *store.Tx) error { return tx.AddSession(t.Context(), aSession("ses_1", identity.Program)) })
		if !isNotFound(err) {
			t.Errorf("a session of nobody: %v, want problem.NotFound", err)
		}
	})
}

// A change that goes on after a statement has failed must not be told that it
// was kept when it was not.
//
// Proves: 2.2
func TestAFailedStatementIsNotCommittedSilently(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		acme, _ := storetest.Twins(t, s)
		fill(t, acme)
		err := acme.Tx(t.Context(), func(tx *store.Tx) error {
			if err := tx.AddEvent(t.Context(), identity.Event{ID: "evt_2", Kind: "k", At: noon}); err != nil {
				return err
			}
			_ = tx.AddUser(context.Background(), ann(), "") // exists
			return nil
		})
		events, readErr := acme.Events(t.Context(), "evt_1", 9)
		if readErr != nil {
			t.Fatal(readErr)
		}
		if kept := len(events) == 1; kept != (err == nil) {
			t.Errorf("answered %v although the change was kept: %v", err, kept)
		}
	})
}
