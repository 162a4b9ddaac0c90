package store

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/problem"
)

// RemovePiece is how many rows Remove deletes at most: a piece must not hold
// the embedded database's writer for long.
const RemovePiece = 250

// What is of a tenant goes in this order: what points at something goes before
// it, letters first, for nobody may get one any more.
const (
	removeDue         = `DELETE FROM due WHERE tenant_id = $1 AND task_id IN (SELECT task_id FROM due WHERE tenant_id = $1 LIMIT $2)`
	removeTasks       = `DELETE FROM tasks WHERE tenant_id = $1 AND id IN (SELECT id FROM tasks WHERE tenant_id = $1 LIMIT $2)`
	removeSessions    = `DELETE FROM sessions WHERE tenant_id = $1 AND id IN (SELECT id FROM sessions WHERE tenant_id = $1 LIMIT $2)`
	removeBrowsers    = `DELETE FROM browsers WHERE tenant_id = $1 AND (user_id, browser) IN (SELECT user_id, browser FROM browsers WHERE tenant_id = $1 LIMIT $2)`
	removeForms       = `DELETE FROM kept_forms WHERE tenant_id = $1 AND id IN (SELECT id FROM kept_forms WHERE tenant_id = $1 LIMIT $2)`
	removeInvitations = `DELETE FROM invitations WHERE tenant_id = $1 AND id IN (SELECT id FROM invitations WHERE tenant_id = $1 LIMIT $2)`
	removeLinks       = `DELETE FROM links WHERE tenant_id = $1 AND id IN (SELECT id FROM links WHERE tenant_id = $1 LIMIT $2)`
	removeLanes       = `DELETE FROM lanes WHERE tenant_id = $1 AND (subject, lane) IN (SELECT subject, lane FROM lanes WHERE tenant_id = $1 LIMIT $2)`
	someUsers         = `SELECT id, email_folded FROM users WHERE tenant_id = $1 ORDER BY id LIMIT $2`
	removeImports     = `DELETE FROM imports WHERE tenant_id = $1 AND id IN (SELECT id FROM imports WHERE tenant_id = $1 LIMIT $2)`
	removeRoles       = `DELETE FROM roles WHERE tenant_id = $1 AND name IN (SELECT name FROM roles WHERE tenant_id = $1 LIMIT $2)`
	removeUnsealed    = `DELETE FROM unsealed WHERE tenant_id = $1 AND event_id IN (SELECT event_id FROM unsealed WHERE tenant_id = $1 LIMIT $2)`
	// An event goes with its place in the chain, and in no other way.
	removePlaces = `DELETE FROM chain WHERE tenant_id = $1 AND place IN (SELECT place FROM chain WHERE tenant_id = $1 ORDER BY place LIMIT $2)`
	placeless    = `SELECT e.id FROM events e WHERE e.tenant_id = $1 AND NOT EXISTS (SELECT 1 FROM chain c WHERE c.tenant_id = $1 AND c.event_id = e.id) LIMIT $2`

	// At last what there is one of, and what the directory may still have.
	removeLogo      = `DELETE FROM logos WHERE tenant_id = $1`
	removeHead      = `DELETE FROM chain_heads WHERE tenant_id = $1`
	removeAddresses = `DELETE FROM addresses WHERE tenant_id = $1`
	removeSecrets   = `DELETE FROM secrets WHERE tenant_id = $1`
	removeKeys      = `DELETE FROM signing_keys WHERE tenant_id = $1`
	removeTenant    = `DELETE FROM tenants WHERE tenant_id = $1`
)

// inPieces are the tables a tenant may have many rows in, but for users and
// events, which take more than a statement.
var inPieces = []string{
	removeDue, removeTasks, removeSessions, removeBrowsers, removeForms, removeInvitations, removeLinks, removeLanes, removeRoles, removeUnsealed,
	removeOnce, removeOperatorTokens,
}

