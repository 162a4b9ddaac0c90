package store_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/store"
	"github.com/vestibule-id/vestibule/internal/store/storetest"
)

const wait = 15 * time.Minute

func lane(name string, limit int, longest time.Duration) store.Lane {
	return store.Lane{Lane: policy.Lane{Name: name, Limit: limit, Wait: wait, MaxWait: longest}, Subject: "ann", Key: name}
}

var (
	place     = lane(policy.LanePlace, 5, wait)
	strangers = lane(policy.LaneStrangers, 20, 24*time.Hour)
	source    = store.Lane{Lane: policy.Lane{Name: policy.LaneSource, Limit: 50, Wait: wait, MaxWait: wait}, Key: policy.LaneSource}
)

// reserve is a try; until is the end of the wait it met, as time since noon,
// or 0 when it was admitted.
func reserve(t *testing.T, tenant store.Tenant, after time.Duration, lanes ...store.Lane) (until time.Duration) {
	t.Helper()
	_, err := tenant.ReserveTry(t.Context(), lanes, noon.Add(after))
	if waiting, ok := errors.AsType[*store.Waiting](err); ok {
		return waiting.Until.Sub(noon)
	}
	if err != nil {
		t.Fatal(err)
	}
	return 0
}

// Proves: P5, 2.6
func TestLanes(t *testing.T) {
	times := func(n int, after time.Duration) []time.Duration {
		list := make([]time.Duration, n)
		for i := range list {
			list[i] = after
		}
		return list
	}
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		for slug, row := range map[string]struct {
			name  string
			tries []time.Duration // admitted, all of them
			then  time.Duration
			until time.Duration // 0: admitted
		}{
			"first":    {"the first tries are admitted", times(4, 0), 0, 0},
			"fifth":    {"from the fifth on one waits", times(5, 0), 0, wait},
			"of-fifth": {"the wait is counted from the fifth try", append(times(4, 0), time.Minute), time.Minute, time.Minute + wait},
			"edge":     {"the wait lasts to its last microsecond", times(5, 0), wait - us, wait},
			"after":    {"and not longer", times(5, 0), wait, 0},
			"five-new": {"after the wait there are five new tries", append(times(5, 0), times(4, wait)...), wait, 0},
			"not-six":  {"not six", append(times(5, 0), times(5, wait)...), wait, 2 * wait},
			"window":   {"within the window all tries count", append(times(1, 0), times(4, wait-us)...), wait - us, 2*wait - us},
			"forgets":  {"after it they are forgotten", append(times(4, 0), times(4, wait)...), wait, 0},
		} {
			tenant := storetest.AddTenant(t, s, slug, identity.Workspace)
			for i, after := range row.tries {
				if until := reserve(t, tenant, after, place); until != 0 {
					t.Errorf("%s: try %d met a wait until %s", row.name, i+1, until)
				}
			}
			if until := reserve(t, tenant, row.then, place); until != row.until {
				t.Errorf("%s: until %s, want %s", row.name, until, row.until)
			}
		}
	})
}

// Proves: P5, 2.6
func TestTriesDuringAWait(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		acme, twin := storetest.Twins(t, s)
		for range 5 {
			reserve(t, acme, 0, source, place)
		}
		for n := range 100 {
			if until := reserve(t, acme, time.Duration(n)*time.Second, source, place); until != wait {
				t.Fatalf("try %d moved the wait to %s", n, until)
			}
		}
		for n := range 45 { // 5 of 50 are used; what waited has not counted
			if until := reserve(t, acme, 0, source); until != 0 {
				t.Fatalf("a lane beside the waiting one has counted: try %d waits until %s", n, until)
			}
		}
		if until := reserve(t, acme, 0, source); until == 0 {
			t.Error("the source's 51st try is admitted")
		}
		if until := reserve(t, twin, 0, source, place); until != 0 {
			t.Errorf("another tenant waits until %s", until)
		}
		other := place
		other.Subject = "bob"
		if until := reserve(t, acme, 0, other); until != 0 {
			t.Errorf("another user waits until %s", until)
		}
	})
}

