package operator

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"

	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/secret"
	"github.com/vestibule-id/vestibule/internal/store"
)

// ErrNoFolder says that a file cannot be made because its folder is not there.
var ErrNoFolder = problem.New(problem.Conflict, "no_folder", "There is no such folder.")

// KeyFile is where the sealing key of the embedded database at path is kept
// when the operator gives none.
func KeyFile(path string) string { return path + ".key" }

// inFolder answers ErrNoFolder where the folder of a file is missing.
func inFolder(path string) error {
	folder := filepath.Dir(path)
	info, err := os.Stat(folder)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return ErrNoFolder.Because("There is no folder %s; make it first.", folder)
	case err == nil && !info.IsDir():
		return ErrNoFolder.Because("%s is a file, not a folder.", folder)
	}
	return err
}

// holdsDatabase reports whether somebody has put anything into the file, and
// answers store.ErrForeignDB when that is no SQLite database. It looks before
// the key is looked for, so that nobody searches for the key of a text.
func holdsDatabase(path string) (bool, error) {
	for _, name := range []string{path, path + "-wal"} {
		info, err := os.Stat(name)
		switch {
		case errors.Is(err, os.ErrNotExist):
		case errors.Is(err, syscall.ENOTDIR):
			return false, inFolder(path)
		case err != nil:
			return false, err
		case info.IsDir():
			return false, store.ErrForeignDB.Because("That is a folder, not a database.")
		case info.Size() > 0 && name == path:
			return true, looksLikeSQLite(path)
		case info.Size() > 0:
			return true, nil
		}
	}
	return false, nil
}

// sqliteHead begins every SQLite file (SQLite, "Database File Format", 1.3).
const sqliteHead = "SQLite format 3\x00"

func looksLikeSQLite(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	head := make([]byte, len(sqliteHead))
	if _, err := io.ReadFull(file, head); err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("read the database's head: %w", err)
	}
	if string(head) != sqliteHead {
		return store.ErrForeignDB.Because("That file is not a database.")
	}
	return nil
}

// makeKeyFile makes a key at path, unless there is one: link, unlike rename,
// replaces nothing, so of several processes one makes the key and all use it.
// made is the path for the one that did.
func makeKeyFile(path string) (made string, err error) {
	folder := filepath.Dir(path)
	part, err := os.CreateTemp(folder, ".vestibule-key-*") // mode 0600
	if err != nil {
		return "", err
	}
	defer os.Remove(part.Name())
	if _, err := part.WriteString(secret.NewSealingKey()); err != nil {
		return "", errors.Join(err, part.Close())
	}
	if err := errors.Join(part.Sync(), part.Close()); err != nil {
		return "", err
	}
	switch err := os.Link(part.Name(), path); {
	case err == nil:
		made = path
	case !errors.Is(err, os.ErrExist):
		return "", err
	}
	names, err := os.Open(folder)
	if err != nil {
		return made, err
	}
	return made, errors.Join(names.Sync(), names.Close())
}
