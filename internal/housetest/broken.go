package housetest

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/signin"
	"github.com/vestibule-id/vestibule/internal/store"
	"github.com/vestibule-id/vestibule/internal/store/storetest"
)

// WhileForgivingFails does something while the tries on an address, which
// count where no tenant is, cannot be forgotten: the database breaks there. The
// house is on SQLite.
func (h *House) WhileForgivingFails(t testing.TB, address string, do func()) {
	t.Helper()
	path := strings.TrimPrefix(h.Address, "sqlite:")
	lane := store.Lane{
		Lane:    policy.Lane{Limit: 100, Wait: time.Hour, MaxWait: time.Hour},
		Subject: h.Store.Keys().LaneSubject(identity.Nowhere, signin.ByAddress, address), Key: "place",
	}
	if _, err := h.Store.Nowhere().ReserveTry(t.Context(), []store.Lane{lane}, h.Clock.Now()); err != nil {
		t.Fatal(err)
	}
	storetest.ExecSQLite(t, path, fmt.Sprintf(
		`CREATE TRIGGER broken BEFORE DELETE ON lanes WHEN old.tenant_id = '%s' BEGIN SELECT RAISE(ABORT, 'broken'); END`, identity.Nowhere))
	defer storetest.ExecSQLite(t, path, `DROP TRIGGER broken`)
	do()
}
