package housetest

import (
	"cmp"
	"slices"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/store"
)

// Events lists a tenant's audit trail, or only the events of some kinds.
func Events(t testing.TB, tenant store.Tenant, kinds ...string) (list []identity.Event) {
	t.Helper()
	const page = 1000
	var after identity.EventID
	for {
		some, err := tenant.Events(t.Context(), after, page)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range some {
			after = e.ID
			if len(kinds) == 0 || slices.Contains(kinds, e.Kind) {
				list = append(list, e)
			}
		}
		if len(some) < page {
			return list
		}
	}
}

// LastEvent is the last of a tenant's events that was written in a transaction
// that holds the tenant's lock: their ids are made behind it and sort by time.
func LastEvent(t testing.TB, tenant store.Tenant) identity.Event {
	t.Helper()
	return slices.MaxFunc(Events(t, tenant), func(a, b identity.Event) int { return cmp.Compare(a.ID, b.ID) })
}

// User reads a user's row.
func User(t testing.TB, tenant store.Tenant, id identity.UserID) identity.User {
	t.Helper()
	u, err := tenant.User(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// SetStatus activates or deactivates a user, as another node would: sessions
// of theirs stay rows, which nobody believes any more.
func SetStatus(t testing.TB, tenant store.Tenant, id identity.UserID, status identity.UserStatus) {
	t.Helper()
	change(t, tenant, func(tx *store.Tx) error { return tx.SetStatus(t.Context(), id, status) })
}

// SetRole gives a user another role, as another node would.
func SetRole(t testing.TB, tenant store.Tenant, id identity.UserID, role string) {
	t.Helper()
	before := User(t, tenant, id)
	after := before
	after.Role = role
	change(t, tenant, func(tx *store.Tx) error { return tx.SetUser(t.Context(), before, after, time.Time{}) })
}

// Delete deletes a user, as another node would.
func Delete(t testing.TB, tenant store.Tenant, id identity.UserID) {
	t.Helper()
	u := User(t, tenant, id)
	change(t, tenant, func(tx *store.Tx) error { return tx.DeleteUser(t.Context(), u) })
}

// Hash reads a user's password hash.
func Hash(t testing.TB, tenant store.Tenant, id identity.UserID) string {
	t.Helper()
	hash, err := tenant.PasswordHash(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return string(hash)
}
