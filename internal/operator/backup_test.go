package operator_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/internal/config"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/operator"
	"github.com/vestibule-id/vestibule/internal/secret"
	"github.com/vestibule-id/vestibule/internal/store"
	"github.com/vestibule-id/vestibule/internal/store/storetest"
)

// lived is a database with a signed-in user in the tenant acme, and a backup.
func lived(t *testing.T) (c config.Database, path, backup string) {
	t.Helper()
	c, path = embedded(t)
	makes(t, c)
	backup = filepath.Join(t.TempDir(), "backup.db")
	with(t, c, func(s *store.Store) {
		acme := storetest.AddTenant(t, s, "acme", identity.Workspace)
		signedIn(t, acme)
		linked(t, acme)
		if err := service(s).Backup(t.Context(), c.Database, backup); err != nil {
			t.Fatal(err)
		}
		list := events(t, s.Nowhere())
		if len(list) != 1 || list[0].Kind != identity.EventBackupDone {
			t.Errorf("events %+v", list)
		}
		storetest.AddTenant(t, s, "later", identity.Workspace)
	})
	return c, path, backup
}

const aLink identity.LinkID = "lnk_00000000000000000000000000000001"

// linked gives the tenant's user a reset link.
func linked(t *testing.T, tenant store.Tenant) {
	t.Helper()
	err := tenant.Tx(t.Context(), func(tx *store.Tx) error {
		users, err := tx.Users(t.Context(), "", 1)
		if err != nil || len(users) == 0 {
			return err
		}
		return tx.ReplaceLink(t.Context(), identity.Link{ID: aLink, User: users[0].ID, Purpose: identity.ResetLink, CreatedAt: noon, ExpiresAt: noon.Add(time.Hour)})
	})
	if err != nil {
		t.Fatal(err)
	}
}

func with(t *testing.T, c config.Database, do func(*store.Store)) {
	t.Helper()
	s, err := operator.OpenDatabase(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	do(s)
}

func slugs(t *testing.T, c config.Database) string {
	t.Helper()
	var words []string
	with(t, c, func(s *store.Store) {
		list, err := s.Tenants(t.Context(), "", 10)
		if err != nil {
			t.Fatal(err)
		}
		for _, tenant := range list {
			words = append(words, tenant.Slug)
		}
	})
	return strings.Join(words, " ")
}

// Proves: 2.3
func TestRestore(t *testing.T) {
	c, path, backup := lived(t)
	before, _ := os.ReadFile(backup)
	done, err := operator.Restore(t.Context(), c, backup, noon)
	if err != nil || done.Sessions != 1 {
		t.Fatalf("%+v, %v", done, err)
	}
	if got := slugs(t, c); got != "acme" {
		t.Errorf("tenants %s", got)
	}
	with(t, c, func(s *store.Store) {
		acme, err := s.TenantBySlug(t.Context(), "acme")
		if err != nil {
			t.Fatal(err)
		}
		users, err := s.Tenant(acme.ID).Users(t.Context(), "", 10)
		if err != nil || len(users) != 1 {
			t.Fatalf("users %v, %v", users, err)
		}
		if alive, err := s.Tenant(acme.ID).Sessions(t.Context(), users[0].ID, noon); err != nil || len(alive) > 0 {
			t.Errorf("sessions that were alive: %v, %v", alive, err)
		}
		if l, err := s.Tenant(acme.ID).FindLink(t.Context(), identity.ResetLink, aLink); err != nil || l.RevokedAt.IsZero() {
			t.Errorf("a link that was alive: %v, %v", l, err)
		}
		list := events(t, s.Nowhere())
		if len(list) != 1 || list[0].Kind != identity.EventRestoreDone || list[0].Detail["sessions"] != "1" {
			t.Errorf("events %+v", list)
		}
	})
	kept := c
	kept.Database = config.Address("sqlite:" + done.Kept)
	kept.SealingKey, _ = config.ReadKeyFile(path + ".key")
	if got := slugs(t, kept); got != "acme later" {
		t.Errorf("what was there before: %s", got)
	}
	again, err := operator.Restore(t.Context(), c, backup, noon)
	if err != nil || again.Kept == done.Kept {
		t.Errorf("twice within a second: %+v, %v", again, err)
	}
	if after, _ := os.ReadFile(backup); string(after) != string(before) {
		t.Error("the backup was changed")
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info, err)
	}
}

