package operator

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/vestibule-id/vestibule/internal/config"
	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/secret"
	"github.com/vestibule-id/vestibule/internal/store"
)

// ErrNoKeyFile refuses a database whose key is not there. A new key would open
// nothing in it, so none is ever made over an old database.
var ErrNoKeyFile = problem.New(problem.Conflict, "sealing_key_missing", "The database's sealing key is missing.")

// KeyFile is where the sealing key of the embedded database at path is kept
// when the operator gives none.
func KeyFile(path string) string { return path + ".key" }

// OpenDatabase opens the database that c names, which must have today's
// schema. Errors are the store's problems, secret's about keys, and
// ErrNoKeyFile.
func OpenDatabase(ctx context.Context, c config.Database) (*store.Store, error) {
	if path, embedded := store.SQLitePath(string(c.Database)); embedded {
		if there, err := holdsDatabase(path); err != nil {
			return nil, err
		} else if !there {
			return nil, store.ErrNoDatabase
		}
	}
	keys, err := sealingKeys(c)
	if err != nil {
		return nil, err
	}
	return store.Open(ctx, string(c.Database), keys)
}

// MakeDatabase brings the database that c names up to date, and makes it when
// there is none. An embedded one gets its key first, on the disk and whole, so
// that no crash leaves a database nobody can open; a key that is there already
// is used. Errors are OpenDatabase's.
func MakeDatabase(ctx context.Context, c config.Database) error {
	path, embedded := store.SQLitePath(string(c.Database))
	if embedded && len(c.SealingKeys()) == 0 {
		there, err := holdsDatabase(path)
		if err != nil {
			return err
		}
		if !there {
			if err := makeKeyFile(KeyFile(path)); err != nil {
				return fmt.Errorf("make the sealing key: %w", err)
			}
		}
	}
	keys, err := sealingKeys(c)
	if err != nil {
		return err
	}
	return store.Migrate(ctx, string(c.Database), string(c.MigrateDatabase), keys)
}

// holdsDatabase reports whether somebody has put anything into the file.
func holdsDatabase(path string) (bool, error) {
	for _, name := range []string{path, path + "-wal"} {
		info, err := os.Stat(name)
		switch {
		case errors.Is(err, os.ErrNotExist):
		case err != nil:
			return false, err
		case info.Size() > 0:
			return true, nil
		}
	}
	return false, nil
}

// sealingKeys are the keys the operator gave, or the one beside the file.
func sealingKeys(c config.Database) (secret.SealingKeys, error) {
	path, embedded := store.SQLitePath(string(c.Database))
	if given := c.SealingKeys(); len(given) > 0 || !embedded {
		var lines []string
		for _, key := range given {
			lines = append(lines, string(key))
		}
		return parseKeys("The sealing key that was given", strings.Join(lines, "\n"))
	}
	text, err := config.ReadKeyFile(KeyFile(path))
	if errors.Is(err, os.ErrNotExist) {
		return secret.SealingKeys{}, ErrNoKeyFile.Because("The database's sealing key is missing: %s is not there. "+
			"Put it back, or name it with VESTIBULE_SEALING_KEY_FILE. Without it nobody can open the database; a new key would not help.", KeyFile(path))
	} else if errors.Is(err, config.ErrOpenKeyFile) {
		return secret.SealingKeys{}, secret.ErrSealingKeys.Because("The sealing key's file cannot be trusted: %v.", err)
	} else if err != nil {
		return secret.SealingKeys{}, fmt.Errorf("read the sealing key: %w", err)
	}
	return parseKeys("The sealing key in "+KeyFile(path), string(text))
}

// parseKeys says which key it is that cannot be read.
func parseKeys(which, text string) (secret.SealingKeys, error) {
	keys, err := secret.ParseSealingKeys(text)
	if p := problem.Of(err); p != nil {
		return keys, secret.ErrSealingKeys.Because("%s cannot be read: %s.", which, p.Message)
	}
	return keys, err
}

// makeKeyFile makes a key at path, unless there is one: link, unlike rename,
// replaces nothing, so of several processes one makes the key and all use it.
func makeKeyFile(path string) error {
	folder := filepath.Dir(path)
	part, err := os.CreateTemp(folder, ".vestibule-key-*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(part.Name())
	if _, err := part.WriteString(secret.NewSealingKey()); err != nil {
		return errors.Join(err, part.Close())
	}
	if err := errors.Join(part.Sync(), part.Close()); err != nil {
		return err
	}
	if err := os.Link(part.Name(), path); err != nil && !errors.Is(err, os.ErrExist) {
		return err
	}
	names, err := os.Open(folder)
	if err != nil {
		return err
	}
	return errors.Join(names.Sync(), names.Close())
}
