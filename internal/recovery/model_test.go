package recovery_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/vestibule-id/vestibule/internal/admin"
	"github.com/vestibule-id/vestibule/internal/enroll"
	"github.com/vestibule-id/vestibule/internal/housetest"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/recovery"
	"github.com/vestibule-id/vestibule/internal/store"
)

// No sequence of acts sets a password without its proof: a link that was
// mailed to the very address, within its time, not used before, not overtaken
// by anything. And whoever has the proof can.
//
// Proves: 4.1, 4.3, 4.4
func TestNoPasswordWithoutProof(t *testing.T) {
	checks := "12"
	if os.Getenv("VESTIBULE_SOAK") != "" {
		checks = "1000"
	} else if housetest.Race {
		checks = "5"
	}
	for name, value := range map[string]string{"rapid.checks": checks, "rapid.steps": "80"} {
		if err := flag.Set(name, value); err != nil {
			t.Fatal(err)
		}
	}
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		walks := 0
		seen := map[string]int{}
		rapid.Check(t, func(rt *rapid.T) {
			walks++
			w := &world{t: t, rt: rt, h: h, slug: fmt.Sprintf("walk-%d", walks), seen: seen}
			w.begin()
			rt.Repeat(map[string]func(*rapid.T){
				"ask": w.ask, "ask too": w.ask, "redeem": w.redeem, "redeem too": w.redeem, "accept": w.accept, "invite": w.invite, "revoke": w.revoke, "resend": w.resend,
				"deactivate": w.deactivate, "reactivate": w.reactivate, "move": w.readdress, "give": w.give,
				"suspend": w.suspend, "wait": w.wait, "": w.check,
			})
		})
		t.Log(seen)
		for _, situation := range []string{"redeemed", "refused", "accepted", "acceptance refused", "mailed again", "mailed anew"} {
			if seen[situation] == 0 && !housetest.Race {
				t.Errorf("no walk came to: %s", situation)
			}
		}
	})
}

// world is a tenant and what the model believes of it.
type world struct {
	t         *testing.T
	rt        *rapid.T
	h         *housetest.House
	slug      string
	tenant    store.Tenant
	people    []*person
	links     []*mailed
	suspended bool
	seen      map[string]int
}

type person struct {
	id         identity.UserID
	address    string
	status     identity.UserStatus
	has        bool // a password
	credential int64
	invitation identity.InvitationID
	gone       bool
}

// mailed is a link somebody has got.
type mailed struct {
	token      string
	who        *person
	purpose    identity.LinkPurpose
	end        time.Time
	address    string
	credential int64
	over       bool
}

func (w *world) begin() {
	w.tenant = w.h.AddTenant(w.t, w.slug, identity.Workspace)
	for i, role := range []string{identity.Admin, identity.Member, identity.Member} {
		address := fmt.Sprintf("p%d@%s.test", i, w.slug)
		u := w.h.AddUser(w.t, w.tenant, housetest.Person{Email: address, Role: role, Password: old})
		w.people = append(w.people, &person{id: u.ID, address: address, status: identity.Active, has: true})
	}
}

func (w *world) must(err error) {
	if err != nil {
		w.rt.Fatal(err)
	}
}

func (w *world) someone(rt *rapid.T) *person {
	return w.people[rapid.IntRange(1, len(w.people)-1).Draw(rt, "who")]
}

// alive is whether a link would be taken now.
func (w *world) alive(l *mailed) bool {
	status := identity.Active
	if l.purpose == identity.InvitationLink {
		status = identity.Invited
	}
	return !l.over && w.h.Clock.Now().Before(l.end) && !l.who.gone && l.who.status == status &&
		l.who.address == l.address && l.who.credential == l.credential
}

func (w *world) end(p *person, purposes ...identity.LinkPurpose) {
	for _, l := range w.links {
		if l.who == p && (len(purposes) == 0 || l.purpose == purposes[0]) {
			l.over = true
		}
	}
}

