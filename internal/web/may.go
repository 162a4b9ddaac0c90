package web

import (
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/policy"
)

// may is what somebody of a role may do, a sentence each; what no page would
// lead them to is left out.
func may(role identity.Role) []string {
	list := []string{"Look after your own profile, password and sessions"}
	for _, p := range policy.AllPermissions() {
		if policy.Holds(role, p.Permission) && (p.Needs == "" || policy.Holds(role, p.Needs)) {
			list = append(list, p.Words)
		}
	}
	return list
}
