package store_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/internal/store"
	"github.com/vestibule-id/vestibule/internal/store/storetest"
)

// A house of tenants with a session each, both places for groups taken by
// refreshes that wait for a row, and others behind them.
type grouped struct {
	t       *testing.T
	s       *store.Store
	raw     *sql.DB
	tenants []store.Tenant
	wait    sync.WaitGroup
	queued  int
}

func newGrouped(t *testing.T, tenants int) *grouped {
	address := storetest.Address(t, "postgres")
	g := &grouped{t: t, s: storetest.Open(t, address), raw: rawDB(t, address)}
	for n := range tenants {
		g.tenants = append(g.tenants, signedIn(t, g.s, fmt.Sprintf("house-%d", n)))
	}
	return g
}

// hold keeps a tenant's session from being changed until it is let go.
func (g *grouped) hold(tenant int) (let func()) {
	g.t.Helper()
	tx, err := g.raw.Begin()
	if err != nil {
		g.t.Fatal(err)
	}
	if _, err := tx.Exec(`UPDATE sessions SET address = address WHERE tenant_id = $1`, string(g.tenants[tenant].ID())); err != nil {
		g.t.Fatal(err)
	}
	return func() {
		if err := tx.Rollback(); err != nil {
			g.t.Error(err)
		}
	}
}

// fill takes both places with refreshes of a tenant that is held.
func (g *grouped) fill(tenant int) {
	g.t.Helper()
	for range store.GroupsAtOnce {
		g.wait.Go(func() {
			if _, err := renew(g.tenants[tenant], 0, noon); err != nil {
				g.t.Errorf("a refresh that took a place: %v", err)
			}
		})
	}
	g.until("the places are taken", func() bool { underWay, _ := store.Groups(g.s); return underWay == store.GroupsAtOnce })
}

// add queues a refresh behind those.
func (g *grouped) add(ctx context.Context, tenant int, answered func(store.Refreshed, error)) {
	g.t.Helper()
	g.wait.Go(func() {
		answered(g.tenants[tenant].RefreshSession(ctx, store.Refresh{Session: "ses_p", Now: noon, Grace: noon.Add(-grace)}))
	})
	g.queued++
	g.until("the refresh is queued", func() bool { _, queued := store.Groups(g.s); return queued == g.queued })
}

func (g *grouped) until(what string, so func() bool) {
	g.t.Helper()
	for deadline := time.Now().Add(time.Minute); !so(); time.Sleep(100 * time.Microsecond) {
		if time.Now().After(deadline) {
			g.t.Fatalf("still not so: %s", what)
		}
	}
}

// Refreshes of many tenants share a commit; each sees and changes its own.
//
// Proves: 2.2, W10
func TestRefreshesOfManyTenantsShareACommit(t *testing.T) {
	onPostgres(t, func(t *testing.T, _ string, _ *store.Store, _, _ store.Tenant) {
		const tenants = 12
		g := newGrouped(t, tenants)
		if _, err := renew(g.tenants[5], 0, noon); err != nil { // it has come further than the others
			t.Fatal(err)
		}
		let := g.hold(0)
		g.fill(0)
		answers := make([]store.Refreshed, tenants)
		for n := 1; n < tenants; n++ {
			g.add(t.Context(), n, func(out store.Refreshed, err error) {
				if answers[n] = out; err != nil {
					t.Errorf("tenant %d: %v", n, err)
				}
			})
		}
		let()
		g.wait.Wait()
		for n := 1; n < tenants; n++ {
			if answers[n].Generation != 1 || !answers[n].InteractedAt.Equal(noon) || !answers[n].IdleEnd.Equal(noon.Add(idle)) {
				t.Errorf("tenant %d was answered %+v", n, answers[n])
			}
			if live, err := g.tenants[n].LiveSession(t.Context(), "ses_p", noon); err != nil || live.Session.Generation != 1 {
				t.Errorf("tenant %d is at %d (%v)", n, live.Session.Generation, err)
			}
		}
		if n := rawNumber(t, g.raw, `SELECT COUNT(DISTINCT xmin::text) FROM sessions WHERE tenant_id <> $1`, string(g.tenants[0].ID())); n > 2 {
			t.Errorf("eleven refreshes made %d commits", n)
		}
		if underWay, queued := store.Groups(g.s); underWay != 0 || queued != 0 {
			t.Errorf("%d groups are under way and %d queued after all were answered", underWay, queued)
		}
	})
}

