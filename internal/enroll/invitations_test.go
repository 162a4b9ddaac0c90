package enroll_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/internal/admin"
	"github.com/vestibule-id/vestibule/internal/enroll"
	"github.com/vestibule-id/vestibule/internal/housetest"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/secret"
	"github.com/vestibule-id/vestibule/internal/signin"
	"github.com/vestibule-id/vestibule/internal/store"
)

const chosen = "violet lantern ember"

// office is a tenant with an administrator and a manager.
type office struct {
	*housetest.House
	t          *testing.T
	tenant     store.Tenant
	boss, mona identity.Actor
}

func openOffice(t *testing.T, h *housetest.House, slug string) *office {
	t.Helper()
	o := &office{House: h, t: t, tenant: h.AddTenant(t, slug, identity.Workspace)}
	o.boss = o.actor("boss@x.test", identity.Admin)
	o.mona = o.actor("mona@x.test", identity.Manager)
	return o
}

func (o *office) actor(email, role string) identity.Actor {
	o.t.Helper()
	u := o.AddUser(o.t, o.tenant, housetest.Person{Email: email, Role: role, Password: "correct horse"})
	return identity.Actor{User: u.ID, Role: policy.BuiltIn(role), Session: "ses_test"}
}

func (o *office) invite(actor identity.Actor, email, role string) (identity.Invitation, error) {
	return o.Invitations().Invite(o.t.Context(), o.tenant, actor, enroll.Invitee{Email: email, Role: role}, false, identity.Peer{})
}

// invited is an invitation and the token in its letter.
func (o *office) invited(actor identity.Actor, email, role string) (identity.Invitation, string) {
	o.t.Helper()
	i, err := o.invite(actor, email, role)
	if err != nil {
		o.t.Fatal(err)
	}
	return i, o.letter()
}

func (o *office) letter() string {
	o.t.Helper()
	letters := o.Work(o.t)
	if len(letters) != 1 || letters[0].Kind != identity.LetterInvitation {
		o.t.Fatalf("letters %v, want one invitation", letters)
	}
	return letters[0].Token()
}

func (o *office) accept(token string) error {
	_, err := o.Invitations().Accept(o.t.Context(), enroll.Acceptance{Token: token, Name: "Bob Baker", Password: chosen})
	return err
}

func (o *office) state(id identity.InvitationID) identity.InvitationState {
	o.t.Helper()
	i, err := o.tenant.Invitation(o.t.Context(), id)
	if err != nil {
		o.t.Fatal(err)
	}
	return o.Invitations().State(i)
}

func eachOffice(t *testing.T, test func(t *testing.T, o *office)) {
	t.Helper()
	housetest.Each(t, func(t *testing.T, h *housetest.House) { test(t, openOffice(t, h, "acme")) })
}

func wants(t *testing.T, what string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) || want == nil && err != nil {
		t.Errorf("%s: %v, want %v", what, err, want)
	}
}

// Proves: W7, W8, 4.4
func TestInvitationsAreAccepted(t *testing.T) {
	eachOffice(t, func(t *testing.T, o *office) {
		i, token := o.invited(o.mona, "Bob@X.test", identity.Member)
		if got := o.state(i.ID); got != identity.InvitationPending {
			t.Errorf("state %s", got)
		}
		opened, err := o.Invitations().Open(t.Context(), token)
		if err != nil || opened.User.Email.Typed != "Bob@X.test" || opened.Tenant.Slug != "acme" {
			t.Fatalf("%+v, %v", opened, err)
		}
		if err := o.Invitations().MarkOpened(t.Context(), opened); err != nil {
			t.Fatal(err)
		}
		if got := o.state(i.ID); got != identity.InvitationOpened {
			t.Errorf("state %s", got)
		}
		wants(t, "accept", o.accept(token), nil)
		u := housetest.User(t, o.tenant, i.User)
		if u.Status != identity.Active || u.Role != identity.Member || u.Name != "Bob Baker" || !u.HasPassword || u.MustChange {
			t.Errorf("user %+v", u)
		}
		if got := o.state(i.ID); got != identity.InvitationAccepted {
			t.Errorf("state %s", got)
		}
		_, err = o.SignIn.SignIn(t.Context(), signin.Try{Tenant: "acme", Email: "bob@x.test", Password: chosen, From: signin.From{Kind: identity.Program, Source: "192.0.2.1"}})
		wants(t, "sign in", err, nil)
		wants(t, "accept again", o.accept(token), policy.ErrLink)
		for _, kind := range []string{identity.EventInviteCreated, identity.EventInviteAccepted} {
			if n := len(housetest.Events(t, o.tenant, kind)); n != 1 {
				t.Errorf("%d events %s", n, kind)
			}
		}
	})
}

