package store_test

import (
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/vestibule-id/vestibule/internal/store"
	"github.com/vestibule-id/vestibule/internal/store/storetest"
)

// Proves: 2.2, 2.3
func TestCopyIsWholeAndPrivate(t *testing.T) {
	address := storetest.Address(t, "sqlite")
	path, _ := store.SQLitePath(address)
	s := storetest.Open(t, address) // open while it is copied
	storetest.AddTenant(t, s, "acme", "workspace")
	to := filepath.Join(t.TempDir(), "copy.db")
	if err := store.CopySQLite(t.Context(), path, to); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(to)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if _, err := storetest.Open(t, "sqlite:"+to).TenantBySlug(t.Context(), "acme"); err != nil {
		t.Errorf("the copy lacks what was there: %v", err)
	}
	before, _ := os.ReadFile(to)
	if err := store.CopySQLite(t.Context(), path, to); !errors.Is(err, store.ErrFileExists) {
		t.Errorf("a second copy under the same name: %v", err)
	}
	if after, _ := os.ReadFile(to); string(after) != string(before) {
		t.Error("the refused copy changed the first one")
	}
	left, _ := filepath.Glob(filepath.Join(filepath.Dir(to), ".vestibule*"))
	if len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// Proves: 2.3
func TestCopyOfNothingLeavesNothing(t *testing.T) {
	folder := t.TempDir()
	err := store.CopySQLite(t.Context(), filepath.Join(folder, "none.db"), filepath.Join(folder, "copy.db"))
	if !errors.Is(err, os.ErrNotExist) {
		t.Errorf("error %v", err)
	}
	if left, _ := os.ReadDir(folder); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// Proves: 2.3
func TestCheckFindsDamage(t *testing.T) {
	address := storetest.Address(t, "sqlite")
	path, _ := store.SQLitePath(address)
	if err := store.CheckSQLite(t.Context(), path); err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := len(raw) / 2; i < len(raw)/2+4096; i++ {
		raw[i] ^= 0xff
	}
	for name, content := range map[string][]byte{"damaged": raw, "cut": raw[:len(raw)/3], "text": []byte(strings.Repeat("hello\n", 1000))} {
		bad := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(bad, content, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := store.CheckSQLite(t.Context(), bad); !errors.Is(err, store.ErrDamaged) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// What is in the old write-ahead log belongs to the old file: it is kept with
// it, and never played into the new one.
//
// Proves: 2.2, 2.3
func TestReplaceKeepsTheOldDatabase(t *testing.T) {
	address, other := storetest.Address(t, "sqlite"), storetest.Address(t, "sqlite")
	path, _ := store.SQLitePath(address)
	otherPath, _ := store.SQLitePath(other)
	folder := filepath.Dir(path)
	part, kept := filepath.Join(folder, "part"), filepath.Join(folder, "kept.db")
	if err := store.CopySQLite(t.Context(), otherPath, part); err != nil {
		t.Fatal(err)
	}
	old, err := store.Open(t.Context(), address, storetest.Sealing())
	if err != nil {
		t.Fatal(err)
	}
	storetest.AddTenant(t, old, "acme", "workspace")
	if err := store.ReplaceSQLite(t.Context(), part, path, kept); !errors.Is(err, store.ErrInUse) {
		t.Fatalf("replaced under an open database: %v", err)
	}
	if _, err := os.Stat(kept); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the refused replacement left %s: %v", kept, err)
	}
	if err := old.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path+"-wal", []byte("what a crash left"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := store.ReplaceSQLite(t.Context(), part, path, kept); err != nil {
		t.Fatal(err)
	}
	for where, want := range map[string]int{path: 0, kept: 1} {
		list, err := storetest.Open(t, "sqlite:"+where).Tenants(t.Context(), "", 10)
		if err != nil || len(list) != want {
			t.Errorf("%s has %d tenants, want %d (%v)", where, len(list), want, err)
		}
	}
}

// A file may bring what migrations of ours make and act by itself, but nothing
// of the kind that is another's, under whatever name.
//
// Proves: 2.3
func TestCheckFindsForeignTriggers(t *testing.T) {
	for _, foreign := range []string{
		`CREATE TRIGGER extra AFTER INSERT ON users BEGIN DELETE FROM events; END`,
		`DROP TRIGGER event_goes; CREATE TRIGGER event_goes AFTER DELETE ON chain BEGIN DELETE FROM events; END`,
		`CREATE VIEW seen AS SELECT * FROM users`,
	} {
		path, _ := store.SQLitePath(storetest.Address(t, "sqlite"))
		db, err := sql.Open("sqlite", path)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := db.Exec(foreign); err != nil {
			t.Fatal(err)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		if err := store.CheckSQLite(t.Context(), path); !errors.Is(err, store.ErrDamaged) {
			t.Errorf("%s: error %v", foreign, err)
		}
	}
}
