package storetest

import (
	"context"
	"database/sql"
	"testing"
)

// ExecSQLite runs a statement on the SQLite file at path, past the store: for
// tests about files that are not as we make them.
func ExecSQLite(t testing.TB, path, statement string) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(context.Background(), statement); err != nil {
		t.Fatal(err)
	}
}
