package store

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/problem"
)

// A tenant that is on its way in or out has no slug: nobody finds it. What is
// kept of it meanwhile is in moves, where others find what a killed process
// left.
//
//	Leave ──► out, no slug ──Remove, piece by piece──► nothing
//	Enter ──► in, no slug ──CarryIn, piece by piece, Arrive──► a slug: there at once
const (
	insertMove = `INSERT INTO moves (tenant_id, way, at) VALUES ($1, $2, $3)`
	touchMove  = `UPDATE moves SET at = $3 WHERE tenant_id = $1 AND way = $2`
	takeMove   = `UPDATE moves SET at = $3, way = 'out' WHERE tenant_id = $1 AND at < $2`
	endMove    = `DELETE FROM moves WHERE tenant_id = $1 AND way = $2`
	moveOf     = `SELECT way FROM moves WHERE tenant_id = $1`
	idleMoves  = `SELECT tenant_id FROM moves WHERE at < $1 ORDER BY tenant_id LIMIT 100`

	deleteSlug   = `DELETE FROM slugs WHERE tenant_id = $1`
	insertSlugOf = `INSERT INTO slugs (tenant_id, slug, style) VALUES ($1, $2, $3)`
	nameTenant   = `UPDATE tenants SET slug = $2 WHERE tenant_id = $1`
)

// The ways a tenant moves.
const (
	movingIn  = "in"
	movingOut = "out"
)

// Leave takes the tenant's slug away and marks it as to be removed: nobody
// finds it any more. now says that the caller is at it; the zero time leaves
// it to whoever looks for IdleMoves. Set the tenant's status too: who has found
// it before must be refused. problem.NotFound says that it has no slug.
func (tx *Tx) Leave(ctx context.Context, now time.Time) (err error) {
	defer problem.Wrap(&err, "take tenant %s out", tx.id)
	if err := tx.execOne(ctx, deleteSlug); err != nil {
		return err
	}
	_, err = tx.exec(ctx, insertMove, movingOut, micros(now))
	return err
}

// Moving reports whether the tenant is on its way in or out: nobody finds it,
// and nobody is to hear of it.
func (t Tenant) Moving(ctx context.Context) (moving bool, err error) {
	defer problem.Wrap(&err, "whether %s moves", t.id)
	var way string
	err = t.one(ctx, moveOf, into(&way))
	if errors.Is(err, problem.NotFound) {
		return false, nil
	}
	return err == nil, err
}

// IdleMoves lists tenants on their way that nobody has been at since before
// the given time: those to be removed, and those whose import has died.
func (s *Store) IdleMoves(ctx context.Context, before time.Time) (ids []identity.TenantID, err error) {
	defer problem.Wrap(&err, "idle moves")
	err = s.engine.read(ctx, unscoped, query(idleMoves, []any{micros(before)}, func(r row) error {
		var id identity.TenantID
		err := r.Scan(&id)
		ids = append(ids, id)
		return err
	}))
	return ids, err
}

// TakeMove lets the caller, and nobody else, go on with a move that nobody has
// been at since before the given time. From then on the tenant goes, whichever
// way it was on. problem.NotFound says that somebody else is at it.
func (tx *Tx) TakeMove(ctx context.Context, before, now time.Time) (err error) {
	defer problem.Wrap(&err, "take the move of %s", tx.id)
	return tx.execOne(ctx, takeMove, micros(before), micros(now))
}

// ErrMoveOver says that an import stood still for so long that somebody took it
// for dead and undoes it.
var ErrMoveOver = problem.New(problem.Conflict, "move_given_up", "The import stood still for so long that it was taken for dead and undone. Nothing was imported.")

// Enter adds a tenant that is to be imported: with no slug yet, so nobody finds
// it. problem.Exists says that there is one with its id, or that there was one
// that is not quite gone.
func (tx *Tx) Enter(ctx context.Context, t identity.Tenant, now time.Time) (err error) {
	defer problem.Wrap(&err, "take tenant %s in", tx.id)
	policy, err := json.Marshal(t.Policy)
	if err != nil {
		return err
	}
	if _, err := tx.exec(ctx, insertMove, movingIn, micros(now)); err != nil {
		return err
	}
	_, err = tx.exec(ctx, insertTenant, "", t.Name, string(t.Style), string(t.Status), string(policy), micros(t.CreatedAt))
	return err
}

// comingIn shows that the caller is at an import.
func (tx *Tx) comingIn(ctx context.Context, now time.Time) error {
	err := tx.execOne(ctx, touchMove, movingIn, micros(now))
	if errors.Is(err, problem.NotFound) {
		return ErrMoveOver
	}
	return err
}

// Arrive gives an imported tenant its slug: from then on it is there, with all
// that was carried in. problem.Exists says that the slug is taken, ErrMoveOver
// that the import was given up.
func (tx *Tx) Arrive(ctx context.Context, slug string, style identity.Style) (err error) {
	defer problem.Wrap(&err, "let tenant %s arrive", tx.id)
	err = tx.execOne(ctx, endMove, movingIn)
	if errors.Is(err, problem.NotFound) {
		return ErrMoveOver
	} else if err != nil {
		return err
	}
	if err := tx.execOne(ctx, nameTenant, slug); err != nil {
		return err
	}
	_, err = tx.exec(ctx, insertSlugOf, slug, string(style))
	return err
}
