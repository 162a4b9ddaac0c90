package store

import (
	"context"

	"github.com/vestibule-id/vestibule/internal/problem"
)

const (
	logoPicture = `SELECT fingerprint, picture FROM logos WHERE tenant_id = $1`
	insertLogo  = `INSERT INTO logos (tenant_id, fingerprint, picture) VALUES ($1, $2, $3)
		ON CONFLICT (tenant_id) DO UPDATE SET fingerprint = $2, picture = $3`
	deleteLogo = `DELETE FROM logos WHERE tenant_id = $1`
)

// A Logo is a tenant's picture, a PNG.
type Logo struct {
	Fingerprint string
	Picture     []byte
}

// Logo is the tenant's; problem.NotFound when it has none.
func (t Tenant) Logo(ctx context.Context) (l Logo, err error) {
	defer problem.Wrap(&err, "logo")
	err = t.one(ctx, logoPicture, into(&l.Fingerprint, &l.Picture))
	return l, err
}

// SetLogo gives the tenant a logo in place of the one it has.
func (tx *Tx) SetLogo(ctx context.Context, l Logo) (err error) {
	defer problem.Wrap(&err, "set logo")
	return tx.later(ctx, insertLogo, l.Fingerprint, l.Picture)
}

// DropLogo takes the tenant's logo away, if it has one.
func (tx *Tx) DropLogo(ctx context.Context) (err error) {
	defer problem.Wrap(&err, "drop logo")
	return tx.later(ctx, deleteLogo)
}
