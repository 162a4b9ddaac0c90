package signin_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/internal/housetest"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/secret"
	"github.com/vestibule-id/vestibule/internal/signin"
	"github.com/vestibule-id/vestibule/internal/store"
	"github.com/vestibule-id/vestibule/internal/store/storetest"
)

const home, elsewhere = "192.0.2.1", "198.51.100.7"

// tryAt is a try at Ann's door.
func tryAt(t testing.TB, h *housetest.House, source, browser, password string) error {
	t.Helper()
	f := from(source)
	if f.Browser = browser; browser != "" {
		f.Kind = identity.Browser
	}
	_, err := h.SignIn.SignIn(t.Context(), signin.Try{Tenant: "acme", Email: "ann@acme.test", Password: password, From: f})
	return err
}

// fails tries a wrong password n times and wants each to be refused.
func fails(t testing.TB, h *housetest.House, n int, source, browser string) {
	t.Helper()
	for i := range n {
		if err := tryAt(t, h, source, browser, "wrong"); !errors.Is(err, policy.ErrRefused) {
			t.Fatalf("wrong try %d: %v, want %v", i+1, err, policy.ErrRefused)
		}
	}
}

// waits wants even the right password to be told to wait so long.
func waits(t testing.TB, h *housetest.House, source, browser string, want time.Duration) {
	t.Helper()
	err := tryAt(t, h, source, browser, right)
	if !errors.Is(err, policy.ErrWait) {
		t.Fatalf("the right password: %v, want %v", err, policy.ErrWait)
	}
	if got := problem.Of(err).RetryAfter; got != want {
		t.Errorf("told to wait %s, want %s", got, want)
	}
}

func enters(t testing.TB, h *housetest.House, source, browser string) {
	t.Helper()
	if err := tryAt(t, h, source, browser, right); err != nil {
		t.Fatalf("the right password: %v", err)
	}
}

func withAnn(t testing.TB, h *housetest.House, settings ...string) (acme store.Tenant, ann identity.User) {
	t.Helper()
	acme = h.AddTenant(t, "acme", identity.Workspace, settings...)
	return acme, h.AddUser(t, acme, housetest.Person{Email: "ann@acme.test", Password: right})
}

// Proves: P5, 2.6
func TestFiveTriesThenWait(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		acme, ann := withAnn(t, h)
		fails(t, h, 5, home, "")
		waits(t, h, home, "", 15*time.Minute)
		locks := housetest.Events(t, acme, identity.EventLoginLock)
		if len(locks) != 1 || locks[0].User != ann.ID || locks[0].Detail["lane"] != policy.LanePlace {
			t.Errorf("events of the wait: %+v, want one about Ann's place", locks)
		}
		h.Clock.Advance(15*time.Minute - time.Second)
		waits(t, h, home, "", time.Second)
		h.Clock.Advance(time.Second - time.Microsecond)
		waits(t, h, home, "", time.Second) // never told to come at once
		h.Clock.Advance(time.Microsecond)
		enters(t, h, home, "")
	})
}

// Tries made during a wait neither count nor lengthen it, and once it is over
// there are five again.
//
// Proves: P5, 2.6
func TestTriesDuringAWaitDoNotCount(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		withAnn(t, h)
		fails(t, h, 5, home, "")
		for range 30 {
			waits(t, h, home, "", 15*time.Minute)
		}
		h.Clock.Advance(15 * time.Minute)
		fails(t, h, 5, home, "")
		waits(t, h, home, "", 15*time.Minute)
	})
}

// Tries are counted before the password is looked at: of a hundred at once, on
// two nodes, five come as far as the gate before the slow hash, and the right
// password among the others is not found.
//
// Proves: P5, 2.6
func TestParallelGuesses(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		acme, _ := withAnn(t, h)
		nodes := []*housetest.House{h, h.Node(t)}
		open := []func(){closeGate(t, nodes[0]), closeGate(t, nodes[1])}
		const guesses = 100
		answers := make(chan error, guesses)
		for i := range guesses {
			go func() { answers <- tryAt(t, nodes[i%2], home, "", fmt.Sprintf("guess %d", i)) }()
		}
		atTheGate := func() int { return nodes[0].SignIn.Gate.Waiting() + nodes[1].SignIn.Gate.Waiting() }
		for len(answers)+atTheGate() < guesses {
			time.Sleep(time.Millisecond)
		}
		if n := atTheGate(); n != 5 {
			t.Errorf("%d tries wait to be hashed, want 5", n)
		}
		for _, open := range open {
			open()
		}
		got := map[string]int{}
		for range guesses {
			if p := problem.Of(<-answers); p != nil {
				got[p.Code]++
			}
		}
		if got[policy.ErrRefused.Code] != 5 || got[policy.ErrWait.Code] != 95 {
			t.Errorf("answers %v, want 5 refused and 95 told to wait", got)
		}
		if n := len(housetest.Events(t, acme, identity.EventLoginFail)); n != 5 {
			t.Errorf("%d tries were verified, want 5", n)
		}
		waits(t, h, home, "", 15*time.Minute)
	})
}