// deliver takes the one letter that is expected of a purpose, or none.
func (w *world) deliver(p *person, letterKind string, purpose identity.LinkPurpose, ttl time.Duration) {
	letters := kind(w.h.Work(w.t), letterKind)
	if p == nil {
		if len(letters) != 0 {
			w.rt.Fatalf("%d letters to nobody", len(letters))
		}
		return
	}
	if len(letters) != 1 || letters[0].User != p.id {
		w.rt.Fatalf("%d letters, want one to %s", len(letters), p.address)
	}
	token := letters[0].Token()
	for _, l := range w.links {
		if l.who == p && l.purpose == purpose && w.alive(l) {
			w.seen["mailed again"]++
			if l.token != token {
				w.rt.Fatal("a living link was replaced")
			}
			return
		}
	}
	w.seen["mailed anew"]++
	w.end(p, purpose)
	w.links = append(w.links, &mailed{token: token, who: p, purpose: purpose, end: w.h.Clock.Now().Add(ttl), address: p.address, credential: p.credential})
}

func (w *world) ask(rt *rapid.T) {
	w.h.Clock.Advance(21 * time.Minute) // else there are too many letters
	p := w.someone(rt)
	from := home
	from.Source = string(identity.NewEventID())
	w.must(w.h.Recovery().Ask(context.Background(), recovery.Wish{Tenant: w.slug, Email: p.address}, from))
	if w.suspended || p.gone || p.status != identity.Active {
		p = nil
	}
	w.deliver(p, identity.LetterReset, identity.ResetLink, time.Hour)
}

// some is a link somebody has, as it is or with a character changed or its
// purpose.
func (w *world) some(rt *rapid.T, purpose identity.LinkPurpose) (token string, l *mailed) {
	if len(w.links) == 0 {
		return "rst_x", nil
	}
	l = w.links[rapid.IntRange(0, len(w.links)-1).Draw(rt, "link")]
	if rapid.Bool().Draw(rt, "a good one") {
		for _, one := range w.links {
			if one.purpose == purpose && w.alive(one) {
				l = one
			}
		}
	}
	switch token = l.token; rapid.IntRange(0, 5).Draw(rt, "how") {
	case 0:
		at := rapid.IntRange(4, len(token)-1).Draw(rt, "at")
		other := "A"
		if token[at] == 'A' {
			other = "B"
		}
		return token[:at] + other + token[at+1:], nil
	case 1:
		if l.purpose != purpose {
			return map[identity.LinkPurpose]string{identity.ResetLink: "rst", identity.InvitationLink: "inv"}[purpose] + token[3:], nil
		}
	}
	if l.purpose != purpose {
		return token, nil
	}
	return token, l
}

// used compares what became of a use with what should have.
func (w *world) used(err error, l *mailed, yes, no string) {
	switch {
	case l == nil || !w.alive(l):
		w.seen[no]++
		if !errors.Is(err, policy.ErrLink) {
			w.rt.Fatalf("%v, want %v", err, policy.ErrLink)
		}
	case w.suspended:
		if !errors.Is(err, policy.ErrSuspended) {
			w.rt.Fatalf("%v, want %v", err, policy.ErrSuspended)
		}
	default:
		w.seen[yes]++
		w.must(err)
		l.who.credential++
		l.who.status, l.who.has = identity.Active, true
		w.end(l.who)
	}
}

func (w *world) redeem(rt *rapid.T) {
	token, l := w.some(rt, identity.ResetLink)
	_, err := w.h.Recovery().Redeem(context.Background(), recovery.Reset{Token: token, Password: fresh, From: home})
	w.used(err, l, "redeemed", "refused")
}

func (w *world) accept(rt *rapid.T) {
	token, l := w.some(rt, identity.InvitationLink)
	_, err := w.h.Invitations().Accept(context.Background(), enroll.Acceptance{Token: token, Name: "Bob", Password: fresh})
	w.used(err, l, "accepted", "acceptance refused")
}

