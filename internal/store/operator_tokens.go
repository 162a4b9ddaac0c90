package store

import (
	"context"
	"time"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/problem"
)

const (
	operatorTokenColumns = `id, name, created_at, expires_at, used_at, revoked_at`

	operatorToken        = `SELECT ` + operatorTokenColumns + `, hash FROM operator_tokens WHERE tenant_id = $1 AND id = $2`
	listOperatorTokens   = `SELECT ` + operatorTokenColumns + ` FROM operator_tokens WHERE tenant_id = $1 ORDER BY id`
	insertOperatorToken  = `INSERT INTO operator_tokens (tenant_id, id, name, hash, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6)`
	touchOperatorToken   = `UPDATE operator_tokens SET used_at = $3 WHERE tenant_id = $1 AND id = $2 AND used_at < $3`
	revokeOperatorToken  = `UPDATE operator_tokens SET revoked_at = $3 WHERE tenant_id = $1 AND id = $2 AND revoked_at = 0`
	revokeOperatorTokens = `UPDATE operator_tokens SET revoked_at = $2 WHERE tenant_id = $1 AND revoked_at = 0`
	removeOperatorTokens = `DELETE FROM operator_tokens WHERE tenant_id = $1 AND id IN (SELECT id FROM operator_tokens WHERE tenant_id = $1 LIMIT $2)`
)

// OperatorToken finds an operator token and the hash of it; problem.NotFound
// when there is none. Whether it is alive, the caller sees.
func (t Tenant) OperatorToken(ctx context.Context, id identity.OperatorTokenID) (found identity.OperatorToken, hash string, err error) {
	defer problem.Wrap(&err, "operator token %s", id)
	err = t.one(ctx, operatorToken, whole(operatorTokenPart(&found), value(&hash)), string(id))
	return found, hash, err
}

// OperatorTokens lists all operator tokens there ever were, oldest first.
func (t Tenant) OperatorTokens(ctx context.Context) (list []identity.OperatorToken, err error) {
	defer problem.Wrap(&err, "operator tokens")
	err = t.all(ctx, listOperatorTokens, func(r row) error {
		var one identity.OperatorToken
		err := read(r, operatorTokenPart(&one))
		list = append(list, one)
		return err
	})
	return list, err
}

// AddOperatorToken adds an operator token by its hash.
func (tx *Tx) AddOperatorToken(ctx context.Context, t identity.OperatorToken, hash string) (err error) {
	defer problem.Wrap(&err, "add operator token %s", t.ID)
	_, err = tx.exec(ctx, insertOperatorToken, string(t.ID), t.Name, hash, micros(t.CreatedAt), micros(t.ExpiresAt))
	return err
}

// TouchOperatorToken notes that a token was used.
func (tx *Tx) TouchOperatorToken(ctx context.Context, id identity.OperatorTokenID, at time.Time) (err error) {
	defer problem.Wrap(&err, "touch operator token %s", id)
	_, err = tx.exec(ctx, touchOperatorToken, string(id), micros(at))
	return err
}

// RevokeOperatorToken makes a token invalid for ever; problem.NotFound when
// there is none, or it is already.
func (tx *Tx) RevokeOperatorToken(ctx context.Context, id identity.OperatorTokenID, at time.Time) (err error) {
	defer problem.Wrap(&err, "revoke operator token %s", id)
	return tx.execOne(ctx, revokeOperatorToken, string(id), micros(at))
}

// RevokeOperatorTokens makes all operator tokens invalid.
func (tx *Tx) RevokeOperatorTokens(ctx context.Context, at time.Time) (err error) {
	defer problem.Wrap(&err, "revoke operator tokens")
	_, err = tx.exec(ctx, revokeOperatorTokens, micros(at))
	return err
}

func operatorTokenPart(t *identity.OperatorToken) part {
	var created, expires, used, revoked int64
	return part{
		targets: []any{&t.ID, &t.Name, &created, &expires, &used, &revoked},
		finish: func() error {
			t.CreatedAt, t.ExpiresAt, t.UsedAt, t.RevokedAt = instant(created), instant(expires), instant(used), instant(revoked)
			return nil
		},
	}
}
