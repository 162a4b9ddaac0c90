package store_test

import (
	"github.com/vestibule-id/vestibule/internal/store"
	"github.com/vestibule-id/vestibule/internal/store/storetest"
	"os/exec"
	"path/filepath"
	"testing"
)

func TestZZ(t *testing.T) {
	address := storetest.Address(t, "sqlite")
	path, _ := store.SQLitePath(address)
	show := func(n string) {
		out, _ := exec.Command("sh", "-c", "ls -l "+filepath.Dir(path)+"; ls -l /proc/$PPID/fd | grep test.db").CombinedOutput()
		t.Log(n, string(out))
	}
	show("migrated")
	old, _ := store.Open(t.Context(), address, storetest.Sealing())
	storetest.AddTenant(t, old, "acme", "workspace")
	show("open")
	t.Log(old.Close())
	show("closed")
}
