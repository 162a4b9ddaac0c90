package signin_test

import (
	"cmp"
	"errors"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/internal/housetest"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/signin"
	"github.com/vestibule-id/vestibule/internal/store/storetest"
)

// Two kinds of tries are told apart when the signed-rank test is this sure.
const sure = 1e-6

// visible is by how much their medians must differ besides: more than a
// stranger's network lets through anyway. The race detector makes every step
// in Go many times slower, and a difference with it.
func visible() time.Duration {
	if housetest.Race {
		return time.Millisecond
	}
	return 100 * time.Microsecond
}

// pairs is how many tries of each kind are compared, and planted a difference
// that they must show: a fraction of what the hash alone takes.
func pairs() (n int, planted time.Duration) {
	switch {
	case os.Getenv("VESTIBULE_SOAK") != "":
		return 1000, 5 * visible()
	case housetest.Race:
		return 40, 5 * visible()
	}
	return 100, 20 * visible()
}

// What a try costs does not tell strangers who is there.
//
// Proves: 2.5
func TestTimingTellsNobody(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		timingHouse(t, h)
		nobody := signin.Try{Tenant: "acme", Email: "nobody@acme.test"}
		for _, test := range []struct {
			name       string
			known, not signin.Try
		}{
			{"workspace", signin.Try{Tenant: "acme", Email: "ann@acme.test"}, nobody},
			{"deactivated, the password is right", signin.Try{Tenant: "acme", Email: "off@acme.test", Password: right}, nobody},
			{"invited", signin.Try{Tenant: "acme", Email: "new@acme.test"}, nobody},
			{"imported", signin.Try{Username: "201-old"}, signin.Try{Username: "202-old"}},
			{"extension", signin.Try{Username: "201-phone"}, signin.Try{Username: "202-phone"}},
			{"e-mail alone", signin.Try{Email: "quinn@crm.test"}, signin.Try{Email: "nobody@crm.test"}},
			{"e-mail alone, known in another style", signin.Try{Email: "ann@acme.test"}, signin.Try{Email: "nobody@crm.test"}},
		} {
			t.Run(test.name, func(t *testing.T) {
				n, _ := pairs()
				var tries paired
				tries.more(n, refusal(t, h, test.known), refusal(t, h, test.not))
				shift, p := tries.verdict()
				t.Logf("median difference %s, p = %.2g", shift, p)
				if p < sure && shift.Abs() > visible() {
					t.Errorf("known and unknown differ by %s (p = %.2g)", shift, p)
				}
			})
		}
	})
}

// The test above can fail: a real difference is seen, on a busy machine in more
// pairs than on a quiet one.
//
// Proves: 2.5
func TestTimingIsSeen(t *testing.T) {
	h := housetest.New(t, storetest.Address(t, "sqlite"))
	timingHouse(t, h)
	known := refusal(t, h, signin.Try{Tenant: "acme", Email: "ann@acme.test"})
	unknown := refusal(t, h, signin.Try{Tenant: "acme", Email: "nobody@acme.test"})
	n, planted := pairs()
	slower := func() {
		known()
		for begin := time.Now(); time.Since(begin) < planted; { // sleeping is too coarse
		}
	}
	var tries paired
	for range 20 {
		tries.more(n, slower, unknown)
		shift, p := tries.verdict()
		t.Logf("%d pairs: median difference %s, p = %.2g", len(tries), shift, p)
		if p < sure && shift > visible() {
			return
		}
	}
	t.Errorf("a difference of %s was not seen in %d pairs", planted, len(tries))
}

// timingHouse is a house where nobody ever waits.
func timingHouse(t *testing.T, h *housetest.House) {
	t.Helper()
	h.Sessions.Operator.SignInAttempts = 1 << 30
	h.Sessions.Operator.StrangerAttempts = 1 << 30
	h.Sessions.Operator.SourceAttempts = 1 << 30
	acme := h.AddTenant(t, "acme", identity.Workspace)
	h.AddUser(t, acme, housetest.Person{Email: "ann@acme.test", Password: right})
	h.AddUser(t, acme, housetest.Person{Email: "zoe@acme.test", Password: right})
	h.AddUser(t, acme, housetest.Person{Email: "off@acme.test", Password: right, Status: identity.Deactivated})
	h.AddUser(t, acme, housetest.Person{Email: "new@acme.test", Status: identity.Invited})
	old := h.AddTenant(t, "old", identity.Extension)
	phone := h.AddTenant(t, "phone", identity.Extension)
	crm := h.AddTenant(t, "crm", identity.Email)
	h.AddUser(t, old, housetest.Person{Extension: "201", Hash: foreign(t, right)})
	h.AddUser(t, old, housetest.Person{Extension: "301", Hash: foreign(t, right)})
	h.AddUser(t, phone, housetest.Person{Extension: "201", Password: right})
	h.AddUser(t, phone, housetest.Person{Extension: "301", Password: right})
	h.AddUser(t, crm, housetest.Person{Email: "quinn@crm.test", Password: right})
}

// refusal is a try that must be refused.
func refusal(t *testing.T, h *housetest.House, try signin.Try) func() {
	try.From = from(home)
	if try.Password == "" {
		try.Password = "wrong"
	}
	return func() {
		if _, err := h.SignIn.SignIn(t.Context(), try); !errors.Is(err, policy.ErrRefused) {
			t.Fatalf("%v, want %v", err, policy.ErrRefused)
		}
	}
}

// paired are by how much the first of two tries took longer, pair by pair.
type paired []time.Duration

// more times n more pairs, in random order within each.
func (d *paired) more(n int, first, second func()) {
	for range 5 {
		first()
		second()
	}
	for range n {
		if rand.N(2) == 0 {
			*d = append(*d, timed(first)-timed(second))
		} else {
			*d = append(*d, -timed(second)+timed(first))
		}
	}
}

// verdict is the median difference, and how likely one as consistent would be
// by chance: Wilcoxon's signed-rank test, two-sided, by the normal
// distribution, which is close from some twenty pairs on.
func (d *paired) verdict() (median time.Duration, p float64) {
	sorted := slices.SortedFunc(slices.Values(*d), func(a, b time.Duration) int { return cmp.Compare(a.Abs(), b.Abs()) })
	var positive float64 // sum of the ranks; equal ones are too rare to matter
	for rank, difference := range sorted {
		if difference > 0 {
			positive += float64(rank + 1)
		}
	}
	n := float64(len(sorted))
	mean, variance := n*(n+1)/4, n*(n+1)*(2*n+1)/24
	z := (positive - mean) / math.Sqrt(variance)
	slices.Sort(sorted)
	return sorted[len(sorted)/2], math.Erfc(math.Abs(z) / math.Sqrt2)
}

func timed(work func()) time.Duration {
	begin := time.Now()
	work()
	return time.Since(begin)
}
