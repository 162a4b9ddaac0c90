package store_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/store"
	"github.com/vestibule-id/vestibule/internal/store/storetest"
)

// turn is how long somebody may be at a request in these tests.
const turn = time.Minute

func takeAt(t *testing.T, tenant store.Tenant, o store.Once, now time.Time) (s store.OnceState) {
	t.Helper()
	change(t, tenant, func(ctx context.Context, tx *store.Tx) (err error) {
		s, err = tx.TakeOnce(ctx, o, now, now.Add(turn), now.Add(24*time.Hour))
		return err
	})
	return s
}

// Proves: 5.7
func TestARequestHasOneTurnAtATime(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		acme, twin := storetest.Twins(t, s)
		first := store.Once{Actor: "usr_ann", Name: "k", Fingerprint: "same", Attempt: "1", About: "ten_1"}
		again, other, another := first, first, first
		again.Attempt, again.About = "2", "ten_2"
		other.Fingerprint = "other"
		another.Actor = "usr_bob"
		for _, row := range []struct {
			name   string
			tenant store.Tenant
			once   store.Once
			at     time.Time
			mine   bool
			about  string
		}{
			{"new", acme, first, noon, true, "ten_1"},
			{"the same, at once", acme, again, noon, false, ""},
			{"something else", acme, other, noon, false, ""},
			{"of another actor", acme, another, noon, true, "ten_1"},
			{"in another tenant", twin, again, noon, true, "ten_2"},
			{"something else, when the turn is over", acme, other, noon.Add(turn), false, ""},
			{"the same, when the turn is over", acme, again, noon.Add(turn), true, "ten_1"},
			{"by whoever had the turn first", acme, first, noon.Add(turn), false, ""},
			{"something else, when the key is over", acme, other, noon.Add(24 * time.Hour), true, "ten_1"},
		} {
			if got := takeAt(t, row.tenant, row.once, row.at); got.Mine != row.mine || got.About != row.about {
				t.Errorf("%s: %+v", row.name, got)
			}
		}
	})
}

// What a request changes and that it is done are one: whoever has lost the turn
// changes nothing any more.
//
// Proves: 5.7
func TestARequestIsSettledWithItsChange(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		acme, _ := storetest.Twins(t, s)
		slow := store.Once{Actor: "usr_ann", Name: "k", Fingerprint: "same", Attempt: "slow"}
		quick := slow
		quick.Attempt = "quick"
		takeAt(t, acme, slow, noon)
		add := func(o store.Once, id identity.UserID) error {
			return acme.Once(o).Tx(t.Context(), func(tx *store.Tx) error {
				return tx.AddUser(t.Context(), identity.User{ID: id, Role: identity.Member, Status: identity.Active}, "")
			})
		}
		takeAt(t, acme, quick, noon.Add(turn))
		if err := add(slow, "usr_slow"); !errors.Is(err, store.ErrTurnOver) {
			t.Errorf("whoever has lost the turn: %v", err)
		}
		if err := acme.Once(quick).Tx(t.Context(), func(*store.Tx) error { return problem.Wrong }); !errors.Is(err, problem.Wrong) {
			t.Error(err)
		}
		if got := takeAt(t, acme, slow, noon.Add(turn)); got.Done {
			t.Error("done although nothing was changed")
		}
		if err := add(quick, "usr_quick"); err != nil {
			t.Fatal(err)
		}
		change(t, acme, func(ctx context.Context, tx *store.Tx) error { return tx.ReleaseOnce(ctx, quick) })
		if got := takeAt(t, acme, slow, noon.Add(2*turn)); got.Mine || !got.Done || got.Answer != nil {
			t.Errorf("done, and yet %+v", got)
		}
		change(t, acme, func(ctx context.Context, tx *store.Tx) error { return tx.KeepOnce(ctx, quick, []byte("answer")) })
		if got := takeAt(t, acme, slow, noon.Add(2*turn)); string(got.Answer) != "answer" {
			t.Errorf("kept %+v", got)
		}
		if users, err := acme.Users(t.Context(), "", 9); err != nil || len(users) != 1 {
			t.Errorf("users %+v, %v", users, err)
		}
	})
}

// Proves: 5.7
func TestAReleasedRequestMayBeTriedAgain(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		acme, _ := storetest.Twins(t, s)
		o := store.Once{Actor: "usr_ann", Name: "k", Fingerprint: "same", Attempt: "1"}
		takeAt(t, acme, o, noon)
		change(t, acme, func(ctx context.Context, tx *store.Tx) error { return tx.ReleaseOnce(ctx, o) })
		o.Attempt = "2"
		if got := takeAt(t, acme, o, noon); !got.Mine {
			t.Errorf("released: %+v", got)
		}
		var left int64
		change(t, acme, func(ctx context.Context, tx *store.Tx) (err error) {
			_, err = tx.SweepOnce(ctx, noon.Add(24*time.Hour-time.Second), 9)
			return err
		})
		change(t, acme, func(ctx context.Context, tx *store.Tx) (err error) {
			left, err = tx.SweepOnce(ctx, noon.Add(24*time.Hour), 9)
			return err
		})
		if left != 1 {
			t.Errorf("swept %d", left)
		}
	})
}

// Proves: 5.7
func TestOfAHundredOneHasTheTurn(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		acme, _ := storetest.Twins(t, s)
		var mine atomic.Int64
		var all sync.WaitGroup
		for range 100 {
			all.Go(func() {
				o := store.Once{Actor: "usr_ann", Name: "k", Fingerprint: "same", Attempt: string(identity.NewEventID())}
				err := acme.Tx(t.Context(), func(tx *store.Tx) error {
					got, err := tx.TakeOnce(t.Context(), o, noon, noon.Add(turn), noon.Add(time.Hour))
					if got.Mine {
						mine.Add(1)
					}
					return err
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if mine.Load() != 1 {
			t.Errorf("%d have the turn", mine.Load())
		}
	})
}

// Proves: 5.7, 2.7
func TestAnswersAreSealed(t *testing.T) {
	storetest.EachAddress(t, func(t *testing.T, address string) {
		s := storetest.Open(t, address)
		acme, _ := storetest.Twins(t, s)
		takeAt(t, acme, aRequest, noon)
		change(t, acme, func(ctx context.Context, tx *store.Tx) error {
			return tx.KeepOnce(ctx, aRequest, []byte("orange tram 77 window"))
		})
		var kept []byte
		if err := rawDB(t, address).QueryRow(`SELECT answer FROM once`).Scan(&kept); err != nil {
			t.Fatal(err)
		}
		if len(kept) < 40 || strings.Contains(string(kept), "orange tram") {
			t.Errorf("kept %q", kept)
		}
	})
}
