package recovery_test

import (
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/internal/housetest"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/recovery"
	"github.com/vestibule-id/vestibule/internal/secret"
	"github.com/vestibule-id/vestibule/internal/signin"
	"github.com/vestibule-id/vestibule/internal/store"
	"github.com/vestibule-id/vestibule/internal/store/storetest"
)

var annsTry = signin.Try{Tenant: "acme", Email: "ann@acme.test"}

// Everything the old password opened is over; the browser is known; the person
// is told.
//
// Proves: W5, G6, 4.3
func TestWhatAResetLeaves(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		acme, ann := annOf(t, h)
		try := annsTry
		try.Password, try.From = old, signin.From{Kind: identity.Browser, Peer: home.Peer, Source: home.Source, Browser: "bro_old"}
		in, err := h.SignIn.SignIn(t.Context(), try)
		if err != nil {
			t.Fatal(err)
		}
		try.From = signin.From{Kind: identity.Browser, Peer: home.Peer, Source: home.Source, Browser: "bro_unknown"}
		for try.Password = "wrong"; ; {
			if _, err := h.SignIn.SignIn(t.Context(), try); err != nil && strings.Contains(err.Error(), policy.ErrWait.Code) {
				break
			}
		}
		link := token(t, h, annsWish)
		if _, err := h.Sessions.CheckCookie(t.Context(), string(in.Cookie)); err != nil { // and this node remembers it
			t.Fatal(err)
		}
		by := home
		by.Browser = "bro_new"
		if _, err := h.Recovery().Redeem(t.Context(), recovery.Reset{Token: link, Password: fresh, From: by}); err != nil {
			t.Fatal(err)
		}
		if _, err := h.Sessions.CheckCookie(t.Context(), string(in.Cookie)); err == nil {
			t.Error("the old session lives")
		}
		if list, err := acme.Sessions(t.Context(), ann.ID, h.Clock.Now()); err != nil || len(list) != 0 {
			t.Errorf("%d sessions have not ended (%v)", len(list), err)
		}
		if known, err := acme.KnownBrowser(t.Context(), ann.ID, acme.Keys().BrowserHash("bro_new")); err != nil || !known {
			t.Errorf("the browser is known: %v (%v)", known, err)
		}
		try.Password = fresh // and nobody waits
		if _, err := h.SignIn.SignIn(t.Context(), try); err != nil {
			t.Errorf("the new password: %v", err)
		}
		if signsIn(t, h, annsTry, old) {
			t.Error("the old password opens the door")
		}
		told := kind(h.Work(t), identity.LetterPasswordChanged)
		if len(told) != 1 || told[0].User != ann.ID || told[0].Data[identity.DataAddress] != home.Peer.Address {
			t.Errorf("letters %v", told)
		}
		if n := len(housetest.Events(t, acme, identity.EventResetDone)); n != 1 {
			t.Errorf("%d events, want 1", n)
		}
		wants(t, "the used link", redeem(t, h, link, fresh+"!"), policy.ErrLink)
	})
}

// What a link is not good for.
//
// Proves: W2, W4, 4.1
func TestLinksAreRefused(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		acme, ann := annOf(t, h)
		twin := h.AddTenant(t, "twin", identity.Workspace)
		h.AddUser(t, twin, housetest.Person{Email: "ann@acme.test", Password: old})
		link := token(t, h, annsWish)
		keys := h.Store.Keys()
		_, id, err := keys.ReadLinkToken(identity.ResetLink, link)
		if err != nil {
			t.Fatal(err)
		}
		for i := range link {
			other := byte('A')
			if link[i] == other {
				other = 'B'
			}
			wants(t, "one character changed", redeem(t, h, link[:i]+string(other)+link[i+1:], fresh), policy.ErrLink)
		}
		invitation := string(keys.LinkToken(identity.InvitationLink, acme.ID(), id))
		for name, text := range map[string]string{
			"cut":                         link[:len(link)-1],
			"longer":                      link + "A",
			"padded":                      link + "=",
			"with a line break":           link[:20] + "\n" + link[20:],
			"empty":                       "",
			"prefix alone":                "rst_",
			"of another purpose":          invitation,
			"renamed":                     "rst_" + invitation[4:],
			"of another tenant":           string(keys.LinkToken(identity.ResetLink, twin.ID(), id)),
			"of a link that is not there": string(keys.LinkToken(identity.ResetLink, acme.ID(), identity.NewLinkID())),
			"of another kind of token":    string(keys.SessionToken(acme.ID(), "ses_"+identity.SessionID(id[4:]))),
		} {
			wants(t, name, redeem(t, h, text, fresh), policy.ErrLink)
		}
		housetest.SetStatus(t, acme, ann.ID, identity.Deactivated)
		wants(t, "of a deactivated user", redeem(t, h, link, fresh), policy.ErrLink)
		housetest.SetStatus(t, acme, ann.ID, identity.Active)
		h.SetTenantStatus(t, acme, identity.TenantSuspended)
		wants(t, "of a suspended tenant", redeem(t, h, link, fresh), policy.ErrSuspended)
		h.SetTenantStatus(t, acme, identity.TenantActive)
		if !signsIn(t, h, annsTry, old) {
			t.Error("somebody has changed the password")
		}
		wants(t, "in the end", redeem(t, h, link, fresh), nil)
	})
}