// Proves: 2.3
func TestRestoreOnAnEmptyMachine(t *testing.T) {
	old, path, backup := lived(t)
	_ = old
	c, fresh := embedded(t)
	if _, err := operator.Restore(t.Context(), c, backup, noon); !errors.Is(err, operator.ErrNoKeyFile) {
		t.Errorf("without the key: %v", err)
	}
	key, _ := os.ReadFile(path + ".key")
	if err := os.WriteFile(fresh+".key", key, 0o600); err != nil {
		t.Fatal(err)
	}
	done, err := operator.Restore(t.Context(), c, backup, noon)
	if err != nil || done.Kept != "" || slugs(t, c) != "acme" {
		t.Errorf("%+v, %v", done, err)
	}
}

// A database that is damaged beyond opening is what backups are for.
//
// Proves: 2.3
func TestRestoreOverADamagedDatabase(t *testing.T) {
	c, path, backup := lived(t)
	for name, content := range map[string]string{path: strings.Repeat("what is left ", 1000), path + "-wal": "of it"} {
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	done, err := operator.Restore(t.Context(), c, backup, noon)
	if err != nil || slugs(t, c) != "acme" {
		t.Fatalf("%+v, %v", done, err)
	}
	if kept, err := os.ReadFile(done.Kept); err != nil || !strings.HasPrefix(string(kept), "what is left") {
		t.Errorf("the damaged one is not kept: %v", err)
	}
}

// Proves: 2.3
func TestRestoreRefuses(t *testing.T) {
	c, path, backup := lived(t)
	folder := filepath.Dir(path)
	whole, err := os.ReadFile(backup)
	if err != nil {
		t.Fatal(err)
	}
	file := func(name, content string) string {
		full := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(full, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return full
	}
	newer := file("newer.db", string(whole))
	storetest.ExecSQLite(t, newer, `INSERT INTO migrations (name, applied_at) VALUES ('9999_later.sql', 0)`)
	foreign := file("foreign.db", "")
	storetest.ExecSQLite(t, foreign, `CREATE TABLE theirs (x)`)
	other, _ := embedded(t)
	makes(t, other)
	otherPath, _ := store.SQLitePath(string(other.Database))
	listing := func() (names string) {
		list, _ := os.ReadDir(folder)
		for _, entry := range list {
			names += entry.Name() + " "
		}
		return names
	}
	names, _ := listing(), slugs(t, c)
	for _, test := range []struct {
		name, file string
		err        error
	}{
		{"the database itself", path, operator.ErrOntoItself},
		{"no file", filepath.Join(folder, "none"), os.ErrNotExist},
		{"an empty file", file("empty", ""), operator.ErrNoBackup},
		{"a text", file("text", strings.Repeat("hello\n", 1000)), store.ErrDamaged},
		{"half a backup", file("half", string(whole[:len(whole)/2])), store.ErrDamaged},
		{"another program's database", foreign, operator.ErrNoBackup},
		{"a backup of a newer version", newer, store.ErrNewSchema},
		{"a backup under another key", otherPath, secret.ErrForeignKey},
	} {
		if _, err := operator.Restore(t.Context(), c, test.file, noon); !errors.Is(err, test.err) {
			t.Errorf("%s: %v", test.name, err)
		}
		if got := slugs(t, c); got != "acme later" {
			t.Errorf("%s: the database was touched: %s", test.name, got)
		}
	}
	release, err := operator.LockServer(c.Database)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := operator.Restore(t.Context(), c, backup, noon); !errors.Is(err, operator.ErrSecondServer) {
		t.Errorf("under a running server: %v", err)
	}
	release()
	with(t, c, func(*store.Store) {
		if _, err := operator.Restore(t.Context(), c, backup, noon); !errors.Is(err, store.ErrInUse) {
			t.Errorf("under a running command: %v", err)
		}
	})
	if got := listing(); strings.ReplaceAll(got, "v.db.lock ", "") != names {
		t.Errorf("left behind: %s, there was: %s", got, names)
	}
}

// Proves: 2.3
func TestBackupsOfPostgresAreItsOwn(t *testing.T) {
	c := config.Database{Database: "postgres://localhost/x"}
	if err := (&operator.Service{}).Backup(t.Context(), c.Database, "x"); !errors.Is(err, operator.ErrNotEmbedded) {
		t.Error(err)
	}
	if _, err := operator.Restore(t.Context(), c, "x", noon); !errors.Is(err, operator.ErrNotEmbedded) {
		t.Error(err)
	}
}
