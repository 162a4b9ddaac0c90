package operator

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/vestibule-id/vestibule/internal/config"
	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/secret"
	"github.com/vestibule-id/vestibule/internal/store"
)

// ErrNoKeyFile refuses a database whose key is not there. A new key would open
// nothing in it, so none is ever made over an old database.
var ErrNoKeyFile = problem.New(problem.Conflict, "sealing_key_missing", "The database's sealing key is missing.")

// OpenDatabase opens the database that c names, which must have today's
// schema. Errors are the store's problems, naming the address without what is
// secret in it, secret's about keys, and ErrNoKeyFile.
func OpenDatabase(ctx context.Context, c config.Database) (s *store.Store, err error) {
	defer func() { err = located(c.Database, err) }()
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

// Made says what MakeDatabase made; the zero Made is nothing.
type Made struct {
	Database config.Address // empty: it was there already
	KeyFile  string         // empty: the operator gave the key, or it was there
}

// MakeDatabase brings the database that c names up to date, and makes it when
// there is none. An embedded one gets its key first, on the disk and whole, so
// that no crash leaves a database nobody can open; a key that is there already
// is used. Errors are OpenDatabase's and ErrNoFolder.
func MakeDatabase(ctx context.Context, c config.Database) (made Made, err error) {
	defer func() { err = located(c.Database, err) }()
	path, embedded := store.SQLitePath(string(c.Database))
	if embedded {
		if err := inFolder(path); err != nil {
			return made, err
		}
		there, err := holdsDatabase(path)
		if err != nil {
			return made, err
		}
		if !there && len(c.SealingKeys()) == 0 {
			if made.KeyFile, err = makeKeyFile(KeyFile(path)); err != nil {
				return Made{}, fmt.Errorf("make the sealing key: %w", err)
			}
		}
	}
	keys, err := sealingKeys(c)
	if err != nil {
		return made, err
	}
	fresh, err := store.Make(ctx, string(c.Database), string(c.MigrateDatabase), keys)
	if fresh {
		made.Database = c.Database
	}
	return made, err
}

// located names the address in problems that say there is nothing, or nothing
// of ours, there: commands look where a default or a variable tells them to.
func located(address config.Address, err error) error {
	p := problem.Of(err)
	if p == nil {
		return err
	}
	_, embedded := store.SQLitePath(string(address))
	switch {
	case embedded && errors.Is(err, store.ErrNoDatabase):
		return store.ErrNoDatabase.Because("There is no database at %s yet; “vestibule migrate” makes one, and --database names another.", address)
	case errors.Is(err, store.ErrNoDatabase):
		return store.ErrNoDatabase.Because("%s: %s", address, p.Message)
	case errors.Is(err, store.ErrForeignDB):
		return store.ErrForeignDB.Because("%s: %s", address, p.Message)
	case errors.Is(err, store.ErrOldSchema):
		return store.ErrOldSchema.Because("%s: %s", address, p.Message)
	case errors.Is(err, store.ErrNewSchema):
		return store.ErrNewSchema.Because("%s: %s", address, p.Message)
	}
	return err
}

// sealingKeys are the keys the operator gave, or the one beside the file.
func sealingKeys(c config.Database) (secret.SealingKeys, error) {
	path, embedded := store.SQLitePath(string(c.Database))
	if given := c.SealingKeys(); len(given) > 0 || !embedded {
		var lines []string
		for _, key := range given {
			lines = append(lines, string(key))
		}
		return parseKeys("The sealing key that was given (--sealing-key, VESTIBULE_SEALING_KEY or VESTIBULE_SEALING_KEY_FILE)", strings.Join(lines, "\n"))
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