// closeGate keeps everybody waiting before the slow hash until open.
func closeGate(t *testing.T, h *housetest.House) (open func()) {
	t.Helper()
	gate := secret.NewGate(1, 1000, time.Minute)
	h.SignIn.Gate = gate
	place, err := gate.Enter()
	if err != nil {
		t.Fatal(err)
	}
	closed, leave := make(chan struct{}), make(chan struct{})
	var keeper sync.WaitGroup
	keeper.Go(func() {
		defer place.Leave()
		_ = place.Do(t.Context(), func() { close(closed); <-leave })
	})
	<-closed
	return func() { close(leave); keeper.Wait() }
}

// Proves: P5, W2, 2.6
func TestLanesAreApart(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		withAnn(t, h)
		twin := h.AddTenant(t, "twin", identity.Workspace)
		h.AddUser(t, twin, housetest.Person{Email: "ann@acme.test", Password: right})
		h.AddUser(t, h.Store.Tenant(twin.ID()), housetest.Person{Email: "bea@acme.test", Password: right})
		fails(t, h, 5, home, "")
		waits(t, h, home, "", 15*time.Minute)
		for _, try := range []signin.Try{
			{Tenant: "acme", Email: "ann@acme.test", From: from(elsewhere)},
			{Tenant: "twin", Email: "ann@acme.test", From: from(home)},
			{Tenant: "twin", Email: "bea@acme.test", From: from(home)},
		} {
			try.Password = right
			if _, err := h.SignIn.SignIn(t.Context(), try); err != nil {
				t.Errorf("%s %s from %s: %v", try.Tenant, try.Email, try.From.Source, err)
			}
		}
	})
}

// Whoever signs in again and again, or is stopped by something other than the
// password, uses nothing up. What others at the source did wrong stays.
//
// Proves: P5, 2.6
func TestSuccessRefunds(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		acme, _ := withAnn(t, h, "source-attempts=6")
		initial := h.AddUser(t, acme, housetest.Person{Email: "new@acme.test", Password: right, MustChange: true})
		for range 12 {
			fails(t, h, 0, home, "")
			enters(t, h, home, "")
			_, err := h.SignIn.SignIn(t.Context(), signin.Try{Tenant: "acme", Email: initial.Email.Typed, Password: right, From: from(home)})
			if !errors.Is(err, policy.ErrChangeRequired) {
				t.Fatal(err)
			}
		}
		fails(t, h, 4, home, "")
		enters(t, h, home, "") // clears Ann's lanes, leaves the source's four
		fails(t, h, 2, home, "")
		waits(t, h, home, "", 15*time.Minute)
	})
}

// Whoever is not there has the same five tries.
//
// Proves: P5, 2.6
func TestUnknownNamesAreLimitedAlike(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		acme, _ := withAnn(t, h)
		h.AddUser(t, acme, housetest.Person{Email: "off@acme.test", Password: right, Status: identity.Deactivated})
		h.AddTenant(t, "phone", identity.Extension)
		h.AddTenant(t, "crm", identity.Email)
		for i, try := range []signin.Try{
			{Tenant: "acme", Email: "nobody@acme.test"},
			{Tenant: "acme", Email: "no address"},
			{Tenant: "acme", Email: "off@acme.test"},
			{Tenant: "nowhere", Email: "ann@acme.test"},
			{Username: "201-phone"},
			{Username: "201-nowhere"},
			{Username: "201"},
			{Username: "no username"},
			{Tenant: "phone", Username: "201-acme"},
			{Email: "nobody@crm.test"},
			{Email: "no address"},
			{Email: "ann@acme.test"}, // of another style
		} {
			try.Password, try.From = right, from(fmt.Sprintf("203.0.113.%d", i))
			for n := range 7 {
				want := policy.ErrRefused
				if n >= 5 {
					want = policy.ErrWait
				}
				if _, err := h.SignIn.SignIn(t.Context(), try); !errors.Is(err, want) {
					t.Errorf("%+v, try %d: %v, want %v", try, n+1, err, want)
				}
			}
		}
	})
}

