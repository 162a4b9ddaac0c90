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

	"github.com/vestibule-id/vestibule/internal/enroll"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/session"
	"github.com/vestibule-id/vestibule/internal/store"
)

// Service holds what the use cases of this package need.
type Service struct {
	Store *store.Store
	Now   func() time.Time

	Sessions    *session.Service    // of this node, which forgets a tenant that is suspended; nil: none here
	Invitations *enroll.Invitations // needed where a tenant is made with its first administrator

	actor identity.Actor
	from  identity.Peer

	Settle time.Duration // how long what is under way in a tenant may go on when it is closed, before its rows go
}

// For is the service for one request of a program with an operator token: what
// it does is told with the token and where it came from.
func (s *Service) For(actor identity.Actor, from identity.Peer) *Service {
	acting := *s
	acting.actor, acting.from = actor, from
	return &acting
}

// event is an event of this service, told with who acts.
func (s *Service) event(kind string, now time.Time, detail map[string]string) identity.Event {
	e := event(kind, now, detail)
	e.Peer = s.from
	if s.actor.Token != "" {
		e.Detail["token"] = string(s.actor.Token)
	}
	return e
}

// forget makes this node read at once what it remembers of a tenant.
func (s *Service) forget(t identity.TenantID) {
	if s.Sessions != nil {
		s.Sessions.Forget(t)
	}
}

func event(kind string, now time.Time, detail map[string]string) identity.Event {
	e := identity.Event{Kind: kind, Result: identity.EventOK, Detail: map[string]string{"by": "operator"}, At: now}
	for name, value := range detail {
		e.Detail[name] = value
	}
	return e
}
