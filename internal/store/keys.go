package store

import (
	"context"
	"encoding/json"
	"time"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/problem"
)

const (
	listKeys  = `SELECT id, sealed, public, created_at, active_from, revoked_at FROM signing_keys WHERE tenant_id = $1 ORDER BY active_from, id`
	insertKey = `INSERT INTO signing_keys (tenant_id, id, sealed, public, created_at, active_from) VALUES ($1, $2, $3, $4, $5, $6)`
	revokeKey = `UPDATE signing_keys SET revoked_at = $3, sealed = $4 WHERE tenant_id = $1 AND id = $2 AND revoked_at = 0`
	deleteKey = `DELETE FROM signing_keys WHERE tenant_id = $1 AND id = $2`
)

// A SigningKey is a key as it is kept: the private half sealed.
type SigningKey struct {
	ID         identity.KeyID
	Private    []byte          // PKCS #8, unsealed when read; nil once revoked
	Public     json.RawMessage // JWK
	CreatedAt  time.Time
	ActiveFrom time.Time // signs from then on, until a younger one does
	RevokedAt  time.Time // zero: not revoked
}

const sealedKey = "signing key"

// SigningKeys lists the installation's keys in the order they sign.
func (s *Store) SigningKeys(ctx context.Context) ([]SigningKey, error) {
	return s.Nowhere().SigningKeys(ctx)
}

// SigningKeys lists the keys; they belong to the reserved tenant.
func (t Tenant) SigningKeys(ctx context.Context) (list []SigningKey, err error) {
	defer problem.Wrap(&err, "signing keys")
	err = t.all(ctx, listKeys, func(r row) error {
		var k SigningKey
		var sealed []byte
		var public string
		var created, active, revoked int64
		if err := r.Scan(&k.ID, &sealed, &public, &created, &active, &revoked); err != nil {
			return err
		}
		k.Public = json.RawMessage(public)
		k.CreatedAt, k.ActiveFrom, k.RevokedAt = instant(created), instant(active), instant(revoked)
		if len(sealed) > 0 {
			plain, err := t.store.keys.Open(sealedKey, []string{string(t.id), string(k.ID)}, sealed)
			if err != nil {
				return err
			}
			k.Private = plain
		}
		list = append(list, k)
		return nil
	})
	return list, err
}

// AddSigningKey keeps a new key. Take the reserved tenant's Lock first.
func (tx *Tx) AddSigningKey(ctx context.Context, k SigningKey) (err error) {
	defer problem.Wrap(&err, "add signing key %s", k.ID)
	sealed := tx.store.keys.Seal(sealedKey, []string{string(tx.id), string(k.ID)}, k.Private)
	_, err = tx.exec(ctx, insertKey, string(k.ID), sealed, string(k.Public), micros(k.CreatedAt), micros(k.ActiveFrom))
	return err
}

// RevokeSigningKey makes a key invalid for ever and erases its private half;
// problem.NotFound when there is none, or it is revoked already.
func (tx *Tx) RevokeSigningKey(ctx context.Context, id identity.KeyID, now time.Time) (err error) {
	defer problem.Wrap(&err, "revoke signing key %s", id)
	return tx.execOne(ctx, revokeKey, string(id), micros(now), []byte{})
}

// DeleteSigningKey forgets a key nothing signed with it needs any more.
func (tx *Tx) DeleteSigningKey(ctx context.Context, id identity.KeyID) (err error) {
	defer problem.Wrap(&err, "delete signing key %s", id)
	return tx.execOne(ctx, deleteKey, string(id))
}