// In the e-mail style every tenant counts by itself, beside the address, and
// refuses silently. A try that is right for
// one tenant counts as a failure in the others: else who may set a password in
// one could guess at another without end.
//
// Proves: P5, W2, Q1, 2.6
func TestEmailStyleCountsPerTenant(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		one := h.AddTenant(t, "one", identity.Email)
		two := h.AddTenant(t, "two", identity.Email, "sign-in-attempts=3", "sign-in-wait=1m")
		inOne := h.AddUser(t, one, housetest.Person{Email: "quinn@crm.test", Password: right})
		inTwo := h.AddUser(t, two, housetest.Person{Email: "quinn@crm.test", Password: "the password of two"})
		try := func(password string) (identity.UserID, error) {
			out, err := h.SignIn.SignIn(t.Context(), signin.Try{Email: "quinn@crm.test", Password: password, From: from(home)})
			return out.User.ID, err
		}
		for range 3 {
			if u, err := try(right); err != nil || u != inOne.ID {
				t.Fatalf("%v, user %s", err, u)
			}
		}
		if _, err := try("the password of two"); !errors.Is(err, policy.ErrRefused) {
			t.Errorf("two's password when two waits and one does not: %v, want %v", err, policy.ErrRefused)
		}
		if u, err := try(right); err != nil || u != inOne.ID {
			t.Errorf("one's password when two waits: %v", err)
		}
		h.Clock.Advance(time.Minute)
		if u, err := try("the password of two"); err != nil || u != inTwo.ID {
			t.Errorf("two's password after its wait: %v", err)
		}
		h.Clock.Advance(time.Hour)
		for range 5 {
			_, _ = try("wrong")
		}
		_, err := try(right)
		if p := problem.Of(err); !errors.Is(err, policy.ErrWait) || p.RetryAfter != 15*time.Minute {
			t.Errorf("when the address waits: %v; want the operator's time, whatever a tenant has chosen", err)
		}
	})
}

// A stranger who brings lanes to their end, the reserved tenant's by addresses
// nobody has or a tenant's by its slug, learns nothing from who waits then.
//
// Proves: P5, Q1, 2.5, 2.6
func TestWaitsDoNotTellWhoHasAnAddress(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		kontak := h.AddTenant(t, "kontak", identity.Email, "sign-in-attempts=2", "sign-in-wait=1h")
		for i := range 10 {
			h.AddUser(t, kontak, housetest.Person{Email: fmt.Sprintf("p%d@crm.test", i), Password: right})
		}
		try := func(tenant, email, source string) (answer string) {
			_, err := h.SignIn.SignIn(t.Context(), signin.Try{Tenant: tenant, Email: email, Password: "a guess", From: from(source)})
			p := problem.Of(err)
			if p == nil {
				t.Fatal(err)
			}
			return fmt.Sprint(p.Code, p.RetryAfter)
		}
		for i := range 50 {
			try("", fmt.Sprintf("filler%d@crm.test", i), "192.0.2.50")
			try("kontak", fmt.Sprintf("filler%d@crm.test", i), "192.0.2.51")
		}
		for _, source := range []string{"192.0.2.50", "192.0.2.51", "192.0.2.52"} {
			if known, unknown := try("", "p1@crm.test", source), try("", "nobody@crm.test", source); known != unknown {
				t.Errorf("from %s: %s to who is there, %s to who is not", source, known, unknown)
			}
		}
		for n := range 7 {
			if known, unknown := try("", "p2@crm.test", "192.0.2.53"), try("", "nobody2@crm.test", "192.0.2.53"); known != unknown {
				t.Errorf("try %d: %s to who is there, %s to who is not", n+1, known, unknown)
			}
		}
	})
}

// Proves: P5, 2.6
func TestWaitOutlivesRestartsAndHoldsOnEveryNode(t *testing.T) {
	storetest.EachAddress(t, func(t *testing.T, address string) {
		t.Run("before", func(t *testing.T) { // its end closes the store
			h := housetest.New(t, address)
			withAnn(t, h)
			fails(t, h, 5, home, "")
		})
		first := housetest.New(t, address)
		second := first.Node(t)
		first.Clock.Set(housetest.Morning.Add(5 * time.Minute))
		waits(t, first, home, "", 10*time.Minute)
		waits(t, second, home, "", 10*time.Minute)
		first.Clock.Advance(10 * time.Minute)
		fails(t, first, 3, home, "")
		fails(t, second, 2, home, "")
		waits(t, first, home, "", 15*time.Minute)
		waits(t, second, home, "", 15*time.Minute)
	})
}
