package operator_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/internal/housetest"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/operator"
	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/store"
)

// Whoever changes a tenant in the very moment it is closed is in time, or finds
// nothing: a closed one stays closed.
//
// Proves: G1, 5.6
func TestNothingOpensAClosedTenant(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		svc := &operator.Service{Store: h.Store, Now: h.Clock.Now}
		for name, act := range map[string]func(slug string, tenant store.Tenant, boss identity.Actor) error{
			"resume": func(slug string, _ store.Tenant, _ identity.Actor) error {
				_, err := svc.ResumeTenant(t.Context(), slug)
				return err
			},
			"suspend": func(slug string, _ store.Tenant, _ identity.Actor) error {
				_, err := svc.SuspendTenant(t.Context(), slug)
				return err
			},
			"set": func(slug string, _ store.Tenant, _ identity.Actor) error {
				_, err := svc.SetTenant(t.Context(), slug, []operator.Setting{{"name", "Open again"}})
				return err
			},
			"settings": func(_ string, tenant store.Tenant, boss identity.Actor) error {
				_, err := h.Admin().SetOrganization(t.Context(), tenant, boss, map[string]string{"name": "Open again"}, identity.Peer{})
				return err
			},
		} {
			for i := range housetest.Rounds() {
				slug := fmt.Sprintf("%s-%d", name, i)
				tenant := h.AddTenant(t, slug, identity.Email)
				boss := h.AddUser(t, tenant, housetest.Person{Email: slug + "@x.test", Role: identity.Admin})
				actor := identity.Actor{User: boss.ID, Role: policy.BuiltIn(boss.Role)}
				var closed, changed error
				housetest.AtOnce(time.Millisecond, func() { changed = act(slug, tenant, actor) }, func() { _, closed = svc.CloseTenant(t.Context(), slug) })
				row, err := tenant.Get(t.Context())
				if closed != nil || err != nil || row.Status != identity.TenantSuspended {
					t.Fatalf("%s: closed %v, and it is %s, %v", name, closed, row.Status, err)
				}
				if changed != nil && !errors.Is(changed, operator.ErrNoTenant) && !errors.Is(changed, problem.NotFound) {
					t.Errorf("%s: %v, want nothing or that there is no such tenant", name, changed)
				}
			}
		}
	})
}