// The database ends a link to the microsecond, with nobody sweeping.
//
// Proves: W4, P6, 4.1
func TestLinksExpire(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		_, ann := annOf(t, h)
		tenant, err := h.Store.TenantBySlug(t.Context(), "acme")
		if err != nil {
			t.Fatal(err)
		}
		acme := h.Store.Tenant(tenant.ID)
		link := token(t, h, annsWish)
		_, id, err := h.Store.Keys().ReadLinkToken(identity.ResetLink, link)
		if err != nil {
			t.Fatal(err)
		}
		end := h.Clock.Now().Add(time.Hour)
		use := func(now time.Time) error {
			return acme.Tx(t.Context(), func(tx *store.Tx) error {
				_, err := tx.UseLink(t.Context(), identity.ResetLink, id, identity.Active, now)
				if err == nil {
					err = errNotKept // not now
				}
				return err
			})
		}
		wants(t, "a microsecond before", use(end.Add(-time.Microsecond)), errNotKept)
		if err := use(end); err == nil || err == errNotKept {
			t.Errorf("used at its end: %v", err)
		}
		h.Clock.Set(end.Add(-time.Microsecond))
		_, err = h.Recovery().Open(t.Context(), link)
		wants(t, "opened before its end", err, nil)
		h.Clock.Set(end)
		_, err = h.Recovery().Open(t.Context(), link)
		wants(t, "opened at its end", err, policy.ErrLink)
		wants(t, "redeemed at its end", redeem(t, h, link, fresh), policy.ErrLink)
		if l, err := acme.FindLink(t.Context(), identity.ResetLink, id); err != nil || l.User != ann.ID {
			t.Errorf("somebody has swept: %v", err)
		}
		if again := token(t, h, annsWish); again == link {
			t.Error("an expired link is mailed again")
		}
	})
}

var errNotKept = policy.ErrNoRole // any error rolls back

// Proves: W6, P8, 4.3
func TestRefusedPasswordsSpendNothing(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		acme, _ := annOf(t, h)
		h.SetTenant(t, acme, "password-min-length=10")
		link := token(t, h, annsWish)
		for name, refused := range map[string]struct {
			password string
			want     error
		}{
			"empty":     {"", secret.ErrPasswordText},
			"huge":      {strings.Repeat("x", 10<<20), secret.ErrPasswordText},
			"NUL":       {"violet\x00lantern", secret.ErrPasswordText},
			"too short": {"violet fo", policy.ErrPassword},
			"commonest": {"1234567890", policy.ErrPassword},
			"the name":  {"AnnArcher1", policy.ErrPassword},
		} {
			wants(t, name, redeem(t, h, link, refused.password), refused.want)
		}
		wants(t, "a good one", redeem(t, h, link, fresh), nil)
	})
}

// Proves: Q6, 4.3
func TestProgramsNeedTheTenantsLeave(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		acme, _ := annOf(t, h)
		link := token(t, h, annsWish)
		byProgram := func() error {
			_, err := h.Recovery().Redeem(t.Context(), recovery.Reset{Token: link, Password: fresh, From: home, Program: true})
			return err
		}
		wants(t, "not opened", byProgram(), policy.ErrWebOnly)
		h.SetTenant(t, acme, "password-changes=web+api")
		wants(t, "opened", byProgram(), nil)
	})
}

