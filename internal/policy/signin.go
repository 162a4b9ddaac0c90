package policy

import (
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/problem"
)

// A Step is what follows a password.
type Step string

// The steps.
const (
	Done           Step = "done"
	Refuse         Step = "refuse"          // ErrRefused, whatever was wrong
	Suspended      Step = "suspended"       // ErrSuspended
	ChangePassword Step = "change_password" // ErrChangeRequired
)

// What a person at the door is told. ErrRefused covers unknown, wrong,
// deactivated and invited alike, so that strangers learn nothing.
var (
	ErrRefused        = problem.New(problem.Unauthenticated, "invalid_credentials", "The sign-in details are not right.")
	ErrSuspended      = problem.New(problem.Denied, "tenant_suspended", "This organization is suspended. Its administrator or the support contact can say more.")
	ErrChangeRequired = problem.New(problem.Denied, "password_change_required", "This password is an initial one. Choose your own to go on.")
	ErrChoose         = problem.New(problem.Conflict, "tenant_choice_required", "You have accounts in several organizations. Choose one.")
	ErrWait           = problem.New(problem.TooMany, "too_many_attempts", "There were too many attempts. Wait, then try again.")
)

// AfterPassword says what follows a password that did or did not match. Only
// who knows the password hears that the tenant is suspended. The tenant's
// policy is the effective one; one that says nothing wants initial passwords
// changed.
func AfterPassword(tenant identity.Tenant, u identity.User, matched bool) Step {
	switch {
	case !matched || !u.HasPassword || u.Status != identity.Active:
		return Refuse
	case tenant.Status != identity.TenantActive:
		return Suspended
	case u.MustChange && tenant.Policy.ChangeInitial != no:
		return ChangePassword
	}
	return Done
}
