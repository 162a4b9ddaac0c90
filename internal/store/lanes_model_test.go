package store_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/store"
	"github.com/vestibule-id/vestibule/internal/store/storetest"
)

// A modelLine is what the limiter's book says of one lane, kept as one would
// without a database.
type modelLine struct {
	tries        int
	since, until time.Time // until: zero unless it waits, or has waited
	wait         time.Duration
}

type modelKey struct{ tenant, subject, key string }

type model map[modelKey]modelLine

func (l modelLine) waits(now time.Time) bool { return now.Before(l.until) }

// count is the line after one more try.
func (l modelLine) count(rule policy.Lane, now time.Time) modelLine {
	begun := l.since
	if !l.until.IsZero() {
		begun = l.until
	}
	if quiet := !now.Before(begun.Add(rule.Wait)); quiet {
		l = modelLine{since: now, wait: rule.Wait}
	} else if !l.until.IsZero() {
		l = modelLine{since: now, wait: l.wait}
	}
	l.tries++
	if l.tries >= rule.Limit {
		l.until = now.Add(l.wait)
		l.wait = min(2*l.wait, rule.MaxWait)
	}
	return l
}

func (m model) reserve(tenant string, lanes []store.Lane, now time.Time) (filled int, until time.Time) {
	for _, lane := range lanes {
		if line := m[modelKey{tenant, lane.Subject, lane.Key}]; line.waits(now) && line.until.After(until) {
			until = line.until
		}
	}
	if !until.IsZero() {
		return 0, until
	}
	for _, lane := range lanes {
		at := modelKey{tenant, lane.Subject, lane.Key}
		m[at] = m[at].count(lane.Lane, now)
		if m[at].tries >= lane.Limit {
			filled++
		}
	}
	return filled, time.Time{}
}

func (m model) refund(tenant string, lanes []store.Lane, reserved time.Time) {
	for _, lane := range lanes {
		at := modelKey{tenant, lane.Subject, lane.Key}
		line, known := m[at]
		if !known || line.since.After(reserved) || line.tries == 0 {
			continue
		}
		if !line.until.IsZero() {
			line.until, line.wait = time.Time{}, max(line.wait/2, lane.Wait)
		}
		line.tries--
		m[at] = line
	}
}

func (m model) clear(tenant, subject string) {
	for at := range m {
		if at.tenant == tenant && at.subject == subject {
			delete(m, at)
		}
	}
}

// Whatever is asked of the limiter in whatever order, two tenants at a time,
// the statements answer as the model does.
//
// Proves: P5, 2.6, W2
func TestLanesAgainstAModel(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		round := 0
		rapid.Check(t, func(rt *rapid.T) {
			round++
			run := &laneRun{rt: rt, now: noon, model: model{}}
			for _, name := range []string{"acme", "twin"} {
				run.tenants = append(run.tenants, storetest.AddTenant(t, s, fmt.Sprintf("%s-%d", name, round), identity.Workspace))
			}
			rt.Repeat(map[string]func(*rapid.T){
				"reserve": run.reserve, "reserve again": run.reserve, "clock": run.clock,
				"refund": run.refund, "clear": run.clear, "fail": run.fail,
			})
		})
	})
}

type laneRun struct {
	rt       *rapid.T
	tenants  []store.Tenant
	now      time.Time
	model    model
	reserved []reservation
}

type reservation struct {
	tenant store.Tenant
	lanes  []store.Lane
	at     time.Time
}

// draw picks a tenant and the lanes of one kind of try on one of two users.
func (r *laneRun) draw(rt *rapid.T) (store.Tenant, []store.Lane) {
	subject := rapid.SampledFrom([]string{"ann", "bob"}).Draw(rt, "subject")
	limited := func(name string, limit int, longest time.Duration) store.Lane {
		l := lane(name, limit, longest)
		l.Subject = subject
		return l
	}
	all := limited("source", 5, wait)
	all.Subject = ""
	kinds := [][]store.Lane{
		{all, limited(policy.LaneStrangers, 3, 5*wait), limited("place", 2, wait)},
		{limited("browser", 3, wait)},
		{limited("only one", 1, 3*wait)},
	}
	return rapid.SampledFrom(r.tenants).Draw(rt, "tenant"), rapid.SampledFrom(kinds).Draw(rt, "lanes")
}

func (r *laneRun) reserve(rt *rapid.T) {
	tenant, lanes := r.draw(rt)
	full, err := tenant.ReserveTry(context.Background(), lanes, r.now)
	filled, until := r.model.reserve(string(tenant.ID()), lanes, r.now)
	waiting, waits := errors.AsType[*store.Waiting](err)
	switch {
	case err != nil && !waits:
		rt.Fatal(err)
	case waits && !waiting.Until.Equal(until):
		rt.Fatalf("waits until %s, the model until %s", waiting.Until, until)
	case !waits && !until.IsZero():
		rt.Fatalf("admitted, the model waits until %s", until)
	case len(full) != filled:
		rt.Fatalf("%d lanes are full, in the model %d", len(full), filled)
	}
	if !waits {
		r.reserved = append(r.reserved, reservation{tenant, lanes, r.now})
	}
}

func (r *laneRun) clock(rt *rapid.T) {
	steps := []time.Duration{0, us, time.Minute, wait - us, wait, 2 * wait, 5 * wait, 7 * wait}
	r.now = r.now.Add(rapid.SampledFrom(steps).Draw(rt, "later"))
}

func (r *laneRun) change(rt *rapid.T, tenant store.Tenant, do func(ctx context.Context, tx *store.Tx) error) {
	ctx := context.Background()
	if err := tenant.Tx(ctx, func(tx *store.Tx) error { return do(ctx, tx) }); err != nil {
		rt.Fatal(err)
	}
}

func (r *laneRun) refund(rt *rapid.T) {
	if len(r.reserved) == 0 {
		return
	}
	i := rapid.IntRange(0, len(r.reserved)-1).Draw(rt, "which")
	one := r.reserved[i]
	r.reserved = slices.Delete(r.reserved, i, i+1)
	r.change(rt, one.tenant, func(ctx context.Context, tx *store.Tx) error { return tx.RefundTry(ctx, one.lanes, one.at) })
	r.model.refund(string(one.tenant.ID()), one.lanes, one.at)
}

func (r *laneRun) clear(rt *rapid.T) {
	tenant, lanes := r.draw(rt)
	subject := lanes[len(lanes)-1].Subject
	r.change(rt, tenant, func(ctx context.Context, tx *store.Tx) error { return tx.ClearLanes(ctx, subject) })
	r.model.clear(string(tenant.ID()), subject)
}

// fail counts in lanes nobody has asked, each by itself.
func (r *laneRun) fail(rt *rapid.T) {
	tenant, lanes := r.draw(rt)
	r.change(rt, tenant, func(ctx context.Context, tx *store.Tx) error { return tx.CountFailure(ctx, lanes, r.now) })
	for _, one := range lanes {
		r.model.reserve(string(tenant.ID()), []store.Lane{one}, r.now)
	}
}
