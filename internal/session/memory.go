package session

import (
	"sync"
	"time"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/store"
)

// memory is what this node remembers so that a check need neither read a row
// nor verify a signature each time. It only ever saves work: whatever is not
// in it is looked up.
type memory struct {
	tokens   recent[[32]byte, verified]
	sessions recent[sessionKey, seen]
	mu       sync.Mutex
	counts   map[identity.TenantID]uint64
}

// verified is an access token whose signature has been checked.
type verified struct {
	tenant  identity.TenantID
	session identity.SessionID
	user    identity.UserID
	kid     string
	expires time.Time
}

type sessionKey struct {
	tenant identity.TenantID
	id     identity.SessionID
}

// seen is a session as it was read at a time, in the tenant's epoch then, and
// when time will have ended it.
type seen struct {
	live  *store.Live
	end   time.Time
	at    time.Time
	epoch uint64
}

func (m *memory) token(key [32]byte, now time.Time) (verified, bool) {
	v, ok := m.tokens.get(key)
	return v, ok && now.Before(v.expires)
}

func (m *memory) keepToken(key [32]byte, v verified) { m.tokens.put(key, v) }

func (m *memory) session(t identity.TenantID, id identity.SessionID, now time.Time) (seen, bool) {
	s, ok := m.sessions.get(sessionKey{t, id})
	age := now.Sub(s.at)
	return s, ok && age >= 0 && age < remembered && s.epoch == m.epoch(t)
}

// keepSession remembers a session that was read after its epoch had been asked
// for: what was forgotten during the reading stays forgotten.
func (m *memory) keepSession(s seen) {
	m.sessions.put(sessionKey{s.live.Tenant.ID, s.live.Session.ID}, s)
}

func (m *memory) epoch(t identity.TenantID) uint64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.counts[t]
}

func (m *memory) forget(t identity.TenantID) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.counts == nil {
		m.counts = map[identity.TenantID]uint64{}
	}
	m.counts[t]++
}

// recent keeps what was used lately, in two halves: when the young one is
// full it becomes the old one, and what was in the old one is forgotten.
type recent[K comparable, V any] struct {
	mu         sync.Mutex
	young, old map[K]V
}

const halfFull = 8192

func (r *recent[K, V]) get(key K) (V, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	v, ok := r.young[key]
	if ok {
		return v, true
	}
	if v, ok = r.old[key]; ok {
		r.keep(key, v)
	}
	return v, ok
}

func (r *recent[K, V]) put(key K, v V) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.keep(key, v)
}

func (r *recent[K, V]) keep(key K, v V) {
	if r.young == nil || len(r.young) >= halfFull {
		r.young, r.old = map[K]V{}, r.young
	}
	r.young[key] = v
}

func (r *recent[K, V]) drop(key K) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.young, key)
	delete(r.old, key)
}
