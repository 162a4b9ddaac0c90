package operator

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	"github.com/vestibule-id/vestibule/internal/config"
	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/store"
)

// ErrSecondServer refuses a second server on one embedded database: what one
// of them remembers, the other would not know has changed.
var ErrSecondServer = problem.New(problem.Conflict, "second_server", "Another server has this database open.")

// LockServer makes its caller the only server on an embedded database until
// release is called or the process ends, however it ends. Commands that work
// on the database beside a server do not take it. PostgreSQL serves any number
// of servers: there it does nothing.
func LockServer(address config.Address) (release func(), err error) {
	path, embedded := store.SQLitePath(string(address))
	if !embedded {
		return func() {}, nil
	}
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real // one database, one lock, by whatever name
	}
	if err := inFolder(path); err != nil {
		return nil, err
	}
	file, err := os.OpenFile(path+".lock", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock the database: %w", err)
	}
	err = syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		file.Close()
		return nil, ErrSecondServer.Because("Another server has this database open (it holds %s). An embedded database has one server; several share a PostgreSQL.", file.Name())
	} else if err != nil {
		file.Close()
		return nil, fmt.Errorf("lock the database: %w", err)
	}
	return func() { file.Close() }, nil
}
