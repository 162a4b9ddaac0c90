package server

import (
	"fmt"

	"github.com/vestibule-id/vestibule/internal/config"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/policy"
)

// rulesOf is the operator's full policy, above the operator's own floors.
func rulesOf(c config.Serve) (identity.Policy, error) {
	bounds, err := policy.ParseFloors(c.Floor)
	if err != nil {
		return identity.Policy{}, fmt.Errorf("--floor: %w", err)
	}
	return policy.Above(policy.Effective(policy.Defaults(), c.Policy()), bounds), nil
}
