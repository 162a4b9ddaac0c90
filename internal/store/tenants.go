package store

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/problem"
)

const (
	tenantColumns = `tenant_id, slug, name, style, status, policy, created_at`

	slugTenant = `SELECT tenant_id FROM slugs WHERE slug = $1`
	insertSlug = `INSERT INTO slugs (slug, tenant_id, style) VALUES ($1, $2, $3)`
	updateSlug = `UPDATE slugs SET style = $2 WHERE tenant_id = $1`
	listSlugs  = `SELECT slug, tenant_id FROM slugs WHERE slug > $1 ORDER BY slug LIMIT $2`

	tenantRow    = `SELECT ` + tenantColumns + ` FROM tenants WHERE tenant_id = $1`
	insertTenant = `INSERT INTO tenants (` + tenantColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7)`
	updateTenant = `UPDATE tenants SET name = $2, style = $3, status = $4, policy = $5, version = version + 1 WHERE tenant_id = $1`
	lockTenant   = `UPDATE tenants SET version = version + 1 WHERE tenant_id = $1`
)

// TenantBySlug finds a tenant by its slug, folded; problem.NotFound when no
// tenant has it.
func (s *Store) TenantBySlug(ctx context.Context, slug string) (t identity.Tenant, err error) {
	defer problem.Wrap(&err, "tenant by slug")
	var id identity.TenantID
	if err := s.engine.read(ctx, unscoped, query(slugTenant, []any{slug}, into(&id))); err != nil {
		return t, err
	}
	if id == "" {
		return t, problem.NotFound
	}
	return s.Tenant(id).Get(ctx)
}

// Tenants lists up to limit tenants whose slugs come after the given one.
func (s *Store) Tenants(ctx context.Context, after string, limit int) (list []identity.Tenant, err error) {
	defer problem.Wrap(&err, "tenants")
	var ids []identity.TenantID
	err = s.engine.read(ctx, unscoped, query(listSlugs, []any{after, limit}, func(r row) error {
		var slug string
		var id identity.TenantID
		err := r.Scan(&slug, &id)
		ids = append(ids, id)
		return err
	}))
	for _, id := range ids {
		t, terr := s.Tenant(id).Get(ctx)
		if errors.Is(terr, problem.NotFound) {
			continue // its making has not been committed in full yet
		} else if terr != nil {
			return nil, terr
		}
		list = append(list, t)
	}
	return list, err
}

// Get reads the tenant itself.
func (t Tenant) Get(ctx context.Context) (found identity.Tenant, err error) {
	defer problem.Wrap(&err, "tenant %s", t.id)
	err = t.one(ctx, tenantRow, whole(tenantPart(&found)))
	return found, err
}

// Add adds the tenant itself; problem.Exists says that its slug is taken.
func (tx *Tx) Add(ctx context.Context, t identity.Tenant) (err error) {
	defer problem.Wrap(&err, "add tenant %s", t.ID)
	policy, err := json.Marshal(t.Policy)
	if err != nil {
		return err
	}
	slug := command(insertSlug, []any{t.Slug, string(tx.id), string(t.Style)}, nil)
	if err := tx.send(ctx, tx.id, slug); err != nil {
		return tx.store.dialect.explain(err)
	}
	_, err = tx.exec(ctx, insertTenant, t.Slug, t.Name, string(t.Style), string(t.Status), string(policy), micros(t.CreatedAt))
	return err
}

// Set changes the tenant's name, style, status and policy; problem.NotFound says
// that it has no slug: what is on its way out stays as it was closed.
func (tx *Tx) Set(ctx context.Context, t identity.Tenant) (err error) {
	defer problem.Wrap(&err, "set tenant %s", t.ID)
	policy, err := json.Marshal(t.Policy)
	if err != nil {
		return err
	}
	if err := tx.execOne(ctx, updateSlug, string(t.Style)); err != nil {
		return err
	}
	return tx.execOne(ctx, updateTenant, t.Name, string(t.Style), string(t.Status), string(policy))
}

// Lock makes every other transaction that locks this tenant wait for the end
// of this one. A rule over several rows needs it.
func (tx *Tx) Lock(ctx context.Context) (err error) {
	defer problem.Wrap(&err, "lock tenant %s", tx.id)
	return tx.execOne(ctx, lockTenant)
}

func tenantPart(t *identity.Tenant) part {
	var policy string
	var created int64
	return part{
		targets: []any{&t.ID, &t.Slug, &t.Name, &t.Style, &t.Status, &policy, &created},
		finish: func() error {
			t.CreatedAt = instant(created)
			return json.Unmarshal([]byte(policy), &t.Policy)
		},
	}
}
