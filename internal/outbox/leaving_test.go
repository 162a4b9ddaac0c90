package outbox_test

import (
	"context"
	"testing"

	"github.com/vestibule-id/vestibule/internal/housetest"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/mail"
	"github.com/vestibule-id/vestibule/internal/operator"
)

// From the moment a tenant is deleted no letter of it leaves, also none that a
// node has taken before, or that is enqueued only now. Those of a suspended one do.
//
// Proves: G1, 4.7, 5.6
func TestNoLetterOfATenantThatIsDeleted(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		to := &fake{}
		p := newPost(t, h, to)
		h.SetTenantStatus(t, p.acme, identity.TenantSuspended)
		p.enqueue(t)
		p.pass(t, 1)
		if len(to.took) != 1 {
			t.Fatalf("%d letters of a suspended tenant left, want 1", len(to.took))
		}
		svc := &operator.Service{Store: h.Store, Now: h.Clock.Now}
		to.send = func(ctx context.Context, _ mail.Letter) (string, error) {
			_, err := svc.CloseTenant(ctx, "acme")
			if err != nil {
				t.Error(err)
			}
			return "250 ok", nil
		}
		p.enqueue(t)
		p.enqueue(t)
		p.pass(t, 2) // taken together; the tenant goes while the first is sent
		p.enqueue(t)
		p.pass(t, 1)
		if len(to.took) != 2 {
			t.Errorf("%d letters left, want those 2 from before", len(to.took))
		}
		if failed := p.events(t); len(failed) > 0 {
			t.Errorf("the trail tells of letters that failed: %v", failed)
		}
	})
}