func (w *world) invite(*rapid.T) {
	if len(w.people) > 6 {
		return
	}
	address := fmt.Sprintf("p%d@%s.test", len(w.people), w.slug)
	i, err := w.h.Invitations().Invite(context.Background(), w.tenant, housetest.Operator, enroll.Invitee{Email: address, Role: identity.Member}, false, identity.Peer{})
	w.must(err)
	p := &person{id: i.User, address: address, status: identity.Invited, invitation: i.ID}
	w.people = append(w.people, p)
	w.deliver(p, identity.LetterInvitation, identity.InvitationLink, 7*24*time.Hour)
}

// open is whether an invitation may still be acted on.
func (p *person) open() bool {
	return p.invitation != "" && !p.gone && p.status == identity.Invited
}

func (w *world) resend(rt *rapid.T) {
	p := w.someone(rt)
	if p.invitation == "" || p.gone {
		return
	}
	_, err := w.h.Invitations().Resend(context.Background(), w.tenant, housetest.Operator, p.invitation, identity.Peer{})
	if !p.open() {
		if !errors.Is(err, enroll.ErrInvitationOver) {
			w.rt.Fatalf("resend: %v", err)
		}
		return
	}
	w.must(err)
	w.deliver(p, identity.LetterInvitation, identity.InvitationLink, 7*24*time.Hour)
}

func (w *world) revoke(rt *rapid.T) {
	p := w.someone(rt)
	if p.invitation == "" || p.gone {
		return
	}
	err := w.h.Invitations().Revoke(context.Background(), w.tenant, housetest.Operator, p.invitation, identity.Peer{})
	if !p.open() {
		if !errors.Is(err, enroll.ErrInvitationOver) {
			w.rt.Fatalf("revoke: %v", err)
		}
		return
	}
	w.must(err)
	p.gone = true
}

func (w *world) deactivate(rt *rapid.T) {
	if p := w.someone(rt); !p.gone && p.status != identity.Deactivated {
		w.must(w.h.Admin().Deactivate(context.Background(), w.tenant, housetest.Operator, p.id, identity.Peer{}))
		p.status = identity.Deactivated
		w.end(p)
	}
}

func (w *world) reactivate(rt *rapid.T) {
	if p := w.someone(rt); !p.gone && p.status == identity.Deactivated {
		w.must(w.h.Admin().Reactivate(context.Background(), w.tenant, housetest.Operator, p.id, identity.Peer{}))
		if p.status = identity.Active; !p.has {
			p.status = identity.Invited
		}
	}
}

func (w *world) readdress(rt *rapid.T) {
	if p := w.someone(rt); !p.gone {
		address := "x" + p.address
		_, err := w.h.Admin().Set(context.Background(), w.tenant, housetest.Operator, p.id, admin.Changes{Email: &address}, identity.Peer{})
		w.must(err)
		p.address = address
		w.end(p)
	}
}

func (w *world) give(rt *rapid.T) {
	if p := w.someone(rt); !p.gone {
		_, err := w.h.Admin().GiveInitial(context.Background(), w.tenant, housetest.Operator, p.id, identity.Peer{})
		w.must(err)
		p.credential++
		if p.has = true; p.status == identity.Invited {
			p.status = identity.Active
		}
		w.end(p)
	}
}

func (w *world) suspend(rt *rapid.T) {
	if !w.suspended && rapid.IntRange(0, 3).Draw(rt, "yes") > 0 {
		return
	}
	w.suspended = !w.suspended
	status := identity.TenantActive
	if w.suspended {
		status = identity.TenantSuspended
	}
	w.h.SetTenantStatus(w.t, w.tenant, status)
}

func (w *world) wait(rt *rapid.T) {
	w.h.Clock.Advance(time.Duration(rapid.Int64Range(1, int64(40*time.Minute)).Draw(rt, "wait")))
}

// check compares every user with the model: a password that was set without a
// proof shows as a version nobody has counted.
func (w *world) check(rt *rapid.T) {
	for _, p := range w.people {
		if p.gone {
			continue
		}
		u, err := w.tenant.User(context.Background(), p.id)
		w.must(err)
		if u.Credential != p.credential || u.Status != p.status || u.HasPassword != p.has {
			rt.Fatalf("%s is %s with password %v number %d, want %s, %v, %d", p.address, u.Status, u.HasPassword, u.Credential, p.status, p.has, p.credential)
		}
	}
}
