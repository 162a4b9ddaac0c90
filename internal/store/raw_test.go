package store_test

import (
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"

	"github.com/vestibule-id/vestibule/internal/store"
)

// rawDB opens a test's database past the store, for PostgreSQL as the
// superuser no policy binds.
func rawDB(t testing.TB, address string) *sql.DB {
	t.Helper()
	driver, dsn := "pgx", address
	if path, ok := store.SQLitePath(address); ok {
		driver, dsn = "sqlite", "file:"+path+"?_pragma=busy_timeout(5000)"
	}
	db, err := sql.Open(driver, dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func rawExec(t testing.TB, db *sql.DB, statement string, args ...any) {
	t.Helper()
	if _, err := db.Exec(statement, args...); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

func rawNumber(t testing.TB, db *sql.DB, statement string, args ...any) (n int64) {
	t.Helper()
	if err := db.QueryRow(statement, args...).Scan(&n); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
	return n
}

// dump is every row of the tables, written out and sorted; where is a
// condition on tenant_id with one parameter.
func dump(t testing.TB, db *sql.DB, tables []string, where, tenant string) string {
	t.Helper()
	var lines []string
	for _, table := range tables {
		rows, err := db.Query(`SELECT * FROM `+table+` WHERE `+where, tenant)
		if err != nil {
			t.Fatal(err)
		}
		columns, err := rows.Columns()
		if err != nil {
			t.Fatal(err)
		}
		for rows.Next() {
			cells, targets := make([]any, len(columns)), make([]any, len(columns))
			for i := range cells {
				targets[i] = &cells[i]
			}
			if err := rows.Scan(targets...); err != nil {
				t.Fatal(err)
			}
			line := table
			for i, cell := range cells {
				line += fmt.Sprintf(" %s=%v", columns[i], cell)
			}
			lines = append(lines, line)
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
		rows.Close()
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}
