package enroll_test

import (
	"fmt"
	"testing"

	"github.com/vestibule-id/vestibule/internal/enroll"
	"github.com/vestibule-id/vestibule/internal/housetest"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/problem"
)

// Whoever is invited without an invitation, as from a file, is sent one by
// whoever may give the role; from then on it is sent again.
//
// Proves: W8, G3, 4.4
func TestResendToSomebodyWithoutAnInvitation(t *testing.T) {
	eachOffice(t, func(t *testing.T, o *office) {
		resend := func(actor identity.Actor, to identity.UserID) (identity.Invitation, bool, error) {
			return o.Invitations().ResendTo(t.Context(), o.tenant, actor, to, identity.Peer{})
		}
		bob := o.AddUser(t, o.tenant, housetest.Person{Email: "bob@x.test", Role: identity.Admin, Status: identity.Invited})
		_, _, err := resend(o.mona, bob.ID)
		wants(t, "a manager to an admin", err, policy.ErrDenied)
		_, _, err = resend(identity.Actor{User: o.mona.User, Role: policy.BuiltIn(identity.Member)}, bob.ID)
		wants(t, "a user", err, policy.ErrDenied)
		stale := o.actor("was@x.test", identity.Admin)
		housetest.SetRole(t, o.tenant, stale.User, identity.Manager)
		_, _, err = resend(stale, bob.ID)
		wants(t, "who was an admin a moment ago", err, policy.ErrDenied)
		if letters := o.Work(t); len(letters) != 0 {
			t.Errorf("letters %v", letters)
		}

		i, made, err := resend(o.boss, bob.ID)
		if err != nil || !made || i.Email.Folded != "bob@x.test" || i.Role != identity.Admin || i.InvitedBy != o.boss.User {
			t.Fatalf("%+v, %t, %v", i, made, err)
		}
		token := o.letter()
		again, made, err := resend(o.boss, bob.ID)
		if err != nil || made || again.ID != i.ID || o.letter() != token {
			t.Errorf("again: %s, %t, %v", again.ID, made, err)
		}
		for kind, want := range map[string]int{identity.EventInviteCreated: 1, identity.EventInviteResent: 1} {
			if n := len(housetest.Events(t, o.tenant, kind)); n != want {
				t.Errorf("%d events %s", n, kind)
			}
		}
		wants(t, "accept", o.accept(token), nil)
		if u := housetest.User(t, o.tenant, bob.ID); u.Status != identity.Active || u.Role != identity.Admin {
			t.Errorf("%+v", u)
		}
		_, _, err = resend(o.boss, bob.ID)
		wants(t, "who has joined", err, enroll.ErrNotInvited)
		_, _, err = resend(o.boss, "usr_none")
		wants(t, "nobody", err, problem.NotFound)
		none := o.AddUser(t, o.tenant, housetest.Person{Extension: "203", Status: identity.Invited})
		_, _, err = resend(o.boss, none.ID)
		wants(t, "without an address", err, enroll.ErrNoLetter)
	})
}

// Nobody's address is flooded by way of a user who is there already.
//
// Proves: Q7, 4.4
func TestFirstInvitationsAreBoundToo(t *testing.T) {
	eachOffice(t, func(t *testing.T, o *office) {
		for n := range policy.CausedAnHour + 1 {
			bob := o.AddUser(t, o.tenant, housetest.Person{Email: "bob@x.test", Status: identity.Invited})
			_, _, err := o.Invitations().ResendTo(t.Context(), o.tenant, o.boss, bob.ID, identity.Peer{})
			want := error(nil)
			if n == policy.CausedAnHour {
				want = policy.ErrLetters
			}
			wants(t, fmt.Sprint("letter ", n+1), err, want)
			housetest.Delete(t, o.tenant, bob.ID)
		}
	})
}
