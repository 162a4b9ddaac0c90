package store_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/vestibule-id/vestibule/internal/secret"
	"github.com/vestibule-id/vestibule/internal/store"
	"github.com/vestibule-id/vestibule/internal/store/storetest"
)

// eachEmpty runs test once per database with an address where nothing is yet.
func eachEmpty(t *testing.T, test func(t *testing.T, address string)) {
	t.Helper()
	for _, name := range storetest.Databases() {
		t.Run(name, func(t *testing.T) { test(t, storetest.EmptyAddress(t, name)) })
	}
}

// Exactly one of the nodes makes the root secret, or the others could not open
// it and what it seals.
//
// Proves: 2.2
func TestFourNodesMigrateAtOnce(t *testing.T) {
	eachEmpty(t, func(t *testing.T, address string) {
		var wait sync.WaitGroup
		for range 4 {
			wait.Go(func() {
				if err := store.Migrate(context.Background(), address, "", storetest.Sealing()); err != nil {
					t.Error(err)
					return
				}
				s, err := store.Open(context.Background(), address, storetest.Sealing())
				if err != nil {
					t.Error(err)
					return
				}
				if err := s.Close(); err != nil {
					t.Error(err)
				}
			})
		}
		wait.Wait()
		raw := rawDB(t, address)
		for table, want := range map[string]int64{"migrations": int64(len(store.MigrationNames())), "secrets": 1, "tenants": 1} {
			if n := rawNumber(t, raw, `SELECT COUNT(*) FROM `+table); n != want {
				t.Errorf("%d rows in %s, want %d", n, table, want)
			}
		}
	})
}

// Proves: 2.2
func TestOnlyTodaysSchemaIsOpened(t *testing.T) {
	const add, remove = `INSERT INTO migrations (name, applied_at) VALUES ('9999_later.sql', 1)`, `DELETE FROM migrations WHERE name = '0001_core.sql'`
	for _, row := range []struct {
		name, change  string
		open, migrate error
	}{
		{"today's", "", nil, nil},
		{"newer", add, store.ErrNewSchema, store.ErrNewSchema},
		{"older", remove, store.ErrOldSchema, nil},
		{"newer and another", remove + `; ` + add, store.ErrNewSchema, store.ErrNewSchema},
	} {
		t.Run(row.name, func(t *testing.T) {
			storetest.EachAddress(t, func(t *testing.T, address string) {
				if row.change != "" {
					rawExec(t, rawDB(t, address), row.change)
				}
				s, err := store.Open(t.Context(), address, storetest.Sealing())
				if !errors.Is(err, row.open) {
					t.Errorf("open: %v, want %v", err, row.open)
				}
				if err == nil {
					s.Close()
				}
				if row.name == "older" {
					return // its tables are there already; there is one migration yet
				}
				if err := store.Migrate(t.Context(), address, "", storetest.Sealing()); !errors.Is(err, row.migrate) {
					t.Errorf("migrate: %v, want %v", err, row.migrate)
				}
			})
		})
	}
}

// Proves: 2.2
func TestForeignFilesAreRefusedAndLeftAlone(t *testing.T) {
	foreign := func(statements ...string) func(t *testing.T, path string) {
		return func(t *testing.T, path string) {
			raw := rawDB(t, "sqlite:"+path)
			for _, statement := range statements {
				rawExec(t, raw, statement)
			}
			raw.Close()
		}
	}
	for _, row := range []struct {
		name string
		make func(t *testing.T, path string)
	}{
		{"other tables", foreign(`CREATE TABLE notes (id INTEGER PRIMARY KEY)`)},
		{"somebody else's migrations", foreign(`CREATE TABLE migrations (version INTEGER)`, `CREATE TABLE users (id INTEGER)`)},
		{"no database", func(t *testing.T, path string) {
			if err := os.WriteFile(path, bytes.Repeat([]byte("a letter, not a database\n"), 100), 0o644); err != nil {
				t.Fatal(err)
			}
		}},
	} {
		t.Run(row.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "file.db")
			row.make(t, path)
			before, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			_, openErr := store.Open(t.Context(), "sqlite:"+path, storetest.Sealing())
			for name, err := range map[string]error{"open": openErr, "migrate": store.Migrate(t.Context(), "sqlite:"+path, "", storetest.Sealing())} {
				if !errors.Is(err, store.ErrForeignDB) {
					t.Errorf("%s: %v, want ErrForeignDB", name, err)
				}
			}
			if after, err := os.ReadFile(path); err != nil || !bytes.Equal(before, after) {
				t.Errorf("the file has changed (%v)", err)
			}
		})
	}
}

// Proves: 2.2
func TestOpenMakesNothing(t *testing.T) {
	eachEmpty(t, func(t *testing.T, address string) {
		if _, err := store.Open(t.Context(), address, storetest.Sealing()); !errors.Is(err, store.ErrNoDatabase) {
			t.Errorf("open: %v, want ErrNoDatabase", err)
		}
		path, embedded := store.SQLitePath(address)
		if !embedded {
			return
		}
		if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("the file was made (%v)", err)
		}
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := store.Open(t.Context(), address, storetest.Sealing()); !errors.Is(err, store.ErrNoDatabase) {
			t.Errorf("open an empty file: %v, want ErrNoDatabase", err)
		}
	})
}

// Proves: 2.2
func TestNobodyElseMayReadTheFile(t *testing.T) {
	address := storetest.Address(t, "sqlite")
	s := storetest.Open(t, address)
	storetest.Twins(t, s)
	path, _ := store.SQLitePath(address)
	for _, file := range []string{path, path + "-wal", path + "-shm"} {
		info, err := os.Stat(file)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %o", filepath.Base(file), info.Mode().Perm())
		}
	}
}

func sealingKeys(t *testing.T, text string) secret.SealingKeys {
	t.Helper()
	keys, err := secret.ParseSealingKeys(text)
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

// Proves: 2.2
func TestSealingKeysAreChanged(t *testing.T) {
	eachEmpty(t, func(t *testing.T, address string) {
		oldText, newText := secret.NewSealingKey(), secret.NewSealingKey()
		opens := func(text string, want error) string {
			t.Helper()
			s, err := store.Open(t.Context(), address, sealingKeys(t, text))
			if !errors.Is(err, want) {
				t.Errorf("open: %v, want %v", err, want)
			}
			if err != nil {
				return ""
			}
			defer s.Close()
			return s.Keys().AddressHash("ann@x.test")
		}
		if err := store.Migrate(t.Context(), address, "", sealingKeys(t, oldText)); err != nil {
			t.Fatal(err)
		}
		before := opens(oldText, nil)
		opens(newText, secret.ErrForeignKey)
		opens(newText+oldText, nil)
		opens(oldText, secret.ErrForeignKey)
		if after := opens(newText, nil); after != before {
			t.Error("what is derived from the root has changed with the sealing key")
		}
	})
}

// Proves: 2.2
func TestALostRootIsNotMadeAgain(t *testing.T) {
	storetest.EachAddress(t, func(t *testing.T, address string) {
		raw := rawDB(t, address)
		rawExec(t, raw, `DELETE FROM secrets WHERE name = 'root'`)
		if err := store.Migrate(t.Context(), address, "", storetest.Sealing()); err != nil {
			t.Fatal(err)
		}
		if _, err := store.Open(t.Context(), address, storetest.Sealing()); !errors.Is(err, store.ErrNoRoot) {
			t.Errorf("open: %v, want the root to be missed", err)
		}
		if n := rawNumber(t, raw, `SELECT COUNT(*) FROM secrets`); n != 0 {
			t.Errorf("%d secrets were made", n)
		}
	})
}
