package admin_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/internal/housetest"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/store"
	"github.com/vestibule-id/vestibule/internal/store/storetest"
)

// Somebody acts and in the middle of it loses the right to: is demoted, shut
// out or removed, or whom they act on is promoted above them. What takes the
// right away waits until the act is done, so that in the order of the trail
// nobody acts with a rank that was.
//
// Proves: G3, 2.3
func TestRankChangesInFlight(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		acme, _ := storetest.Twins(t, s)
		operators := acts(t, service())
		slow := service()
		var meanwhile func()
		slow.Now = func() time.Time {
			if meanwhile != nil {
				meanwhile()
			}
			return noon
		}
		for act, do := range acts(t, slow) {
			for i, loss := range []string{"make user", "deactivate", "delete", "make admin"} {
				if !inTheMiddle[act] {
					continue
				}
				mia, una := identity.UserID(fmt.Sprintf("usr_mia-%s-%d", act, i)), identity.UserID(fmt.Sprintf("usr_una-%s-%d", act, i))
				people(t, acme, map[identity.UserID]string{mia: identity.Manager, una: identity.Member})
				by, lost, on := as("usr_mia"), make(chan error, 1), mia
				if by.User = mia; loss == "make admin" {
					on = una
				}
				meanwhile = func() {
					meanwhile = nil
					go func() { lost <- operators[loss](acme, operator, on) }()
					time.Sleep(5 * time.Millisecond) // it could be through by then
				}
				if err := do(acme, by, una); err != nil {
					t.Errorf("%s: %v", act, err)
				}
				if err := <-lost; err != nil {
					t.Errorf("%s, and in the middle of it %s: %v", act, loss, err)
				}
				if last := housetest.LastEvent(t, acme); last.Actor == mia {
					t.Errorf("%s was written as done after its actor had lost the right by: %s", act, loss)
				}
			}
		}
	})
}

// inTheMiddle are the acts that ask the clock behind the tenant's lock.
var inTheMiddle = map[string]bool{"rename": true, "make manager": true, "unlock": true}