// Remove deletes up to RemovePiece rows of a tenant that is on its way out and
// shows that the caller is at it; n is how many, and 0 says that nothing is
// left but what Gone takes. problem.NotFound says that the tenant is on no way
// out; problem.Exists that an event has got its place meanwhile: try again.
func (tx *Tx) Remove(ctx context.Context, now time.Time) (n int64, err error) {
	defer problem.Wrap(&err, "remove rows of %s", tx.id)
	if err := tx.execOne(ctx, touchMove, movingOut, micros(now)); err != nil {
		return 0, err
	}
	for _, remove := range inPieces {
		if n, err = tx.exec(ctx, remove, RemovePiece); err != nil || n > 0 {
			return n, err
		}
	}
	for _, remove := range []func(context.Context) (int64, error){tx.removeUsers, tx.removeImports, tx.removeEvents} {
		if n, err = remove(ctx); err != nil || n > 0 {
			return n, err
		}
	}
	return 0, nil
}

func (tx *Tx) removeUsers(ctx context.Context) (n int64, err error) {
	var users, addresses []string
	err = tx.all(ctx, someUsers, func(r row) error {
		var user, folded string
		err := r.Scan(&user, &folded)
		users = append(users, user)
		if folded != "" {
			addresses = append(addresses, tx.store.keys.AddressHash(folded))
		}
		return err
	}, RemovePiece)
	if err != nil {
		return 0, err
	}
	return int64(len(users)), tx.dropUsers(ctx, users, addresses)
}

func (tx *Tx) removeImports(ctx context.Context) (int64, error) {
	return tx.exec(ctx, removeImports, RemovePiece)
}

// removeEvents gives what has no place one that nobody else has, for it goes
// only with its place.
func (tx *Tx) removeEvents(ctx context.Context) (n int64, err error) {
	if n, err = tx.exec(ctx, removePlaces, RemovePiece); err != nil || n > 0 {
		return n, err
	}
	var ids []identity.EventID
	err = tx.all(ctx, placeless, func(r row) error {
		var id identity.EventID
		err := r.Scan(&id)
		ids = append(ids, id)
		return err
	}, RemovePiece)
	for i, id := range ids {
		if err != nil {
			return 0, err
		}
		err = tx.later(ctx, insertPlace, int64(-1-i), string(id), []byte{}, []byte{}, []byte{})
	}
	if err != nil || len(ids) == 0 {
		return 0, err
	}
	return tx.exec(ctx, removePlaces, RemovePiece)
}

// DropEvents deletes up to RemovePiece events of a tenant that is gone: of what
// was under way in it when it went.
func (tx *Tx) DropEvents(ctx context.Context) (n int64, err error) {
	defer problem.Wrap(&err, "drop events of %s", tx.id)
	if _, err := tx.Get(ctx); !errors.Is(err, problem.NotFound) {
		return 0, err
	}
	if _, err := tx.exec(ctx, removeUnsealed, RemovePiece); err != nil {
		return 0, err
	}
	return tx.removeEvents(ctx)
}

// Gone deletes the tenant itself, once Remove has left nothing else of it, and
// its move; problem.NotFound says that it is on no way out, or that there is
// something left.
func (tx *Tx) Gone(ctx context.Context) (err error) {
	defer problem.Wrap(&err, "remove tenant %s", tx.id)
	if err := tx.execOne(ctx, endMove, movingOut); err != nil {
		return err
	}
	for _, remove := range []string{removeLogo, removeHead, removeAddresses, removeSecrets, removeKeys} {
		if _, err := tx.exec(ctx, remove); err != nil {
			return err
		}
	}
	return tx.execOne(ctx, removeTenant)
}

// dropUsers deletes users and the entries of their addresses in the directory.
func (tx *Tx) dropUsers(ctx context.Context, users, addresses []string) error {
	for sql, keys := range map[string][]string{deleteUsers: users, deleteAddresses: addresses} {
		for some := range slices.Chunk(keys, inValues) {
			if _, err := tx.exec(ctx, manyValues(sql), padded(some)...); err != nil {
				return err
			}
		}
	}
	return nil
}