// The longest of several waits is what one is told.
//
// Proves: 2.6
func TestSeveralLanesWait(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		acme, _ := storetest.Twins(t, s)
		for n := range 5 {
			reserve(t, acme, 0, place)
			reserve(t, acme, time.Duration(n)*time.Minute, lane("other", 5, wait))
		}
		if until := reserve(t, acme, 5*time.Minute, place, lane("other", 5, wait)); until != 4*time.Minute+wait {
			t.Errorf("until %s, want %s", until, 4*time.Minute+wait)
		}
	})
}

// Strangers wait twice as long each time they fill the lane again, up to a
// day, until they have been quiet for a window.
//
// Proves: 2.6
func TestStrangersWaitLongerAndLonger(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		acme, _ := storetest.Twins(t, s)
		now := time.Duration(0)
		fill := func(want time.Duration) {
			t.Helper()
			for n := range 20 {
				if until := reserve(t, acme, now, strangers); until != 0 {
					t.Fatalf("try %d waits until %s", n+1, until)
				}
			}
			if until := reserve(t, acme, now, strangers); until != now+want {
				t.Errorf("a wait of %s, want %s", until-now, want)
			}
			now += want
		}
		for _, want := range []time.Duration{15, 30, 60, 120, 240, 480, 960, 1440, 1440} {
			fill(want * time.Minute)
		}
		now += wait - us
		fill(24 * time.Hour)
		now += wait
		fill(wait)
		fill(2 * wait)
	})
}

// Proves: P5, 2.6
func TestParallelTriesAreFive(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		acme, _ := storetest.Twins(t, s)
		var admitted, filled atomic.Int64
		var race sync.WaitGroup
		for range 100 {
			race.Go(func() {
				full, err := acme.ReserveTry(context.Background(), []store.Lane{source, strangers, place}, noon)
				if _, waits := errors.AsType[*store.Waiting](err); err != nil && !waits {
					t.Error(err)
				}
				if err == nil {
					admitted.Add(1)
					filled.Add(int64(len(full)))
				}
			})
		}
		race.Wait()
		if admitted.Load() != 5 || filled.Load() != 1 {
			t.Errorf("%d tries were admitted, %d filled the lane; want 5 and 1", admitted.Load(), filled.Load())
		}
	})
}

// A right password at the fifth try must not shut its owner out.
//
// Proves: P5, 2.6
func TestRefunds(t *testing.T) {
	refund := func(after time.Duration) func(t *testing.T, tenant store.Tenant) {
		return func(t *testing.T, tenant store.Tenant) {
			t.Helper()
			change(t, tenant, func(ctx context.Context, tx *store.Tx) error {
				return tx.RefundTry(ctx, []store.Lane{place}, noon.Add(after))
			})
		}
	}
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		for slug, row := range map[string]struct {
			name  string
			undo  func(t *testing.T, tenant store.Tenant)
			at    time.Duration
			tries int // admitted afterwards
		}{
			"none":  {"no refund", func(*testing.T, store.Tenant) {}, time.Minute, 0},
			"one":   {"a refund opens the lane its own try has closed", refund(0), time.Minute, 1},
			"stale": {"a try from before the window is not given back", refund(-us), time.Minute, 0},
			"new":   {"nor one that the lane has forgotten meanwhile", refund(0), wait, 5},
			"clear": {"clearing forgets all tries", func(t *testing.T, tenant store.Tenant) {
				change(t, tenant, func(ctx context.Context, tx *store.Tx) error { return tx.ClearLanes(ctx, "ann") })
			}, time.Minute, 5},
			"bob": {"clearing somebody else's none", func(t *testing.T, tenant store.Tenant) {
				change(t, tenant, func(ctx context.Context, tx *store.Tx) error { return tx.ClearLanes(ctx, "bob") })
			}, time.Minute, 0},
		} {
			tenant := storetest.AddTenant(t, s, slug, identity.Workspace)
			for range 5 {
				reserve(t, tenant, 0, place)
			}
			row.undo(t, tenant)
			tries := 0
			for tries < 10 && reserve(t, tenant, row.at, place) == 0 {
				tries++
			}
			if tries != row.tries {
				t.Errorf("%s: %d tries, want %d", row.name, tries, row.tries)
			}
		}
	})
}

