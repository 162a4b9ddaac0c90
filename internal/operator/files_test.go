package operator_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/vestibule-id/vestibule/internal/config"
	"github.com/vestibule-id/vestibule/internal/operator"
	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/secret"
	"github.com/vestibule-id/vestibule/internal/store"
)

// Whoever makes a database is told, so that the key gets its copy.
//
// Proves: 2.2
func TestWhatWasMadeIsTold(t *testing.T) {
	c, path := embedded(t)
	want := operator.Made{Database: c.Database, KeyFile: path + ".key"}
	if made, err := operator.MakeDatabase(t.Context(), c); err != nil || made != want {
		t.Errorf("made %+v, %v; want %+v", made, err, want)
	}
	if made, err := operator.MakeDatabase(t.Context(), c); err != nil || made != (operator.Made{}) {
		t.Errorf("made %+v again, %v", made, err)
	}
}

// What is no database is called so before its key is looked for, and left as
// it is.
//
// Proves: 2.2
func TestWhatIsNoDatabase(t *testing.T) {
	folder := t.TempDir()
	text := filepath.Join(folder, "passwd")
	if err := os.WriteFile(text, []byte("root:x:0:0"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name, path, says string
		open, make       error
	}{
		{"a folder", folder, "is a folder", store.ErrForeignDB, store.ErrForeignDB},
		{"a text", text, "is not a database", store.ErrForeignDB, store.ErrForeignDB},
		{"nothing in no folder", filepath.Join(folder, "none", "v.db"), "There is no", store.ErrNoDatabase, operator.ErrNoFolder},
		{"nothing in a file", filepath.Join(text, "v.db"), "is a file", operator.ErrNoFolder, operator.ErrNoFolder},
	} {
		c := config.Database{Database: config.Address("sqlite:" + test.path)}
		_, made := operator.MakeDatabase(t.Context(), c)
		for _, of := range []struct{ got, want error }{{opens(t, c), test.open}, {made, test.make}} {
			if !errors.Is(of.got, of.want) {
				t.Errorf("%s: %v, want %v", test.name, of.got, of.want)
			} else if says := problem.Of(of.got).Message; !strings.Contains(says, test.says) || !strings.Contains(says, folder) {
				t.Errorf("%s: %s", test.name, says)
			}
		}
	}
	if _, err := os.Stat(text + ".key"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a text got a key: %v", err)
	}
}

// Messages name the address that was looked at, and never a password.
//
// Proves: 2.2
func TestMessagesNameTheAddress(t *testing.T) {
	c, _ := embedded(t)
	postgres := config.Database{Database: "postgres://u:hush@127.0.0.1:1/x", SealingKey: config.Secret(secret.NewSealingKey())}
	for c, says := range map[config.Database]string{c: string(c.Database), postgres: "127.0.0.1"} {
		if err := opens(t, c); err == nil || !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), "hush") {
			t.Errorf("%v", err)
		}
	}
}
