package operator_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/internal/config"
	"github.com/vestibule-id/vestibule/internal/operator"
	"github.com/vestibule-id/vestibule/internal/secret"
	"github.com/vestibule-id/vestibule/internal/store"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// embedded names a database in a folder of its own.
func embedded(t *testing.T) (c config.Database, path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "v.db")
	return config.Database{Database: config.Address("sqlite:" + path)}, path
}

func makes(t *testing.T, c config.Database) {
	t.Helper()
	if _, err := operator.MakeDatabase(t.Context(), c); err != nil {
		t.Fatal(err)
	}
}

// opens opens and closes the database.
func opens(t *testing.T, c config.Database) error {
	t.Helper()
	s, err := operator.OpenDatabase(t.Context(), c)
	if err != nil {
		return err
	}
	return s.Close()
}

// Proves: 2.2
func TestANewDatabaseGetsItsKey(t *testing.T) {
	c, path := embedded(t)
	if err := opens(t, c); !errors.Is(err, store.ErrNoDatabase) {
		t.Errorf("opened what is not there: %v", err)
	}
	if left, _ := os.ReadDir(filepath.Dir(path)); len(left) > 0 {
		t.Errorf("opening made %v", left)
	}
	makes(t, c)
	info, err := os.Stat(path + ".key")
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("key file: %v, %v", info, err)
	}
	before, _ := os.ReadFile(path + ".key")
	makes(t, c) // again, as every start does
	if after, _ := os.ReadFile(path + ".key"); string(after) != string(before) {
		t.Error("the key was replaced")
	}
	if err := opens(t, c); err != nil {
		t.Error(err)
	}
	left, _ := filepath.Glob(filepath.Join(filepath.Dir(path), ".vestibule*"))
	if len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// Proves: 2.2
func TestAnOldDatabaseGetsNoNewKey(t *testing.T) {
	c, path := embedded(t)
	makes(t, c)
	if err := os.Rename(path+".key", path+".elsewhere"); err != nil {
		t.Fatal(err)
	}
	_, made := operator.MakeDatabase(t.Context(), c)
	for name, err := range map[string]error{"make": made, "open": opens(t, c)} {
		if !errors.Is(err, operator.ErrNoKeyFile) || !strings.Contains(err.Error(), path+".key") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := os.Stat(path + ".key"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("there is a key again: %v", err)
	}
	text, err := config.ReadKeyFile(path + ".elsewhere")
	if err != nil {
		t.Fatal(err)
	}
	c.SealingKey = text
	if err := opens(t, c); err != nil {
		t.Errorf("with the key from elsewhere: %v", err)
	}
}

// Proves: 2.2
func TestOtherKeys(t *testing.T) {
	c, path := embedded(t)
	makes(t, c)
	own, err := config.ReadKeyFile(path + ".key")
	if err != nil {
		t.Fatal(err)
	}
	other := config.Secret(secret.NewSealingKey())
	for _, test := range []struct {
		name string
		key  config.Secret
		err  error
	}{
		{"a different key", other, secret.ErrForeignKey},
		{"no key at all", "hello", secret.ErrSealingKeys},
		{"a newer one in front", other + own, nil},
		{"and alone afterwards", other, nil},
	} {
		c.SealingKey = test.key
		if err := opens(t, c); !errors.Is(err, test.err) {
			t.Errorf("%s: %v", test.name, err)
		} else if err != nil && strings.Contains(err.Error(), string(test.key)) {
			t.Errorf("%s: the error tells the key", test.name)
		}
	}
	c.SealingKey = ""
	if err := opens(t, c); !errors.Is(err, secret.ErrForeignKey) {
		t.Errorf("the old key after the change: %v", err)
	}
	if err := os.Chmod(path+".key", 0o644); err != nil {
		t.Fatal(err)
	}
	if err := opens(t, c); !errors.Is(err, secret.ErrSealingKeys) || !strings.Contains(err.Error(), "chmod") {
		t.Errorf("a key everybody can read: %v", err)
	}
}

// A crash between key and database leaves the key alone; the next start uses
// it. A key whose database is made anew is not lost either.
//
// Proves: 2.2
func TestAKeyWithoutADatabaseIsUsed(t *testing.T) {
	c, path := embedded(t)
	key := secret.NewSealingKey()
	for name, content := range map[string]string{path + ".key": key, path: ""} {
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	makes(t, c)
	if after, _ := os.ReadFile(path + ".key"); string(after) != key {
		t.Error("the key was replaced")
	}
	if err := opens(t, c); err != nil {
		t.Error(err)
	}
}

// Several nodes, or impatient people, may start at once on nothing.
//
// Proves: 2.2
func TestManyMakeOneDatabase(t *testing.T) {
	for range 5 {
		c, _ := embedded(t)
		errs := make([]error, 4)
		var all sync.WaitGroup
		for i := range errs {
			all.Go(func() { _, errs[i] = operator.MakeDatabase(t.Context(), c) })
		}
		all.Wait()
		if err := errors.Join(append(errs, opens(t, c))...); err != nil {
			t.Fatal(err)
		}
	}
}

// Proves: 2.2
func TestOneServerToAnEmbeddedDatabase(t *testing.T) {
	c, path := embedded(t)
	makes(t, c)
	release, err := operator.LockServer(c.Database)
	if err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(t.TempDir(), "link.db")
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{path, link} {
		if _, err := operator.LockServer(config.Address("sqlite:" + name)); !errors.Is(err, operator.ErrSecondServer) {
			t.Errorf("a second server at %s: %v", name, err)
		}
	}
	if err := opens(t, c); err != nil {
		t.Errorf("a command beside the server: %v", err)
	}
	release()
	again, err := operator.LockServer(c.Database)
	if err != nil {
		t.Fatalf("after the first has ended: %v", err)
	}
	again()
	for range 2 {
		if _, err := operator.LockServer("postgres://localhost/x"); err != nil {
			t.Errorf("PostgreSQL serves several: %v", err)
		}
	}
}
