package signin

import (
	"context"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/secret"
	"github.com/vestibule-id/vestibule/internal/store"
)

// A Hasher makes the hashes of passwords that somebody chooses outside the
// door: by a link, or for somebody else.
type Hasher struct {
	Gate    *secret.Gate // nil: a command, which hashes at once
	Params  secret.Params
	Product string // a word no password may be
}

// Hash makes the slow hash of a user's new password, with the salt that signing
// in expects, if the rules of the tenant's effective policy are content with it.
// It takes a good part of a second: never inside a Tx. Errors are
// policy.ErrPassword and secret.ErrBusy.
func (h Hasher) Hash(ctx context.Context, t store.Tenant, tenant identity.Tenant, u identity.User, password secret.Password) (made secret.Hash, err error) {
	if err := policy.CheckPassword(tenant.Policy, password.Reveal(), policy.PersonOf(h.Product, tenant, u)); err != nil {
		return "", err
	}
	salt := Salt(t, tenant.Style, u)
	if h.Gate == nil {
		return h.Params.Hash(password, salt), nil
	}
	place, err := h.Gate.Enter()
	if err != nil {
		return "", err
	}
	defer place.Leave()
	err = place.Do(ctx, func() { made = h.Params.Hash(password, salt) })
	return made, err
}