// Proves: 2.6
func TestRefundsDoNotShortenWaits(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		acme, _ := storetest.Twins(t, s)
		now := time.Duration(0)
		for _, want := range []time.Duration{wait, 2 * wait, 4 * wait, 8 * wait} {
			for range 20 {
				reserve(t, acme, now, strangers)
			}
			change(t, acme, func(ctx context.Context, tx *store.Tx) error {
				return tx.RefundTry(ctx, []store.Lane{strangers}, noon.Add(now))
			})
			if until := reserve(t, acme, now, strangers); until != 0 {
				t.Fatalf("after a refund one waits until %s", until)
			}
			if until := reserve(t, acme, now, strangers); until != now+want {
				t.Fatalf("a wait of %s, want %s", until-now, want)
			}
			now += want
		}
	})
}

// Proves: 2.6
func TestReservingAgainstClearing(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		acme, _ := storetest.Twins(t, s)
		ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
		defer cancel()
		lanes := []store.Lane{lane(policy.LaneStrangers, 1000, wait), lane("place 1", 1000, wait), lane("place 2", 1000, wait)}
		repeated := store.CountRepeats(s)
		var race sync.WaitGroup
		for n := range 8 {
			race.Go(func() {
				for range 50 {
					var err error
					if n%2 == 0 {
						_, err = acme.ReserveTry(ctx, lanes, noon)
					} else {
						err = acme.Tx(ctx, func(tx *store.Tx) error { return tx.ClearLanes(ctx, "ann") })
					}
					if err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		race.Wait()
		if again := repeated.Load(); again != 0 {
			t.Errorf("%d transactions had to be repeated: they waited for each other", again)
		}
	})
}

// Proves: 2.6
func TestSweepingLeavesWhatCounts(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		acme, _ := storetest.Twins(t, s)
		for range 5 {
			reserve(t, acme, 0, place)
		}
		reserve(t, acme, wait, lane("young", 5, wait))
		reserve(t, acme, 0, lane("old", 5, wait))
		change(t, acme, func(ctx context.Context, tx *store.Tx) error {
			n, err := tx.SweepLanes(ctx, noon.Add(wait), 9)
			if n != 1 {
				t.Errorf("%d lines were swept, want the old one alone", n)
			}
			return err
		})
		if until := reserve(t, acme, wait-us, place); until != wait {
			t.Errorf("the wait was swept away: until %s", until)
		}
	})
}

// A try that counts in several lanes is one try.
func TestTriesAreCountedOnce(t *testing.T) {
	here, there, known := place, place, lane(policy.LaneBrowser, 5, wait)
	here.Key, there.Key, known.Key = policy.LanePlace+" 192.0.2.1", policy.LanePlace+" 192.0.2.2", policy.LaneBrowser+" mine"
	unknown := func(where store.Lane) []store.Lane { return []store.Lane{source, strangers, where} }
	type tries struct {
		n     int
		after time.Duration
		lanes []store.Lane
	}
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		for slug, row := range map[string]struct {
			name  string
			tries []tries
			want  int64
		}{
			"two":    {"two from one place", []tries{{2, 0, unknown(here)}}, 2},
			"five":   {"five, from which on one waits", []tries{{5, 0, unknown(here)}}, 5},
			"places": {"from two places", []tries{{2, 0, unknown(here)}, {3, 0, unknown(there)}}, 5},
			"known":  {"of a known browser and of another", []tries{{2, 0, unknown(here)}, {1, 0, []store.Lane{known}}}, 3},
			"anew":   {"where the strangers' lane began anew", []tries{{4, 0, unknown(here)}, {1, wait - us, unknown(there)}, {1, wait, unknown(there)}}, 6},
		} {
			acme := storetest.AddTenant(t, s, slug, identity.Workspace)
			for _, some := range row.tries {
				for range some.n {
					reserve(t, acme, some.after, some.lanes...)
				}
			}
			if n, _, err := acme.Tries(t.Context(), "ann"); n != row.want || err != nil {
				t.Errorf("%s: %d, %v, want %d", row.name, n, err, row.want)
			}
		}
	})
}
