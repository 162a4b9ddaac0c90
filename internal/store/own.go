package store

import (
	"context"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/secret"
)

const (
	setOwnName = `UPDATE users SET name = $3, name_folded = $4 WHERE tenant_id = $1 AND id = $2 AND status = 'active' AND ` + visible
	// setOwnPassword checks the facts it acts on, as signIn does: whoever is
	// deactivated, gets another password or is suspended meanwhile has lost.
	setOwnPassword = `UPDATE users SET password = $4, password_kind = $5, must_change = 0, credential = credential + 1
		WHERE tenant_id = $1 AND id = $2 AND credential = $3 AND status = 'active' AND ` + visible + `
		AND EXISTS (SELECT 1 FROM tenants t WHERE t.tenant_id = $1 AND t.status = 'active')`
	followPassword = `UPDATE sessions SET credential = $4 WHERE tenant_id = $1 AND user_id = $2 AND id = $3 AND ended_at = 0`
)

// SetOwnName changes what an active user is called, and nothing else of the
// row, which somebody else may be changing; else problem.NotFound.
func (tx *Tx) SetOwnName(ctx context.Context, id identity.UserID, name string) (err error) {
	defer problem.Wrap(&err, "set own name of user %s", id)
	return tx.execOne(ctx, setOwnName, string(id), name, identity.FoldSearch(name))
}

// SetOwnPassword gives a user the password they have chosen, provided they and
// their tenant are active and their credential version is still the given one;
// else problem.NotFound. The version grows by one; sessions are not ended.
func (tx *Tx) SetOwnPassword(ctx context.Context, id identity.UserID, credential int64, hash secret.Hash) (err error) {
	defer problem.Wrap(&err, "set own password of user %s", id)
	sealed, kind := tx.sealHash(id, hash)
	return tx.execOne(ctx, setOwnPassword, string(id), credential, sealed, kind)
}

// FollowPassword lets one session of a user outlive a new password, the
// credential of the given version; problem.NotFound when it has ended.
func (tx *Tx) FollowPassword(ctx context.Context, user identity.UserID, id identity.SessionID, credential int64) (err error) {
	defer problem.Wrap(&err, "session %s follows a password", id)
	return tx.execOne(ctx, followPassword, string(user), string(id), credential)
}
