package signin

import (
	"context"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/store"
)

// Forgive forgets the tries under every name a user can be meant by. The tries
// of sources stay.
func Forgive(ctx context.Context, tx *store.Tx, u identity.User) error {
	for _, subject := range Subjects(tx.Tenant, u) {
		if err := tx.ClearLanes(ctx, subject); err != nil {
			return err
		}
	}
	return nil
}

// ForgiveAddress forgets the tries by a user's address alone, which count
// before any tenant is known. Other tenants' own lanes on the address stay.
func ForgiveAddress(ctx context.Context, t store.Tenant, u identity.User) error {
	if u.Email.Folded == "" {
		return nil
	}
	subject := t.Keys().LaneSubject(identity.Nowhere, ByAddress, u.Email.Folded)
	return t.Nowhere().Tx(ctx, func(tx *store.Tx) error { return tx.ClearLanes(ctx, subject) })
}

// Subjects are the limiter's names for a user.
func Subjects(t store.Tenant, u identity.User) (list []string) {
	for _, name := range []struct{ by, folded string }{
		{ByEmail, u.Email.Folded},
		{ByExtension, u.Extension},
	} {
		if name.folded != "" {
			list = append(list, t.Keys().LaneSubject(t.ID(), name.by, name.folded))
		}
	}
	return list
}
