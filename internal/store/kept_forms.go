package store

import (
	"context"
	"encoding/json"
	"time"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/problem"
)

const (
	insertKeptForm = `INSERT INTO kept_forms (tenant_id, id, user_id, page, sealed, expires_at) VALUES ($1, $2, $3, $4, $5, $6)`
	trimKeptForms  = `DELETE FROM kept_forms WHERE tenant_id = $1 AND user_id = $2 AND id NOT IN
		(SELECT id FROM kept_forms WHERE tenant_id = $1 AND user_id = $2 ORDER BY id DESC LIMIT $3)`
	keptForm       = `SELECT page, sealed, expires_at FROM kept_forms WHERE tenant_id = $1 AND user_id = $2 AND id = $3 AND expires_at > $4`
	sweepKeptForms = `DELETE FROM kept_forms WHERE tenant_id = $1 AND id IN (SELECT id FROM kept_forms WHERE tenant_id = $1 AND expires_at <= $2 LIMIT $3)`
)

// maxKeptForms is how many forms are kept for one user; the oldest make room.
const maxKeptForms = 20

const sealedForm = "kept form"

// KeepForm keeps a form for its user, sealed.
func (tx *Tx) KeepForm(ctx context.Context, f identity.KeptForm) (err error) {
	defer problem.Wrap(&err, "keep form %s", f.ID)
	plain, err := json.Marshal(f.Fields)
	if err != nil {
		return err
	}
	sealed := tx.store.keys.Seal(sealedForm, tx.formBound(f.User, f.ID), plain)
	if _, err := tx.exec(ctx, insertKeptForm, string(f.ID), string(f.User), f.Page, sealed, micros(f.ExpiresAt)); err != nil {
		return err
	}
	return tx.later(ctx, trimKeptForms, string(f.User), maxKeptForms)
}

// KeptForm finds a form kept for a user until after now; else
// problem.NotFound.
func (t Tenant) KeptForm(ctx context.Context, user identity.UserID, id identity.KeptFormID, now time.Time) (f identity.KeptForm, err error) {
	defer problem.Wrap(&err, "kept form %s", id)
	var sealed []byte
	var expires int64
	f = identity.KeptForm{ID: id, User: user}
	if err := t.one(ctx, keptForm, into(&f.Page, &sealed, &expires), string(user), string(id), micros(now)); err != nil {
		return f, err
	}
	f.ExpiresAt = instant(expires)
	plain, err := t.store.keys.Open(sealedForm, t.formBound(user, id), sealed)
	if err != nil {
		return f, err
	}
	return f, json.Unmarshal(plain, &f.Fields)
}

// SweepKeptForms deletes up to limit forms that nobody is shown any more.
func (tx *Tx) SweepKeptForms(ctx context.Context, now time.Time, limit int) (n int64, err error) {
	defer problem.Wrap(&err, "sweep kept forms")
	return tx.exec(ctx, sweepKeptForms, micros(now), limit)
}

func (t Tenant) formBound(user identity.UserID, id identity.KeptFormID) []string {
	return []string{string(t.id), string(user), string(id)}
}
