package enroll_test

import (
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/vestibule-id/vestibule/internal/enroll"
	"github.com/vestibule-id/vestibule/internal/housetest"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/store/storetest"
)

// Proves: 4.4
func TestParallelAcceptances(t *testing.T) {
	eachOffice(t, func(t *testing.T, o *office) {
		nodes := []*housetest.House{o.House, o.Node(t)}
		i, token := o.invited(o.boss, "bob@x.test", identity.Member)
		var won atomic.Int64
		var winner atomic.Value
		var all sync.WaitGroup
		begin := make(chan struct{})
		for n := range 50 {
			all.Go(func() {
				<-begin
				name := "Bob" + strings.Repeat("!", n)
				accept := func() error {
					_, err := nodes[n%2].Invitations().Accept(t.Context(), enroll.Acceptance{Token: token, Name: name, Password: chosen + name})
					return err
				}
				err := accept()
				for problem.Of(err) != nil && problem.Of(err).Kind == problem.Busy { // as whoever is told to come back does
					err = accept()
				}
				if err == nil {
					won.Add(1)
					winner.Store(name)
					return
				}
				wants(t, "a loser", err, policy.ErrLink)
			})
		}
		close(begin)
		all.Wait()
		if won.Load() != 1 {
			t.Fatalf("%d won, want 1", won.Load())
		}
		u := housetest.User(t, o.tenant, i.User)
		if u.Name != winner.Load().(string) || u.Credential != 1 {
			t.Errorf("user %+v, want %s", u, winner.Load())
		}
	})
}

// Revoking, or shutting the inviter out, and accepting at once: whichever is
// first, the two never both hold.
//
// Proves: 4.4
func TestAcceptanceAgainstRevocation(t *testing.T) {
	eachOffice(t, func(t *testing.T, o *office) {
		for n := range 20 {
			i, token := o.invited(o.boss, strings.Repeat("b", n+1)+"@x.test", identity.Member)
			var both sync.WaitGroup
			var accepted, revoked error
			both.Go(func() { accepted = o.accept(token) })
			both.Go(func() {
				revoked = o.Invitations().Revoke(t.Context(), o.tenant, o.boss, i.ID, identity.Peer{})
			})
			both.Wait()
			if (accepted == nil) == (revoked == nil) {
				t.Fatalf("accept: %v, revoke: %v", accepted, revoked)
			}
			if accepted != nil {
				wants(t, "accept", accepted, policy.ErrLink)
			} else {
				wants(t, "revoke", revoked, enroll.ErrInvitationOver)
			}
			o.Work(t)
		}
	})
}

// Whoever is told that something failed is as invited as before.
//
// Proves: W8, 4.4
func TestAnAccidentBesideAnAcceptanceLeavesTheLink(t *testing.T) {
	o := openOffice(t, housetest.New(t, storetest.Address(t, "sqlite")), "acme")
	i, link := o.invited(o.boss, "bob@x.test", identity.Member)
	o.WhileForgivingFails(t, "bob@x.test", func() {
		if err := o.accept(link); err == nil || problem.Of(err) != nil {
			t.Errorf("%v, want an accident", err)
		}
	})
	if got := o.state(i.ID); got == identity.InvitationAccepted {
		t.Errorf("the invitation is %s", got)
	}
	wants(t, "once more", o.accept(link), nil)
}