// Nobody gives more than they have, when an invitation is sent or accepted.
//
// Proves: W8, G3, 4.4
func TestInvitersGiveWhatTheyHave(t *testing.T) {
	eachOffice(t, func(t *testing.T, o *office) {
		_, err := o.invite(o.mona, "a@x.test", identity.Admin)
		wants(t, "a manager invites an admin", err, policy.ErrDenied)
		_, err = o.invite(o.mona, "a@x.test", "owner")
		wants(t, "no such role", err, enroll.ErrInvitee)
		_, err = o.invite(o.actor("user@x.test", identity.Member), "a@x.test", identity.Member)
		wants(t, "a user invites", err, policy.ErrDenied)
		_, err = o.invite(identity.Actor{}, "a@x.test", identity.Member)
		wants(t, "nobody invites", err, policy.ErrSignIn)
		stale := o.actor("was@x.test", identity.Admin)
		housetest.SetRole(t, o.tenant, stale.User, identity.Member)
		_, err = o.invite(stale, "a@x.test", identity.Member)
		wants(t, "who was an admin a moment ago", err, policy.ErrDenied)

		demoted := o.actor("demoted@x.test", identity.Admin)
		_, token := o.invited(demoted, "b@x.test", identity.Manager)
		housetest.SetRole(t, o.tenant, demoted.User, identity.Member)
		wants(t, "from who has been demoted", o.accept(token), policy.ErrLink)
		housetest.SetRole(t, o.tenant, demoted.User, identity.Manager)
		wants(t, "from who may give it again", o.accept(token), nil)

		gone := o.actor("gone@x.test", identity.Admin)
		i, token := o.invited(gone, "c@x.test", identity.Member)
		housetest.SetStatus(t, o.tenant, gone.User, identity.Deactivated)
		wants(t, "from who has been deactivated", o.accept(token), policy.ErrLink)
		_, err = o.invite(gone, "e@x.test", identity.Member)
		wants(t, "who was active a moment ago", err, policy.ErrDenied)
		_, err = o.Invitations().Resend(t.Context(), o.tenant, o.boss, i.ID, identity.Peer{})
		wants(t, "somebody else stands in for it", err, nil)
		_, err = o.Invitations().Open(t.Context(), o.letter())
		wants(t, "whose link is good", err, nil)
		j, token := o.invited(o.actor("left@x.test", identity.Admin), "f@x.test", identity.Member)
		housetest.Delete(t, o.tenant, j.InvitedBy)
		wants(t, "from who is gone", o.accept(token), policy.ErrLink)

		i, token = o.invited(o.mona, "d@x.test", identity.Member)
		housetest.SetRole(t, o.tenant, i.User, identity.Admin) // as if somebody had raised it behind the invitation
		wants(t, "to more than the inviter has", o.accept(token), policy.ErrLink)
		_, err = o.Invitations().Resend(t.Context(), o.tenant, o.mona, i.ID, identity.Peer{})
		wants(t, "which may not resend it either", err, policy.ErrDenied)
	})
}

