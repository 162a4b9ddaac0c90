package operator

import (
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/policy"
)

// ErrTenant is policy's, for whoever knows this package.
var ErrTenant = policy.ErrTenant

// setAll sets all that can be set and notes the rest.
func setAll(wrong *policy.Mistakes, t *identity.Tenant, settings []Setting) {
	for _, setting := range settings {
		wrong.Add(setting.Key, policy.Set(t, setting.Key, setting.Value))
	}
}
