package session

import (
	"context"
	"crypto/ecdsa"
	"encoding/json"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/secret"
	"github.com/vestibule-id/vestibule/internal/store"
)

// errNoKey says that there is nothing to sign with. The operator's Tend makes
// a key whenever one is missing, so this is an accident.
var errNoKey = errors.New("there is no active signing key")

// reloadSpare is the least time between two reloads that strangers can cause
// by naming keys that do not exist.
const reloadSpare = 100 * time.Millisecond

// Ring holds the signing keys as the database has them, read again every
// second, so that every node follows a rotation or a revocation.
type Ring struct {
	Store *store.Store

	keys   atomic.Pointer[keySet]
	mu     sync.Mutex // one reload at a time
	loaded time.Time
}

type keySet struct {
	signers []secret.SigningKey         // with a private half, in the order they become active
	public  map[string]*ecdsa.PublicKey // every published one, by kid
	jwks    []byte
}

// Load reads the keys.
func (r *Ring) Load(ctx context.Context) (err error) {
	defer problem.Wrap(&err, "load signing keys")
	list, err := r.Store.SigningKeys(ctx)
	if err != nil {
		return err
	}
	set := &keySet{public: map[string]*ecdsa.PublicKey{}}
	published := []json.RawMessage{}
	for _, k := range list {
		if !k.RevokedAt.IsZero() {
			continue
		}
		private, err := secret.ParsePrivate(k.Private)
		if err != nil {
			return err
		}
		set.signers = append(set.signers, secret.SigningKey{ID: k.ID, Private: private, CreatedAt: k.CreatedAt, ActiveFrom: k.ActiveFrom})
		set.public[string(k.ID)] = &private.PublicKey
		published = append(published, k.Public)
	}
	if set.jwks, err = json.Marshal(map[string]any{"keys": published}); err != nil {
		return err
	}
	r.keys.Store(set)
	return nil
}

// reload is Load for a token that names an unknown key: another node may have
// made it within the last second.
func (r *Ring) reload(ctx context.Context, now time.Time) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if since := now.Sub(r.loaded); since >= 0 && since < reloadSpare {
		return nil
	}
	if err := r.Load(ctx); err != nil {
		return err
	}
	r.loaded = now
	return nil
}

// JWKS is the published key set (RFC 7517 section 5).
func (r *Ring) JWKS() []byte { return r.set().jwks }

func (r *Ring) set() *keySet {
	if set := r.keys.Load(); set != nil {
		return set
	}
	return &keySet{jwks: []byte(`{"keys":[]}`)}
}

func (r *Ring) public(kid string) (*ecdsa.PublicKey, bool) {
	key, ok := r.set().public[kid]
	return key, ok
}

func (r *Ring) has(kid string) bool {
	_, ok := r.set().public[kid]
	return ok
}

// sign signs with the youngest key that is active.
func (r *Ring) sign(c secret.Claims, now time.Time) (string, error) {
	signers := r.set().signers
	for i := len(signers) - 1; i >= 0; i-- {
		if !signers[i].ActiveFrom.After(now) {
			return secret.Sign(signers[i], c)
		}
	}
	return "", errNoKey
}