// Proves: 4.4
func TestOneClearOutcomeEach(t *testing.T) {
	eachOffice(t, func(t *testing.T, o *office) {
		_, err := o.invite(o.boss, "MONA@x.test", identity.Member)
		wants(t, "an address in use", err, enroll.ErrTaken)
		_, token := o.invited(o.boss, "bob@x.test", identity.Member)
		_, err = o.invite(o.boss, "bob@x.test", identity.Member)
		wants(t, "an address invited already", err, enroll.ErrTaken)
		o.SetTenantStatus(t, o.tenant, identity.TenantSuspended)
		wants(t, "a suspended tenant", o.accept(token), policy.ErrSuspended)
		o.SetTenantStatus(t, o.tenant, identity.TenantActive)
		for name, row := range map[string]struct {
			name, password string
			want           error
		}{
			"no name":         {" ", chosen, enroll.ErrInvitee},
			"10 MB of name":   {strings.Repeat("x", 10<<20), chosen, enroll.ErrInvitee},
			"a header inside": {"Bob\r\nBcc: eve@evil.test", chosen, enroll.ErrInvitee},
			"a weak password": {"Bob", "password", policy.ErrPassword},
			"no password":     {"Bob", "", secret.ErrPasswordText},
		} {
			_, err := o.Invitations().Accept(t.Context(), enroll.Acceptance{Token: token, Name: row.name, Password: row.password})
			wants(t, name, err, row.want)
		}
		reset := string(o.Store.Keys().LinkToken(identity.ResetLink, o.tenant.ID(), identity.NewLinkID()))
		wants(t, "a link of another purpose", o.accept(reset), policy.ErrLink)
		wants(t, "renamed", o.accept("inv_"+reset[4:]), policy.ErrLink)
		_, err = o.Recovery().Open(t.Context(), "rst_"+token[4:])
		wants(t, "an invitation as a reset", err, policy.ErrLink)
		o.Clock.Advance(7 * 24 * time.Hour)
		wants(t, "a week later", o.accept(token), policy.ErrLink)
	})
}

// Proves: 4.4
func TestResendLinkRevoke(t *testing.T) {
	eachOffice(t, func(t *testing.T, o *office) {
		s, peer := o.Invitations(), identity.Peer{}
		i, token := o.invited(o.mona, "bob@x.test", identity.Member)
		_, err := s.Resend(t.Context(), o.tenant, o.mona, i.ID, peer)
		wants(t, "resend", err, nil)
		if again := o.letter(); again != token {
			t.Error("a living link is replaced")
		}
		_, _, err = s.Link(t.Context(), o.tenant, o.mona, i.ID, peer)
		wants(t, "a manager looks at the link", err, policy.ErrDenied)
		_, shown, err := s.Link(t.Context(), o.tenant, o.boss, i.ID, peer)
		wants(t, "an admin looks at it", err, nil)
		wants(t, "the old link", o.accept(token), policy.ErrLink)
		if _, err := s.Open(t.Context(), string(shown)); err != nil {
			t.Errorf("the new link: %v", err)
		}
		o.Clock.Advance(8 * 24 * time.Hour)
		if got := o.state(i.ID); got != identity.InvitationExpired {
			t.Errorf("state %s", got)
		}
		_, err = s.Resend(t.Context(), o.tenant, o.boss, i.ID, peer)
		wants(t, "resend an expired one", err, nil)
		token = o.letter()
		if got := o.state(i.ID); got != identity.InvitationPending {
			t.Errorf("state %s", got)
		}
		twin := openOffice(t, o.House, "twin")
		wants(t, "another tenant's", s.Revoke(t.Context(), twin.tenant, twin.boss, i.ID, peer), problem.NotFound)
		wants(t, "revoke", s.Revoke(t.Context(), o.tenant, o.mona, i.ID, peer), nil)
		wants(t, "the link of a revoked one", o.accept(token), policy.ErrLink)
		if got := o.state(i.ID); got != identity.InvitationRevoked {
			t.Errorf("state %s", got)
		}
		wants(t, "revoke again", s.Revoke(t.Context(), o.tenant, o.mona, i.ID, peer), enroll.ErrInvitationOver)
		_, err = s.Resend(t.Context(), o.tenant, o.boss, i.ID, peer)
		wants(t, "resend a revoked one", err, enroll.ErrInvitationOver)
		j, token := o.invited(o.boss, "bob@x.test", identity.Member)
		wants(t, "invited anew", o.accept(token), nil)
		wants(t, "revoke an accepted one", s.Revoke(t.Context(), o.tenant, o.boss, j.ID, peer), enroll.ErrInvitationOver)
		list, err := s.List(t.Context(), o.tenant, o.mona, "", 10)
		if err != nil || len(list) != 2 || list[0].ID != j.ID || list[1].ID != i.ID || list[1].Email.Typed != "bob@x.test" {
			t.Errorf("list %v, %v", list, err)
		}
		_, err = s.List(t.Context(), o.tenant, identity.Actor{User: j.User, Role: policy.BuiltIn(identity.Member)}, "", 10)
		wants(t, "a user lists", err, policy.ErrDenied)
	})
}

