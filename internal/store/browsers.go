package store

import (
	"context"
	"time"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/problem"
)

const (
	knownBrowser  = `SELECT COUNT(*) FROM browsers WHERE tenant_id = $1 AND user_id = $2 AND browser = $3`
	insertBrowser = `INSERT INTO browsers (tenant_id, user_id, browser, known_at) VALUES ($1, $2, $3, $4)
		ON CONFLICT (tenant_id, user_id, browser) DO UPDATE SET known_at = $4`
)

// KnownBrowser reports whether the browser, by the keyed hash of its id, has
// signed the user in before.
func (t Tenant) KnownBrowser(ctx context.Context, user identity.UserID, browser string) (known bool, err error) {
	defer problem.Wrap(&err, "known browser of %s", user)
	var n int64
	err = t.one(ctx, knownBrowser, into(&n), string(user), browser)
	return n > 0, err
}

// AddBrowser makes a browser known to a user.
func (tx *Tx) AddBrowser(ctx context.Context, user identity.UserID, browser string, now time.Time) (err error) {
	defer problem.Wrap(&err, "add browser of %s", user)
	return tx.later(ctx, insertBrowser, string(user), browser, micros(now))
}
