// Package operator is what whoever runs the installation does to it: make and
// open the database with its sealing key, keep tenants and signing keys, back
// up and restore.
//
//	config ─► sealing key (given, or the file beside the embedded database)
//	           └─► OpenDatabase ─► Service: tenants, keys, backup
//	server ─► LockServer ─► one server to an embedded database; Restore takes it too
//
// What is done to a tenant is told in that tenant's audit trail, the rest in
// the reserved tenant's.
package operator

import (
	"time"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/store"
)

// Service holds what the use cases of this package need.
type Service struct {
	Store *store.Store
	Now   func() time.Time

	Settle time.Duration // how long what is under way in a tenant may go on when it is closed, before its rows go
}

func event(kind string, now time.Time, detail map[string]string) identity.Event {
	e := identity.Event{Kind: kind, Result: identity.EventOK, Detail: map[string]string{"by": "operator"}, At: now}
	for name, value := range detail {
		e.Detail[name] = value
	}
	return e
}