// An initial password overtakes an invitation; another role or address needs
// another letter.
//
// Proves: P7, 4.4
func TestWhatOvertakesAnInvitation(t *testing.T) {
	eachOffice(t, func(t *testing.T, o *office) {
		i, token := o.invited(o.boss, "bob@x.test", identity.Member)
		_, err := o.Admin().Set(t.Context(), o.tenant, o.boss, i.User, changes("", identity.Manager), identity.Peer{})
		wants(t, "another role", err, nil)
		wants(t, "the link with the old role", o.accept(token), policy.ErrLink)
		_, err = o.Invitations().Resend(t.Context(), o.tenant, o.boss, i.ID, identity.Peer{})
		wants(t, "resend", err, nil)
		token = o.letter()
		_, err = o.Admin().Set(t.Context(), o.tenant, o.boss, i.User, changes("bobby@x.test", ""), identity.Peer{})
		wants(t, "another address", err, nil)
		wants(t, "the link to the old address", o.accept(token), policy.ErrLink)
		if got := o.state(i.ID); got != identity.InvitationRevoked {
			t.Errorf("state %s", got)
		}
		_, err = o.Invitations().Resend(t.Context(), o.tenant, o.boss, i.ID, identity.Peer{})
		wants(t, "resend to the new address", err, nil)
		if letters := o.Work(t); len(letters) != 1 {
			t.Errorf("letters %v", letters)
		}
		slip, err := o.Admin().GiveInitial(t.Context(), o.tenant, o.boss, i.User, identity.Peer{})
		if err != nil || slip.Username != "bobby@x.test" {
			t.Fatalf("%+v, %v", slip, err)
		}
		if got := o.state(i.ID); got != identity.InvitationRevoked {
			t.Errorf("the invitation of somebody with an initial password is %s", got)
		}
		_, err = o.Invitations().Resend(t.Context(), o.tenant, o.boss, i.ID, identity.Peer{})
		wants(t, "resend to an active user", err, enroll.ErrInvitationOver)
	})
}

// Whoever was invited by hand and has an address by now can be written to; who
// has none any more cannot.
//
// Proves: 4.4
func TestLettersGoWhereTheInvitedAreByNow(t *testing.T) {
	eachOffice(t, func(t *testing.T, o *office) {
		tenant := o.AddTenant(t, "phones", identity.Extension)
		boss := o.AddUser(t, tenant, housetest.Person{Email: "boss@y.test", Extension: "100", Role: identity.Admin, Password: "correct horse"})
		actor := identity.Actor{User: boss.ID, Role: policy.BuiltIn(identity.Admin), Session: "ses_test"}
		i, err := o.Invitations().Invite(t.Context(), tenant, actor, enroll.Invitee{Extension: "201", Role: identity.Member}, true, identity.Peer{})
		wants(t, "invite by hand", err, nil)
		for _, step := range []struct {
			address string
			want    error
			letters int
		}{{"bob@y.test", nil, 1}, {"", enroll.ErrNoLetter, 0}} {
			_, err = o.Admin().Set(t.Context(), tenant, actor, i.User, admin.Changes{Email: &step.address}, identity.Peer{})
			wants(t, "set the address", err, nil)
			_, err = o.Invitations().Resend(t.Context(), tenant, actor, i.ID, identity.Peer{})
			wants(t, "resend to "+step.address, err, step.want)
			if letters := o.Work(t); len(letters) != step.letters {
				t.Errorf("%q gets letters %v", step.address, letters)
			}
		}
	})
}
