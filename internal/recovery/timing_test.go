package recovery_test

import (
	"cmp"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/internal/housetest"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/recovery"
	"github.com/vestibule-id/vestibule/internal/store"
	"github.com/vestibule-id/vestibule/internal/store/storetest"
)

// Two kinds of wishes are told apart when the signed-rank test is this sure
// and their medians differ by so much besides.
const sure = 1e-6

func visible() time.Duration {
	if housetest.Race {
		return time.Millisecond
	}
	return 100 * time.Microsecond
}

func pairs() int {
	switch {
	case os.Getenv("VESTIBULE_SOAK") != "":
		return 1000
	case housetest.Race:
		return 60
	}
	return 150
}

// What asking costs does not tell who is there. Nothing of the worker's is in
// it, so nothing of the mail server's either.
//
// Proves: 4.2
func TestAskingTakesTheSameTime(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		timingHouse(t, h)
		for _, test := range []struct {
			name       string
			known, not recovery.Wish
		}{
			{"workspace", recovery.Wish{Tenant: "acme", Email: "ann@x.test"}, recovery.Wish{Tenant: "acme", Email: "nob@x.test"}},
			{"deactivated", recovery.Wish{Tenant: "acme", Email: "off@x.test"}, recovery.Wish{Tenant: "acme", Email: "nob@x.test"}},
			{"extension", recovery.Wish{Username: "201-phone"}, recovery.Wish{Username: "202-phone"}},
			{"e-mail alone", recovery.Wish{Email: "ann@x.test"}, recovery.Wish{Email: "nob@x.test"}},
		} {
			t.Run(test.name, func(t *testing.T) {
				var d paired
				d.more(pairs(), wishing(t, h, test.known), wishing(t, h, test.not))
				shift, p := d.verdict()
				t.Logf("median difference %s, p = %.2g", shift, p)
				if p < sure && shift.Abs() > visible() {
					t.Errorf("known and unknown differ by %s (p = %.2g)", shift, p)
				}
			})
		}
	})
}

// The test above can fail: one durable write more, for those who are known, is
// seen.
//
// Proves: 4.2
func TestAnExtraWriteIsSeen(t *testing.T) {
	h := housetest.New(t, storetest.Address(t, "sqlite"))
	acme := timingHouse(t, h)
	known := wishing(t, h, recovery.Wish{Tenant: "acme", Email: "ann@x.test"})
	unknown := wishing(t, h, recovery.Wish{Tenant: "acme", Email: "nob@x.test"})
	writing := func() {
		known()
		for range 1 + 4*int(visible()/time.Millisecond) {
			err := acme.Tx(t.Context(), func(tx *store.Tx) error {
				return tx.AddEvent(t.Context(), identity.Event{Kind: "extra", At: h.Clock.Now()})
			})
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	var d paired
	for range 20 {
		d.more(pairs(), writing, unknown)
		shift, p := d.verdict()
		t.Logf("%d pairs: median difference %s, p = %.2g", len(d), shift, p)
		if p < sure && shift > visible() {
			return
		}
	}
	t.Error("a write more was not seen")
}

func timingHouse(t *testing.T, h *housetest.House) store.Tenant {
	t.Helper()
	acme, phone, crm := h.AddTenant(t, "acme", identity.Workspace), h.AddTenant(t, "phone", identity.Extension), h.AddTenant(t, "crm", identity.Email)
	h.AddUser(t, acme, housetest.Person{Email: "ann@x.test", Password: old})
	h.AddUser(t, acme, housetest.Person{Email: "off@x.test", Password: old, Status: identity.Deactivated})
	h.AddUser(t, phone, housetest.Person{Extension: "201", Email: "eve@x.test", Password: old})
	h.AddUser(t, crm, housetest.Person{Email: "ann@x.test", Password: old})
	return acme
}

// wishing asks from another place each time, so that nobody ever waits.
func wishing(t *testing.T, h *housetest.House, w recovery.Wish) func() {
	return func() {
		from := home
		from.Source = string(identity.NewEventID())
		if err := h.Recovery().Ask(t.Context(), w, from); err != nil {
			t.Fatal(err)
		}
	}
}

// paired are by how much the first of two took longer, pair by pair.
type paired []time.Duration

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
// distribution.
func (d *paired) verdict() (median time.Duration, p float64) {
	sorted := slices.SortedFunc(slices.Values(*d), func(a, b time.Duration) int { return cmp.Compare(a.Abs(), b.Abs()) })
	var positive float64
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
