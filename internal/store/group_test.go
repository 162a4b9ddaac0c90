package store_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/store"
	"github.com/vestibule-id/vestibule/internal/store/storetest"
)

func isNotFound(err error) bool { return errors.Is(err, problem.NotFound) }

func note(ctx context.Context, tx *store.Tx, n int) error {
	return tx.AddEvent(ctx, identity.Event{ID: identity.EventID(fmt.Sprintf("evt_%03d", n)), Kind: "k", At: noon})
}

// A queue holds SQLite's writer until all its changes wait, so that they go
// in one group.
type queue struct {
	t       *testing.T
	s       *store.Store
	tenant  store.Tenant
	release chan struct{}
	held    sync.WaitGroup
	wait    sync.WaitGroup
	queued  int
}

func newQueue(t *testing.T, s *store.Store, tenant store.Tenant) *queue {
	t.Helper()
	q := &queue{t: t, s: s, tenant: tenant, release: make(chan struct{})}
	q.held.Add(1)
	q.wait.Go(func() {
		err := tenant.Tx(context.Background(), func(*store.Tx) error {
			q.held.Done()
			<-q.release
			time.Sleep(10 * time.Millisecond) // so long that its group closes with it
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	})
	q.held.Wait()
	return q
}

// add queues one change; answered gets its error, or what it panicked with.
func (q *queue) add(ctx context.Context, change func(tx *store.Tx) error, answered func(err error, panicked any)) {
	q.t.Helper()
	q.wait.Go(func() {
		defer func() {
			if p := recover(); p != nil {
				answered(nil, p)
			}
		}()
		answered(q.tenant.Tx(ctx, change), nil)
	})
	q.queued++
	for deadline := time.Now().Add(time.Minute); store.Queued(q.s) < q.queued; time.Sleep(50 * time.Microsecond) {
		if time.Now().After(deadline) {
			q.t.Fatalf("%d changes wait, want %d", store.Queued(q.s), q.queued)
		}
	}
}

func (q *queue) run() {
	close(q.release)
	q.wait.Wait()
}

// slow is a statement of about a tenth of a second that writes one row.
const slow = `INSERT INTO lanes (tenant_id, subject, lane, tries, since, wait)
	WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300000)
	SELECT 'ten', 'slow', 'slow', COUNT(*), 0, 0 FROM n`

// Proves: 2.2
func TestSixtyFourWritersInOneGroup(t *testing.T) {
	address := storetest.Address(t, "sqlite")
	s := storetest.Open(t, address)
	acme, _ := storetest.Twins(t, s)
	change(t, acme, func(ctx context.Context, tx *store.Tx) error { return note(ctx, tx, 999) })
	const cancelled, panicking, violating = 40, 20, 30
	path, _ := store.SQLitePath(address)
	before := commits(t, path)

	q := newQueue(t, s, acme)
	var runs [64]atomic.Int64
	var errs [64]error
	var panics [64]any
	for n := range 64 {
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		q.add(ctx, func(tx *store.Tx) error {
			runs[n].Add(1)
			if err := note(ctx, tx, n); err != nil {
				return err
			}
			switch n {
			case cancelled:
				time.AfterFunc(5*time.Millisecond, cancel)
				err := tx.Raw(ctx, slow)
				<-ctx.Done()
				return err
			case panicking:
				panic("one of them")
			case violating:
				return note(ctx, tx, 999)
			}
			return nil
		}, func(err error, panicked any) { errs[n], panics[n] = err, panicked })
	}
	q.run()

	kept, err := acme.Events(t.Context(), "", 100)
	if err != nil || len(kept) != 61+1 {
		t.Errorf("%d changes are kept (%v), want 61", len(kept)-1, err)
	}
	for n := range 64 {
		if ran := runs[n].Load(); ran != 1 {
			t.Errorf("change %d ran %d times, want once", n, ran)
		}
		switch n {
		case cancelled:
			if !errors.Is(errs[n], context.Canceled) {
				t.Errorf("the cancelled one was answered %v", errs[n])
			}
		case panicking:
			if panics[n] != "one of them" {
				t.Errorf("the panicking one panicked with %v", panics[n])
			}
		case violating:
			if !errors.Is(errs[n], problem.Exists) {
				t.Errorf("the violating one was answered %v", errs[n])
			}
		default:
			if errs[n] != nil || panics[n] != nil {
				t.Errorf("change %d was answered %v, %v", n, errs[n], panics[n])
			}
		}
	}
	// The slow one closes its group, so two; a few more on a busy machine.
	if made := commits(t, path) - before; made > 8 {
		t.Errorf("%d commits for 61 changes", made)
	}
}

// commits counts the commits in SQLite's write-ahead log: the frames that say
// how large the database is after them.
func commits(t *testing.T, path string) (n int) {
	t.Helper()
	log, err := os.ReadFile(path + "-wal")
	if err != nil {
		t.Fatal(err)
	}
	const header, frame = 32, 24
	page := int(binary.BigEndian.Uint32(log[8:]))
	for at := header; at+frame+page <= len(log); at += frame + page {
		sameLog := slices.Equal(log[at+8:at+16], log[16:24]) // else left over from an earlier one
		if sameLog && binary.BigEndian.Uint32(log[at+4:]) != 0 {
			n++
		}
	}
	return n
}

// Proves: 2.2
func TestAChangeWhoseCallerHasGoneNeverRuns(t *testing.T) {
	s := storetest.SQLite(t)
	acme, _ := storetest.Twins(t, s)
	q := newQueue(t, s, acme)
	ctx, cancel := context.WithCancel(context.Background())
	ran := false
	var answer error
	q.add(ctx, func(*store.Tx) error { ran = true; return nil }, func(err error, _ any) { answer = err })
	cancel()
	q.run()
	if ran || !errors.Is(answer, context.Canceled) {
		t.Errorf("ran: %v, answered %v", ran, answer)
	}
}

// When the transaction dies under a group, all but the one that killed it are
// made again, each alone.
//
// Proves: 2.2
func TestATransactionDyingUnderAGroup(t *testing.T) {
	for _, row := range []struct {
		name string
		kill func(ctx context.Context, tx *store.Tx) error
	}{
		{"rolled back", func(ctx context.Context, tx *store.Tx) error { return tx.Raw(ctx, `ROLLBACK`) }},
		{"rolled back, and failed", func(ctx context.Context, tx *store.Tx) error {
			return errors.Join(tx.Raw(ctx, `ROLLBACK`), errors.New("failed"))
		}},
		{"disk full", func(ctx context.Context, tx *store.Tx) error {
			if err := tx.Raw(ctx, `PRAGMA max_page_count = 1`); err != nil { // as few as there are
				return err
			}
			err := tx.Raw(ctx, `INSERT INTO lanes (tenant_id, subject, lane, tries, since, wait) VALUES ('t', 's', zeroblob(5000000), 1, 1, 1)`)
			if free := tx.Raw(ctx, `PRAGMA max_page_count = 1000000`); free != nil {
				return free
			}
			return err
		}},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := storetest.SQLite(t)
			acme, _ := storetest.Twins(t, s)
			q := newQueue(t, s, acme)
			const killer = 5
			errs := make([]error, 12)
			for n := range errs {
				q.add(t.Context(), func(tx *store.Tx) error {
					if err := note(t.Context(), tx, n); err != nil || n != killer {
						return err
					}
					return row.kill(t.Context(), tx)
				}, func(err error, _ any) { errs[n] = err })
			}
			q.run()
			for n, err := range errs {
				if (err != nil) != (n == killer) {
					t.Errorf("change %d was answered %v", n, err)
				}
			}
			if kept, err := acme.Events(t.Context(), "", 100); err != nil || len(kept) != len(errs)-1 {
				t.Errorf("%d changes are kept (%v), want %d", len(kept), err, len(errs)-1)
			}
		})
	}
}

