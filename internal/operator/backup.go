package operator

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/vestibule-id/vestibule/internal/config"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/secret"
	"github.com/vestibule-id/vestibule/internal/store"
)

// What can be wrong with a backup, beside the store's problems.
var (
	ErrNotEmbedded = problem.New(problem.Conflict, "not_embedded", "This is for the embedded database. PostgreSQL has its own tools for that, such as pg_dump and pg_restore.")
	ErrNoBackup    = problem.New(problem.Invalid, "not_a_backup", "The file is not a backup of a Vestibule database.")
	ErrOntoItself  = problem.New(problem.Invalid, "restore_onto_itself", "That file is the database itself, not a backup of it.")
)

// Backup writes a consistent copy of the embedded database at address, which
// is the open one, into a new file, while people sign in. The sealing key is
// not in it. Errors are ErrNotEmbedded,
// ErrNoFolder and store.ErrFileExists.
func (s *Service) Backup(ctx context.Context, address config.Address, file string) error {
	path, embedded := store.SQLitePath(string(address))
	if !embedded {
		return ErrNotEmbedded
	}
	if err := inFolder(file); err != nil {
		return err
	}
	if err := store.CopySQLite(ctx, path, file); err != nil {
		return err
	}
	return s.Store.Nowhere().Tx(ctx, func(tx *store.Tx) error {
		return tx.AddEvent(ctx, event(identity.EventBackupDone, s.Now(), nil))
	})
}

// Restored says what a restore did.
type Restored struct {
	Kept     string // where the database is that was there before; empty: there was none
	Sessions int64  // that were alive when the backup was made, and have ended now
}

// Restore puts the backup in file in the place of the embedded database that c
// names. No server may run on it, nor any command. The backup is copied beside
// the database, checked, brought to today's schema, opened with the sealing
// key, and rid of its sessions; only then does it take the database's name, in
// one step. What was there stays beside it under another name, for nothing
// here deletes people's data. Errors are ErrNotEmbedded, ErrSecondServer,
// ErrNoBackup, ErrOntoItself, ErrNoFolder, ErrNoKeyFile, and the store's and
// secret's problems; then the database is as it was.
func Restore(ctx context.Context, c config.Database, file string, now time.Time) (done Restored, err error) {
	defer problem.Wrap(&err, "restore")
	path, embedded := store.SQLitePath(string(c.Database))
	if !embedded {
		return done, ErrNotEmbedded
	}
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real // the file is replaced, not the link to it
	}
	release, err := LockServer(c.Database)
	if errors.Is(err, ErrSecondServer) {
		return done, ErrSecondServer.Because("A server has this database open. Stop it first, then restore.")
	} else if err != nil {
		return done, err
	}
	defer release()
	if same(file, path) {
		return done, ErrOntoItself
	}
	part, err := copyBeside(file, path)
	if err != nil {
		return done, err
	}
	defer removeDatabase(part) // gone already when all went well
	if done.Sessions, err = freshen(ctx, c, part, now); err != nil {
		return Restored{}, err
	}
	if _, err := os.Stat(path); err == nil {
		done.Kept = freeName(path + ".before-restore-" + now.UTC().Format("20060102T150405Z"))
	}
	return done, store.ReplaceSQLite(ctx, part, path, done.Kept)
}

func same(file, other string) bool {
	one, err := os.Stat(file)
	if err != nil {
		return false
	}
	two, err := os.Stat(other)
	return err == nil && os.SameFile(one, two)
}

// freeName is name, or name with a number where that is taken: two restores
// may fall into one second.
func freeName(name string) string {
	free := name
	for n := 2; ; n++ {
		if _, err := os.Lstat(free); errors.Is(err, os.ErrNotExist) {
			return free
		}
		free = fmt.Sprintf("%s-%d", name, n)
	}
}

// copyBeside copies a backup into the database's folder, where it can take the
// database's place in one step.
func copyBeside(file, path string) (part string, err error) {
	from, err := os.Open(file)
	if err != nil {
		return "", err
	}
	defer from.Close()
	to, err := os.CreateTemp(filepath.Dir(path), ".vestibule-restore-*") // mode 0600
	if err != nil {
		return "", err
	}
	_, err = io.Copy(to, from)
	if err = errors.Join(err, to.Close()); err != nil {
		return "", errors.Join(err, os.Remove(to.Name()))
	}
	return to.Name(), nil
}

func removeDatabase(path string) {
	for _, end := range []string{"", "-wal", "-shm"} {
		_ = os.Remove(path + end) // most are not there
	}
}

// freshen makes sure that a copy of a backup is whole and ours, and ends the
// sessions in it: who signed out since the backup was made stays signed out.
func freshen(ctx context.Context, c config.Database, part string, now time.Time) (ended int64, err error) {
	keys, err := sealingKeys(c)
	if err != nil {
		return 0, err
	}
	if err := store.CheckSQLite(ctx, part); err != nil {
		return 0, err
	}
	address := "sqlite:" + part
	s, err := store.Open(ctx, address, keys)
	if errors.Is(err, store.ErrOldSchema) {
		if err := store.Migrate(ctx, address, "", keys); err != nil {
			return 0, err
		}
		s, err = store.Open(ctx, address, keys)
	}
	switch {
	case errors.Is(err, store.ErrNoDatabase), errors.Is(err, store.ErrForeignDB):
		return 0, ErrNoBackup
	case errors.Is(err, secret.ErrForeignKey):
		return 0, secret.ErrForeignKey.Because("The sealing key does not belong to this backup: it was made under another. Give the backup's own with VESTIBULE_SEALING_KEY_FILE.")
	case err != nil:
		return 0, err
	}
	ended, err = endAllSessions(ctx, &Service{Store: s, Now: func() time.Time { return now }})
	return ended, errors.Join(err, s.Close())
}

func endAllSessions(ctx context.Context, s *Service) (ended int64, err error) {
	err = s.EachTenant(ctx, func(t identity.Tenant) error {
		var here int64
		err := s.Store.Tenant(t.ID).Tx(ctx, func(tx *store.Tx) (err error) {
			if here, err = tx.EndAllSessions(ctx, s.Now()); err != nil {
				return err
			}
			return tx.EndAllLinks(ctx, s.Now())
		})
		ended += here
		return err
	})
	if err != nil {
		return 0, err
	}
	return ended, s.Store.Nowhere().Tx(ctx, func(tx *store.Tx) error {
		if err := tx.RevokeOperatorTokens(ctx, s.Now()); err != nil { // who was revoked since stays revoked
			return err
		}
		return tx.AddEvent(ctx, event(identity.EventRestoreDone, s.Now(), map[string]string{"sessions": fmt.Sprint(ended)}))
	})
}
