package policy_test

import (
	"testing"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/policy"
)

func TestAfterPassword(t *testing.T) {
	open := identity.Tenant{Status: identity.TenantActive}
	keeps := identity.Tenant{Status: identity.TenantActive, Policy: identity.Policy{ChangeInitial: "no"}}
	wants := identity.Tenant{Status: identity.TenantActive, Policy: identity.Policy{ChangeInitial: "yes"}}
	shut := identity.Tenant{Status: identity.TenantSuspended}
	ann := identity.User{Status: identity.Active, HasPassword: true}
	initial := identity.User{Status: identity.Active, HasPassword: true, MustChange: true}
	for _, test := range []struct {
		name    string
		tenant  identity.Tenant
		user    identity.User
		matched bool
		want    policy.Step
	}{
		{"right", open, ann, true, policy.Done},
		{"wrong", open, ann, false, policy.Refuse},
		{"nobody", open, identity.User{}, false, policy.Refuse},
		{"nobody, should the dummy hash match", open, identity.User{}, true, policy.Refuse},
		{"deactivated", open, identity.User{Status: identity.Deactivated, HasPassword: true}, true, policy.Refuse},
		{"invited", open, identity.User{Status: identity.Invited, HasPassword: true}, true, policy.Refuse},
		{"active without a password", open, identity.User{Status: identity.Active}, true, policy.Refuse},
		{"G1: right in a suspended tenant", shut, ann, true, policy.Suspended},
		{"G1: wrong in a suspended tenant tells nothing", shut, ann, false, policy.Refuse},
		{"G1: deactivated in a suspended tenant tells nothing", shut, identity.User{Status: identity.Deactivated, HasPassword: true}, true, policy.Refuse},
		{"G1: an initial password in a suspended tenant", shut, initial, true, policy.Suspended},
		{"a tenant of no status is not open", identity.Tenant{}, ann, true, policy.Suspended},
		{"P1: an initial password, the tenant says nothing", open, initial, true, policy.ChangePassword},
		{"P1: an initial password, the tenant wants it changed", wants, initial, true, policy.ChangePassword},
		{"P1: an initial password, the tenant lets it be", keeps, initial, true, policy.Done},
		{"P1: a wrong initial password", wants, initial, false, policy.Refuse},
	} {
		if got := policy.AfterPassword(test.tenant, test.user, test.matched); got != test.want {
			t.Errorf("%s: %s, want %s", test.name, got, test.want)
		}
	}
}
