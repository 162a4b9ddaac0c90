package store

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/vestibule-id/vestibule/internal/identity"
)

// BoundAs is what Open says of a connection with the powers of any role, were
// the role called like ours.
func BoundAs(t *testing.T, address, role string) error {
	t.Helper()
	config, err := pgxpool.ParseConfig(address)
	if err != nil {
		t.Fatal(err)
	}
	config.ConnConfig.RuntimeParams["role"] = role
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	s := &Store{dialect: postgresDialect, engine: calledOurs{&postgres{pool: pool}, role}}
	return s.bound(t.Context())
}

// calledOurs reads as a role and calls it appRole.
type calledOurs struct {
	engine
	role string
}

func (c calledOurs) read(ctx context.Context, tenant identity.TenantID, steps ...step) error {
	for i := range steps {
		scan := steps[i].scan
		steps[i].scan = func(r row) error { return scan(renamed{r, c.role}) }
	}
	return c.engine.read(ctx, tenant, steps...)
}

type renamed struct {
	row
	role string
}

func (r renamed) Scan(targets ...any) error {
	err := r.row.Scan(targets...)
	for _, target := range targets {
		if text, ok := target.(*string); ok && *text == r.role {
			*text = appRole
		}
	}
	return err
}
