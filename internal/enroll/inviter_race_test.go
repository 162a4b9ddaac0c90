package enroll_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/internal/enroll"
	"github.com/vestibule-id/vestibule/internal/housetest"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/policy"
)

// An invitation is sent or accepted, and in the middle of it its inviter is
// shut out, demoted or removed, by another node. In the order of the trail a
// new account comes before that, or not at all.
//
// Proves: W8, G3, 4.4
func TestInviterLostInFlight(t *testing.T) {
	eachOffice(t, func(t *testing.T, o *office) {
		ctx, admins := t.Context(), o.Admin()
		losses := map[string]func(id identity.UserID) error{
			"shut-out": func(id identity.UserID) error {
				return admins.Deactivate(ctx, o.tenant, housetest.Operator, id, identity.Peer{})
			},
			"demoted": func(id identity.UserID) error {
				_, err := admins.Set(ctx, o.tenant, housetest.Operator, id, changes("", identity.Member), identity.Peer{})
				return err
			},
			"removed": func(id identity.UserID) error {
				return admins.Delete(ctx, o.tenant, housetest.Operator, id, identity.Peer{})
			},
		}
		for name, lose := range losses {
			for at := range 5 { // the how manyth look at the clock
				mona := o.actor(fmt.Sprintf("mona-%s-%d@x.test", name, at), identity.Manager)
				email := fmt.Sprintf("bob-%s-%d@x.test", name, at)
				_, token := o.invited(mona, email, identity.Manager)
				lost, looks := make(chan error, 1), 0
				slow := o.Invitations()
				slow.Now = func() time.Time {
					if looks++; looks == at+1 {
						go func() { lost <- lose(mona.User) }()
						time.Sleep(5 * time.Millisecond) // it could be through by then
					}
					return o.Clock.Now()
				}
				_, joined := slow.Accept(ctx, enroll.Acceptance{Token: token, Name: "Bob Baker", Password: chosen})
				if looks <= at {
					lost <- lose(mona.User)
				}
				if err := <-lost; err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				if joined != nil {
					wants(t, "accept", joined, policy.ErrLink)
				} else if last := housetest.LastEvent(t, o.tenant); last.Kind == identity.EventInviteAccepted {
					t.Errorf("%s at the look %d: accepted after that", name, at)
				}
				o.Work(t)
			}
		}
	})
}
