package operator

import (
	"context"
	"slices"
	"time"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/secret"
	"github.com/vestibule-id/vestibule/internal/store"
)

// A signing key's life: published a day before it signs, so that everybody
// who keeps the published keys has it by then; the next one takes over after
// ninety days; it stays published until no token it signed can be alive.
const (
	keyAhead    = 24 * time.Hour
	keyLife     = 90 * 24 * time.Hour
	leastRetire = 24 * time.Hour
)

// What can be wrong with an act on a signing key.
var (
	ErrNoKey       = problem.New(problem.Missing, "unknown_key", "There is no such signing key.")
	ErrKeyRevoked  = problem.New(problem.Conflict, "key_revoked", "That key has been revoked already.")
	ErrKeyUpcoming = problem.New(problem.Conflict, "key_upcoming", "The next key is published already.")
)

// A KeyState says what a signing key is for just now.
type KeyState string

// The states of a signing key, in the order of its life.
const (
	KeyUpcoming KeyState = "upcoming" // published, does not sign yet
	KeySigning  KeyState = "signing"
	KeyRetired  KeyState = "retired" // published, signs no more
	KeyRevoked  KeyState = "revoked" // for ever; its private half is erased
)

// A Key is a signing key as the operator sees it.
type Key struct {
	ID         identity.KeyID
	State      KeyState
	CreatedAt  time.Time
	ActiveFrom time.Time
	RevokedAt  time.Time // zero: not revoked
}

// Keys lists the signing keys in the order they become active.
func (s *Service) Keys(ctx context.Context) ([]Key, error) {
	list, err := s.Store.SigningKeys(ctx)
	if err != nil {
		return nil, err
	}
	now, keys := s.Now(), make([]Key, len(list))
	signs := signer(list, now)
	for i, k := range list {
		state := KeyRetired
		switch {
		case !k.RevokedAt.IsZero():
			state = KeyRevoked
		case k.ID == signs:
			state = KeySigning
		case k.ActiveFrom.After(now):
			state = KeyUpcoming
		}
		keys[i] = Key{ID: k.ID, State: state, CreatedAt: k.CreatedAt, ActiveFrom: k.ActiveFrom, RevokedAt: k.RevokedAt}
	}
	return keys, nil
}

// signer is the youngest active key; "" when none is.
func signer(list []store.SigningKey, now time.Time) (id identity.KeyID) {
	for _, k := range list { // sorted by when they become active
		if k.RevokedAt.IsZero() && !k.ActiveFrom.After(now) {
			id = k.ID
		}
	}
	return id
}

// EnsureKey makes the first signing key, which signs at once. Of several nodes
// that start together one makes it.
func (s *Service) EnsureKey(ctx context.Context) error {
	return s.onKeys(ctx, func(tx *store.Tx, list []store.SigningKey, now time.Time) error {
		if signer(list, now) != "" {
			return nil
		}
		_, err := addKey(ctx, tx, now, now)
		return err
	})
}

// RotateKey publishes a new key that signs a day from now, or at once. Without
// at once it is refused with ErrKeyUpcoming while another is waiting.
func (s *Service) RotateKey(ctx context.Context, atOnce bool) (made Key, err error) {
	err = s.onKeys(ctx, func(tx *store.Tx, list []store.SigningKey, now time.Time) error {
		active := now.Add(keyAhead)
		waits := slices.IndexFunc(list, func(k store.SigningKey) bool { return k.RevokedAt.IsZero() && k.ActiveFrom.After(now) })
		if atOnce || signer(list, now) == "" {
			active = now
		} else if waits >= 0 {
			return ErrKeyUpcoming.Because("The next key, %s, is published already and signs from %s on; “rotate --now” does not wait for it.",
				list[waits].ID, list[waits].ActiveFrom.Format(time.RFC3339))
		}
		k, err := addKey(ctx, tx, now, active)
		made = k
		return err
	})
	return made, err
}

// RevokeKey makes a key invalid for ever: every token it signed is refused,
// and its private half is erased. When no active key is left a new one signs
// from now on. Errors are ErrNoKey and ErrKeyRevoked.
func (s *Service) RevokeKey(ctx context.Context, id identity.KeyID) error {
	return s.onKeys(ctx, func(tx *store.Tx, list []store.SigningKey, now time.Time) error {
		i := slices.IndexFunc(list, func(k store.SigningKey) bool { return k.ID == id })
		if i < 0 {
			return ErrNoKey
		}
		if !list[i].RevokedAt.IsZero() {
			return ErrKeyRevoked
		}
		if err := tx.RevokeSigningKey(ctx, id, now); err != nil {
			return err
		}
		if err := tx.AddEvent(ctx, event(identity.EventKeyRevoked, now, map[string]string{"kid": string(id)})); err != nil {
			return err
		}
		list[i].RevokedAt = now
		if signer(list, now) != "" {
			return nil
		}
		_, err := addKey(ctx, tx, now, now)
		return err
	})
}

// onKeys runs change behind the reserved tenant's lock, under which all
// changes of signing keys are made, one after another.
func (s *Service) onKeys(ctx context.Context, change func(tx *store.Tx, list []store.SigningKey, now time.Time) error) (err error) {
	defer problem.Wrap(&err, "change signing keys")
	now := s.Now().Truncate(time.Microsecond) // as it will be read again
	return s.Store.Nowhere().Tx(ctx, func(tx *store.Tx) error {
		if err := tx.Lock(ctx); err != nil {
			return err
		}
		list, err := tx.SigningKeys(ctx)
		if err != nil {
			return err
		}
		return change(tx, list, now)
	})
}

func addKey(ctx context.Context, tx *store.Tx, now, active time.Time) (Key, error) {
	k := secret.NewSigningKey(now)
	kept := store.SigningKey{ID: k.ID, Private: k.MarshalPrivate(), Public: k.PublicJWK(), CreatedAt: now, ActiveFrom: active}
	if err := tx.AddSigningKey(ctx, kept); err != nil {
		return Key{}, err
	}
	state := KeySigning
	if active.After(now) {
		state = KeyUpcoming
	}
	made := Key{ID: k.ID, State: state, CreatedAt: now, ActiveFrom: active}
	return made, tx.AddEvent(ctx, event(identity.EventKeyCreated, now, map[string]string{
		"kid": string(k.ID), "active_from": active.UTC().Format(time.RFC3339)}))
}
