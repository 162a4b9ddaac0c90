// Package audit keeps the trail of what happened so that nobody can rewrite it
// unnoticed, shows it, and forgets what need not be known any more.
//
//	AddEvent ──► waits ──Sealer──► a place in the tenant's chain ──Verify──► holds, or the first break
//	                                  │         │
//	                      Erase: the personal   Retire: the oldest places,
//	                      parts of one user     moving the chain's beginning
//
// A place's mac is made over the mac before it and the event there, under a key
// outside the database: whoever can write the database alone can neither change
// an event, nor take one out, nor put one in between. A cut-off end shows
// only against a head that was noted elsewhere; the server's log has them.
//
// What is written by somebody who has the whole server's powers, and what is
// changed in the second before an event is sealed, no chain can show.
package audit

import (
	"bytes"
	"encoding/hex"
	"strconv"
	"strings"
	"time"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/secret"
	"github.com/vestibule-id/vestibule/internal/store"
)

// Service holds what the use cases of this package need.
type Service struct {
	Store    *store.Store
	Now      func() time.Time
	Operator identity.Policy // the operator's full policy: how long events are kept
}

// A Head says where a tenant's chain ended once: “ten_…:128:5f3a…”, the place
// and the mac there. Noted somewhere else, it shows later that nothing up to
// there has been cut off.
type Head struct {
	Tenant identity.TenantID
	Place  int64
	MAC    []byte
}

// ErrHead refuses a head that is none.
var ErrHead = problem.New(problem.Invalid, "invalid_head", "That is no head of an audit chain; one looks like ten_…:128:5f3a…")

// String is how a head is noted.
func (h Head) String() string {
	return string(h.Tenant) + ":" + strconv.FormatInt(h.Place, 10) + ":" + hex.EncodeToString(h.MAC)
}

// ParseHead reads what String wrote.
func ParseHead(text string) (h Head, err error) {
	parts := strings.Split(strings.TrimSpace(text), ":")
	if len(parts) != 3 || !strings.HasPrefix(parts[0], "ten_") {
		return h, ErrHead
	}
	_, badID := identity.Bytes(identity.TenantID(parts[0]))
	place, badPlace := strconv.ParseInt(parts[1], 10, 64)
	mac, badMAC := hex.DecodeString(parts[2])
	if badID != nil || badPlace != nil || badMAC != nil || place < 0 || place > 0 && len(mac) != macSize {
		return h, ErrHead
	}
	return Head{Tenant: identity.TenantID(parts[0]), Place: place, MAC: mac}, nil
}

const macSize = 32

// A chain makes the macs of one tenant's places.
type chain struct {
	keys   secret.Keys
	tenant string
}

func chainOf(t store.Tenant) chain { return chain{keys: t.Keys(), tenant: string(t.ID())} }

// personal stands for what of an event may be erased. Without the salt it tells
// nothing, even to who has the key and tries every address.
func (c chain) personal(l store.ChainLine) []byte {
	return c.keys.AuditMAC("personal", c.tenant, string(l.EventID), string(l.Salt),
		l.Event.Peer.Address, l.Event.Peer.UserAgent, l.Detail)
}

// mac is the mac of a line at its place, after the place whose mac is before.
func (c chain) mac(l store.ChainLine, before []byte) []byte {
	personal := l.Personal
	if len(personal) == 0 {
		personal = c.personal(l)
	}
	e := l.Event
	event := c.keys.AuditMAC("event", c.tenant, string(l.EventID), e.Kind, e.Result, string(e.User), string(e.Actor),
		string(e.Session), e.Peer.RequestID, strconv.FormatInt(micros(e.At), 10), string(personal))
	return c.keys.AuditMAC("place", c.tenant, strconv.FormatInt(l.Place, 10), string(before), string(event))
}

// erased says that personal parts were erased by who has the key.
func (c chain) erased(l store.ChainLine) []byte {
	return c.keys.AuditMAC("erased", c.tenant, string(l.EventID), string(l.Personal))
}

// begins says that a chain's beginning was moved by who has the key.
func (c chain) begins(h store.ChainHead) []byte {
	return c.keys.AuditMAC("begins", c.tenant, strconv.FormatInt(h.BasePlace, 10), string(h.BaseMAC))
}

func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

func same(a, b []byte) bool { return bytes.Equal(a, b) } // nobody learns from the time this takes: there is no oracle