// Another connection sees a change at once when it has been answered.
//
// Proves: 2.2
func TestNobodyIsAnsweredBeforeTheCommit(t *testing.T) {
	storetest.EachAddress(t, func(t *testing.T, address string) {
		s, other := storetest.Open(t, address), storetest.Open(t, address)
		acme, _ := storetest.Twins(t, s)
		var wait sync.WaitGroup
		for w := range 8 {
			wait.Go(func() {
				for n := range 25 {
					id := w*25 + n
					if err := acme.Tx(context.Background(), func(tx *store.Tx) error { return note(context.Background(), tx, id) }); err != nil {
						t.Error(err)
						return
					}
					after := identity.EventID(fmt.Sprintf("evt_%03d", id-1))
					seen, err := other.Tenant(acme.ID()).Events(context.Background(), after+"z", 1)
					if err != nil || len(seen) == 0 || seen[0].ID != identity.EventID(fmt.Sprintf("evt_%03d", id)) {
						t.Errorf("change %d was answered and cannot be seen (%v)", id, err)
						return
					}
				}
			})
		}
		wait.Wait()
	})
}

// Proves: 2.2
func TestATransactionHappensWholeOrNotAtAll(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		acme, _ := storetest.Twins(t, s)
		failed := errors.New("failed")
		for _, row := range []struct {
			name   string
			change func(ctx context.Context, tx *store.Tx) error
			err    error
		}{
			{"refused", func(context.Context, *store.Tx) error { return failed }, failed},
			{"a transaction in it", func(ctx context.Context, tx *store.Tx) error {
				if err := tx.Tx(ctx, func(*store.Tx) error { return nil }); err != nil {
					return failed
				}
				return nil
			}, failed},
			{"cancelled at the end", func(ctx context.Context, tx *store.Tx) error { return nil }, context.Canceled},
		} {
			ctx, cancel := context.WithCancel(t.Context())
			err := acme.Tx(ctx, func(tx *store.Tx) error {
				err := errors.Join(note(ctx, tx, 1), row.change(ctx, tx))
				if row.err == context.Canceled {
					cancel()
				}
				return err
			})
			cancel()
			if !errors.Is(err, row.err) {
				t.Errorf("%s: %v, want %v", row.name, err, row.err)
			}
			if kept, err := acme.Events(t.Context(), "", 9); err != nil || len(kept) != 0 {
				t.Errorf("%s: %d rows are kept (%v)", row.name, len(kept), err)
			}
		}
		func() {
			defer func() {
				if recover() == nil {
					t.Error("the panic did not reach its caller")
				}
			}()
			_ = acme.Tx(t.Context(), func(tx *store.Tx) error { return errors.Join(note(t.Context(), tx, 1), panics()) })
		}()
		change(t, acme, func(ctx context.Context, tx *store.Tx) error { return note(ctx, tx, 2) })
		if kept, err := acme.Events(t.Context(), "", 9); err != nil || len(kept) != 1 {
			t.Errorf("after a panic %d rows are kept (%v), want 1", len(kept), err)
		}
	})
}

func panics() error { panic("one") }

// Proves: 2.8
func TestCloseAnswersWhoeverWaits(t *testing.T) {
	address := storetest.Address(t, "sqlite")
	s, err := store.Open(t.Context(), address, storetest.Sealing())
	if err != nil {
		t.Fatal(err)
	}
	acme, _ := storetest.Twins(t, s)
	var kept atomic.Int64
	var wait sync.WaitGroup
	for n := range 200 {
		wait.Go(func() {
			if acme.Tx(context.Background(), func(tx *store.Tx) error { return note(context.Background(), tx, n) }) == nil {
				kept.Add(1)
			}
		})
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	wait.Wait()
	found, err := storetest.Open(t, address).Tenant(acme.ID()).Events(t.Context(), "", 300)
	if err != nil || int64(len(found)) != kept.Load() {
		t.Errorf("%d changes were answered and %d are kept (%v)", kept.Load(), len(found), err)
	}
}
