package enroll_test

import (
	"errors"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/internal/admin"
	"github.com/vestibule-id/vestibule/internal/housetest"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/problem"
)

// Nobody is flooded because somebody may invite: an address gets so many
// letters an hour, whichever way they are asked for, and is told of again
// later. What is refused changes nothing.
//
// Proves: W7, Q5, 5.2
func TestLettersSomebodyElseAsksFor(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		o := openOffice(t, h, "acme")
		i, _ := o.invited(o.boss, "bob@x.test", identity.Member)
		for n := 1; n < policy.CausedAnHour; n++ {
			if _, err := o.Invitations().Resend(t.Context(), o.tenant, o.mona, i.ID, identity.Peer{}); err != nil {
				t.Fatalf("letter %d: %v", n+1, err)
			}
			h.Clock.Advance(time.Minute)
		}
		o.Work(t)
		_, err := o.Invitations().Resend(t.Context(), o.tenant, o.boss, i.ID, identity.Peer{})
		if about := problem.Of(err); !errors.Is(err, policy.ErrLetters) || about.RetryAfter <= 0 || about.RetryAfter > time.Hour {
			t.Errorf("one letter too many: %v", err)
		}
		if letters := o.Work(t); len(letters) > 0 {
			t.Errorf("%d letters in spite of the refusal", len(letters))
		}
		if err := o.Invitations().Revoke(t.Context(), o.tenant, o.boss, i.ID, identity.Peer{}); err != nil {
			t.Fatal(err)
		}
		if _, err := o.invite(o.boss, "bob@x.test", identity.Member); !errors.Is(err, policy.ErrLetters) {
			t.Errorf("revoked and invited anew: %v", err)
		}
		if _, err := o.invite(o.boss, "eve@x.test", identity.Member); err != nil {
			t.Errorf("somebody else: %v", err)
		}
		h.Clock.Advance(time.Hour)
		if _, err := o.invite(o.boss, "bob@x.test", identity.Member); err != nil {
			t.Errorf("an hour later: %v", err)
		}
	})
}

// Proves: Q5, 5.2
func TestResetsSomebodyElseAsksFor(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		o := openOffice(t, h, "acme")
		bob := o.AddUser(t, o.tenant, housetest.Person{Email: "bob@x.test", Password: "correct horse"})
		for n := range policy.CausedAnHour + 1 {
			err := h.Admin().MailReset(t.Context(), o.tenant, o.boss, bob.ID, identity.Peer{})
			if late := n == policy.CausedAnHour; late != errors.Is(err, policy.ErrLetters) || !late && err != nil {
				t.Errorf("letter %d: %v", n+1, err)
			}
		}
		carol := o.AddUser(t, o.tenant, housetest.Person{Email: "carol@x.test", Password: "correct horse"})
		for n := range 2*policy.CausedAnHour + 1 {
			other := []string{"carol@y.test", "carol@z.test"}[n%2]
			_, err := h.Admin().Set(t.Context(), o.tenant, o.boss, carol.ID, admin.Changes{Email: &other}, identity.Peer{})
			if late := n == 2*policy.CausedAnHour; late != errors.Is(err, policy.ErrLetters) || !late && err != nil {
				t.Errorf("address %d: %v", n+1, err)
			}
		}
	})
}

// An invitation that is open is shown with the address and role its user has by
// now.
//
// Proves: W7, Q7, 5.2
func TestACorrectedInvitation(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		o := openOffice(t, h, "acme")
		i, _ := o.invited(o.boss, "bbo@x.test", identity.Member)
		right, role := "bob@x.test", identity.Manager
		if _, err := h.Admin().Set(t.Context(), o.tenant, o.boss, i.User, admin.Changes{Email: &right, Role: &role}, identity.Peer{}); err != nil {
			t.Fatal(err)
		}
		list, err := o.Invitations().List(t.Context(), o.tenant, o.boss, "", 9)
		if err != nil || len(list) != 1 || list[0].Email.Folded != right || list[0].Role != role {
			t.Fatalf("the list says %+v, %v", list, err)
		}
		found, made, err := o.Invitations().ResendTo(t.Context(), o.tenant, o.boss, i.User, identity.Peer{})
		if err != nil || found.ID != i.ID || made {
			t.Fatalf("the user's invitation is %s, %t, %v", found.ID, made, err)
		}
		if err := o.accept(o.letter()); err != nil {
			t.Fatal(err)
		}
	})
}
