package store

import (
	"context"
	"slices"
	"time"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/problem"
)

// An address that a living link leads back to is kept for the user whose link
// it is: else a thief would give it to somebody else, and close the way back.
// Whoever writes an address asks after the writing. Who was in the way has then
// committed, its link is seen, and of two in the same moment one has lost.
const (
	reservedFor = `SELECT COUNT(*) FROM links WHERE tenant_id = $1 AND purpose = 'undo' AND used_at = 0 AND revoked_at = 0
		AND address = $2 AND user_id <> $3 AND expires_at > $4`
	reservedAll = `SELECT address FROM links WHERE tenant_id = $1 AND purpose = 'undo' AND used_at = 0 AND revoked_at = 0 AND expires_at > $2`
)

// unreserved answers problem.Exists when a folded address, which the user has
// just been given, is kept for somebody else.
func (tx *Tx) unreserved(ctx context.Context, folded string, user identity.UserID, now time.Time) error {
	var n int64
	if err := tx.one(ctx, reservedFor, into(&n), folded, string(user), micros(now)); err != nil {
		return err
	}
	if n > 0 {
		return problem.Exists
	}
	return nil
}

// reserved lists which of the folded addresses are kept for anybody.
func (t Tenant) reserved(ctx context.Context, emails []string, now time.Time) (list []string, err error) {
	err = t.all(ctx, reservedAll, func(r row) error {
		var address string
		err := r.Scan(&address)
		if slices.Contains(emails, address) {
			list = append(list, address)
		}
		return err
	}, micros(now))
	return list, err
}
