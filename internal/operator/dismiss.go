package operator

import (
	"context"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/store"
)

// ErrConfirm keeps a slip in an address from deleting a tenant.
var ErrConfirm = problem.New(problem.Invalid, "slug_not_confirmed", "Deleting a tenant is confirmed by its slug, as ?confirm=slug.")

// DismissTenant closes a tenant for a program; its rows go afterwards, by
// TidyMoves. confirmed is the slug once more. Errors are CloseTenant's and
// ErrConfirm.
func (s *Service) DismissTenant(ctx context.Context, slug, confirmed string) (err error) {
	defer problem.Wrap(&err, "dismiss tenant")
	t, err := s.Tenant(ctx, slug)
	if err != nil {
		return err
	}
	if confirmed != t.Slug {
		return ErrConfirm.In(problem.Field{Location: "query.confirm", Message: "This must be the tenant's slug."})
	}
	// Before, for afterwards nobody would know who did it.
	err = s.Store.Nowhere().Tx(ctx, func(tx *store.Tx) error {
		return tx.AddEvent(ctx, s.event(identity.EventTenantDismissed, s.Now(), map[string]string{"slug": t.Slug, "tenant": string(t.ID)}))
	})
	if err != nil {
		return err
	}
	_, err = s.CloseTenant(ctx, t.Slug)
	s.forget(t.ID)
	return err
}