// Whoever waits for a row in a group holds nobody else up for as long as one
// may wait alone.
//
// Proves: 2.2
func TestARefreshThatWaitsTakesNobodyAlong(t *testing.T) {
	onPostgres(t, func(t *testing.T, _ string, _ *store.Store, _, _ store.Tenant) {
		g := newGrouped(t, 6)
		const third = 3
		let, letThird := g.hold(0), g.hold(third)
		g.fill(0)
		alone, grouped := make(chan error, 1), make(chan error, 1)
		g.wait.Go(func() {
			alone <- g.tenants[third].Tx(t.Context(), func(tx *store.Tx) error {
				return tx.Touch(t.Context(), "ses_p", noon.Add(us), noon.Add(idle))
			})
		})
		var others sync.WaitGroup
		others.Add(4)
		for n := 1; n < 6; n++ {
			g.add(t.Context(), n, func(out store.Refreshed, err error) {
				if n == third {
					grouped <- err
					return
				}
				if err != nil || out.Generation != 1 {
					t.Errorf("tenant %d was answered %d, %v", n, out.Generation, err)
				}
				others.Done()
			})
		}
		let()
		others.Wait()
		if len(alone)+len(grouped) > 0 {
			t.Error("the others were answered only after those who wait for the row")
		}
		letThird()
		for _, answer := range []chan error{alone, grouped} {
			if err := <-answer; err != nil {
				t.Errorf("who waited was answered %v", err)
			}
		}
		g.wait.Wait()
	})
}

// Who goes away before the turn has come has changed nothing; the rest goes on.
//
// Proves: 2.2
func TestARefreshLeavesTheQueueWithItsCaller(t *testing.T) {
	onPostgres(t, func(t *testing.T, _ string, _ *store.Store, _, _ store.Tenant) {
		g := newGrouped(t, 4)
		let := g.hold(0)
		g.fill(0)
		ctx, cancel := context.WithCancel(t.Context())
		left := make(chan error, 1)
		g.add(t.Context(), 1, func(_ store.Refreshed, err error) { expect(t, "the first", err, nil) })
		g.add(ctx, 2, func(_ store.Refreshed, err error) { left <- err })
		g.add(t.Context(), 3, func(_ store.Refreshed, err error) { expect(t, "the third", err, nil) })
		cancel()
		let()
		expect(t, "who left", <-left, context.Canceled)
		g.wait.Wait()
		if live, err := g.tenants[2].LiveSession(t.Context(), "ses_p", noon); err != nil || live.Session.Generation != 0 {
			t.Errorf("the session whose caller left is at %d (%v)", live.Session.Generation, err)
		}
	})
}

func expect(t *testing.T, who string, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Errorf("%s was answered %v, want %v", who, got, want)
	}
}

// What one of a group does wrong undoes all of it, is seen by nobody, and is
// answered to that one alone.
//
// Proves: 2.2
func TestNobodySeesWhatAGroupUndid(t *testing.T) {
	onPostgres(t, func(t *testing.T, _ string, _ *store.Store, _, _ store.Tenant) {
		g := newGrouped(t, 4)
		const visits, fails = `UPDATE users SET name = name || '+' WHERE tenant_id = $1 RETURNING name`, `SELECT 1 / (LENGTH($1) - LENGTH($1))`
		let := g.hold(0)
		g.fill(0)
		var seen [4][]string
		var errs [4]error
		for n, statement := range []string{"", visits, fails, visits} {
			if n == 0 {
				continue
			}
			g.wait.Go(func() { seen[n], errs[n] = store.Act(t.Context(), g.s, g.tenants[n], statement) })
			g.queued++
			g.until("it is queued", func() bool { _, queued := store.Groups(g.s); return queued == g.queued })
		}
		let()
		g.wait.Wait()
		for _, n := range []int{1, 3} {
			if got := strings.Join(seen[n], " "); errs[n] != nil || got != ann().Name+"+" {
				t.Errorf("act %d saw %q, %v", n, got, errs[n])
			}
		}
		if errs[2] == nil || !strings.Contains(errs[2].Error(), "22012") || len(seen[2]) > 0 {
			t.Errorf("the one that failed was answered %v", errs[2])
		}
	})
}

// A panic of one is no way to leave the others waiting, or the place taken.
//
// Proves: 2.2
func TestAPanicGivesItsGroupUp(t *testing.T) {
	onPostgres(t, func(t *testing.T, _ string, _ *store.Store, _, _ store.Tenant) {
		g := newGrouped(t, 3)
		let := g.hold(0)
		g.fill(0)
		for n := 1; n < 3; n++ {
			g.wait.Go(func() {
				defer func() {
					if p := recover(); (p != nil) != (n == 1) {
						t.Errorf("act %d panicked with %v", n, p)
					}
				}()
				if err := store.ActAndPanic(t.Context(), g.s, g.tenants[n]); err == nil {
					t.Errorf("act %d was answered as if all were well", n)
				}
			})
			g.queued++
			g.until("it is queued", func() bool { _, queued := store.Groups(g.s); return queued == g.queued })
		}
		let()
		g.wait.Wait()
		if underWay, queued := store.Groups(g.s); underWay != 0 || queued != 0 {
			t.Errorf("%d groups are under way and %d queued", underWay, queued)
		}
		if _, err := renew(g.tenants[1], 0, noon); err != nil {
			t.Errorf("the next refresh: %v", err)
		}
	})
}
