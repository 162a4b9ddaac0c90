package session_test

import (
	"context"
	"crypto/ecdsa"
	"encoding/json"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/internal/housetest"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/secret"
	"github.com/vestibule-id/vestibule/internal/store"
)

// published reads the key set as an application does.
func published(t *testing.T, h *housetest.House) func(kid string) (*ecdsa.PublicKey, bool) {
	t.Helper()
	var set struct{ Keys []json.RawMessage }
	if err := json.Unmarshal(h.Sessions.Ring.JWKS(), &set); err != nil {
		t.Fatal(err)
	}
	keys := map[string]*ecdsa.PublicKey{}
	for _, jwk := range set.Keys {
		id, public, err := secret.ParsePublicJWK(jwk)
		if err != nil {
			t.Fatal(err)
		}
		keys[string(id)] = public
	}
	return func(kid string) (*ecdsa.PublicKey, bool) {
		key, ok := keys[kid]
		return key, ok
	}
}

func load(t *testing.T, h *housetest.House) {
	t.Helper()
	if err := h.Sessions.Ring.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func revoke(t *testing.T, h *housetest.House, id identity.KeyID) {
	t.Helper()
	err := h.Store.Nowhere().Tx(t.Context(), func(tx *store.Tx) error {
		return tx.RevokeSigningKey(t.Context(), id, h.Clock.Now())
	})
	if err != nil {
		t.Fatal(err)
	}
}

// A key is published a day before it signs; what the old one signed stays
// good, and nobody notices.
//
// Proves: W9, W10, 2.7
func TestKeysRotate(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		withAnn(t, h, "access-token-ttl=48h", "idle-timeout=100h")
		old := enter(t, h, identity.Program)
		next := h.AddKey(t, at(24*time.Hour))
		load(t, h)
		if _, ok := published(t, h)(string(next.ID)); !ok {
			t.Error("a key that will sign tomorrow is not published today")
		}
		h.Clock.Set(at(24*time.Hour - time.Microsecond))
		old = lives(t, h, old.Refresh, true)
		if kid := secret.TokenKeyID(old.AccessToken); kid == string(next.ID) {
			t.Error("a key signs before its time")
		}
		h.Clock.Set(at(24 * time.Hour))
		young := lives(t, h, old.Refresh, true)
		if kid := secret.TokenKeyID(young.AccessToken); kid != string(next.ID) {
			t.Errorf("signed with %s, want %s from its time on", kid, next.ID)
		}
		for _, node := range []*housetest.House{h, h.Node(t)} {
			alive(t, node, old.AccessToken, true)
			alive(t, node, young.AccessToken, true)
		}
	})
}

// A revoked key's tokens are refused, those already believed too: here at
// once, on other nodes when they have read the keys again.
//
// Proves: W9, 2.7
func TestRevokedKey(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		withAnn(t, h)
		second := h.Node(t)
		bad := h.AddKey(t, housetest.Morning)
		load(t, h)
		load(t, second)
		g := enter(t, h, identity.Program)
		if secret.TokenKeyID(g.AccessToken) != string(bad.ID) {
			t.Fatal("the youngest key does not sign")
		}
		alive(t, h, g.AccessToken, true)
		alive(t, second, g.AccessToken, true)
		revoke(t, h, bad.ID)
		load(t, h)
		alive(t, h, g.AccessToken, false)
		load(t, second)
		alive(t, second, g.AccessToken, false)
		for _, node := range []*housetest.House{h, second} {
			if _, ok := published(t, node)(string(bad.ID)); ok {
				t.Error("a revoked key is published")
			}
		}
		renewed := lives(t, h, g.Refresh, true) // the session itself lives
		if secret.TokenKeyID(renewed.AccessToken) == string(bad.ID) {
			t.Error("a revoked key signs")
		}
		alive(t, second, renewed.AccessToken, true)
	})
}

// A token by a key another node has just made is believed at once; tokens that
// name keys nobody made cost a reading of the keys ten times a second at most.
//
// Proves: W9, W10, 2.7
func TestUnknownKeyIsLookedUp(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		withAnn(t, h)
		second := h.Node(t)
		h.AddKey(t, housetest.Morning)
		load(t, h)
		g := enter(t, h, identity.Program)
		alive(t, second, g.AccessToken, true)

		made := h.AddKey(t, housetest.Morning)
		token := signed(t, made, forge(g))
		h.Clock.Advance(100*time.Millisecond - time.Microsecond)
		alive(t, second, token, false) // read too lately
		h.Clock.Advance(time.Microsecond)
		over, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := second.Sessions.Check(over, token); err == nil || problem.Of(err) != nil {
			t.Errorf("a reading that fails: %v, want an accident", err)
		}
		alive(t, second, token, true) // and it was none
	})
}

// Without a key there is nothing to sign with, and nothing to believe.
//
// Proves: 2.7
func TestNoKey(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		withAnn(t, h)
		g := enter(t, h, identity.Program)
		revoke(t, h, identity.KeyID(secret.TokenKeyID(g.AccessToken)))
		load(t, h)
		if _, err := h.Sessions.Refresh(t.Context(), string(g.Refresh), true, peer); err == nil {
			t.Error("a token was signed with no key")
		}
		if got := string(h.Sessions.Ring.JWKS()); got != `{"keys":[]}` {
			t.Errorf("published %s, want no keys", got)
		}
	})
}