// Fifty use one link at once, at two nodes: one wins, and its password holds.
//
// Proves: 4.1
func TestParallelUsesOfOneLink(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		acme, ann := annOf(t, h)
		nodes := []*housetest.House{h, h.Node(t)}
		link := token(t, h, annsWish)
		var won atomic.Int64
		var winner atomic.Value
		var all sync.WaitGroup
		begin := make(chan struct{})
		for i := range 50 {
			all.Go(func() {
				<-begin
				password := fresh + strings.Repeat("!", i)
				err := redeem(t, nodes[i%2], link, password)
				for problem.Of(err) != nil && problem.Of(err).Kind == problem.Busy { // as whoever is told to come back does
					err = redeem(t, nodes[i%2], link, password)
				}
				switch {
				case err == nil:
					won.Add(1)
					winner.Store(password)
				default:
					wants(t, "a loser", err, policy.ErrLink)
				}
			})
		}
		close(begin)
		all.Wait()
		if won.Load() != 1 {
			t.Fatalf("%d won, want 1", won.Load())
		}
		if !signsIn(t, h, annsTry, winner.Load().(string)) {
			t.Error("the winner's password does not hold")
		}
		if u := housetest.User(t, acme, ann.ID); u.Credential != ann.Credential+1 {
			t.Errorf("%d passwords were set", u.Credential-ann.Credential)
		}
		if n := len(housetest.Events(t, acme, identity.EventResetDone)); n != 1 {
			t.Errorf("%d events, want 1", n)
		}
	})
}

// Two workers answer two wishes at once: one link, in both letters.
//
// Proves: 4.1
func TestParallelWishes(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		acme, _ := annOf(t, h)
		nodes := []*housetest.House{h, h.Node(t)}
		for range 10 {
			h.Clock.Advance(2 * time.Hour)
			var both sync.WaitGroup
			for _, node := range nodes {
				both.Go(func() {
					task := identity.Task{ID: identity.NewTaskID(), Kind: identity.RequestReset, Data: map[string]string{"by": "email", "name": "ann@acme.test"}}
					wants(t, "handle", node.Recovery().Handle(t.Context(), node.Store.Tenant(acme.ID()), task), nil)
				})
			}
			both.Wait()
			letters := h.Work(t)
			if len(letters) != 2 || letters[0].Link != letters[1].Link {
				t.Fatalf("letters %v", letters)
			}
		}
	})
}

// Whoever shuts somebody out in the same moment wins.
//
// Proves: 4.1, 4.3
func TestResetAgainstDeactivation(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		acme, ann := annOf(t, h)
		h.AddUser(t, acme, housetest.Person{Email: "boss@acme.test", Password: old, Role: identity.Admin})
		for range 20 {
			h.Clock.Advance(2 * time.Hour)
			link := token(t, h, annsWish)
			var both sync.WaitGroup
			var reset error
			both.Go(func() { reset = redeem(t, h, link, fresh) })
			both.Go(func() {
				wants(t, "deactivate", h.Admin().Deactivate(t.Context(), acme, housetest.Operator, ann.ID, identity.Peer{}), nil)
			})
			both.Wait()
			if reset != nil {
				wants(t, "the reset", reset, policy.ErrLink)
			}
			if u := housetest.User(t, acme, ann.ID); u.Status != identity.Deactivated {
				t.Fatalf("status %s", u.Status)
			}
			wants(t, "reactivate", h.Admin().Reactivate(t.Context(), acme, housetest.Operator, ann.ID, identity.Peer{}), nil)
			wants(t, "the link afterwards", redeem(t, h, link, fresh), policy.ErrLink)
		}
	})
}

// Whoever is told that something failed has the password and the link they had.
//
// Proves: W5, 4.3
func TestAnAccidentBesideAResetLeavesTheLink(t *testing.T) {
	h := housetest.New(t, storetest.Address(t, "sqlite"))
	annOf(t, h)
	link := token(t, h, annsWish)
	h.WhileForgivingFails(t, "ann@acme.test", func() {
		if err := redeem(t, h, link, fresh); err == nil || problem.Of(err) != nil {
			t.Errorf("%v, want an accident", err)
		}
	})
	if !signsIn(t, h, annsTry, old) {
		t.Error("the password was changed")
	}
	wants(t, "once more", redeem(t, h, link, fresh), nil)
}
