package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/vestibule-id/vestibule/internal/identity"
)

// A group takes so many acts at most, and so many groups are under way: while
// one waits for the disk, another is worked on.
const (
	groupActs    = 32
	groupsAtOnce = 2
)

// setPatience bounds how long a group waits for a row somebody else is
// changing: whoever has nothing to do with that row must not wait for long.
const (
	setPatience   = `SELECT set_config('lock_timeout', $1, true)`
	groupPatience = "100ms"
)

// actGroups makes acts that come at the same time share a round trip and a
// commit, whichever tenants they are about: the commit is most of what an act
// costs. An act that finds a place free goes at once, alone; others wait until
// a group has been answered and then go together, in one implicit transaction.
//
//	act ──► queue ──► (tenant; steps)…; commit ──► answers
//	                     └── one fails: nothing has happened, each goes alone
type actGroups struct {
	mu       sync.Mutex
	underWay int
	queue    []*act
}

// act is one act in the queue or in a group.
type act struct {
	ctx    context.Context
	tenant identity.TenantID
	steps  []step
	turn   chan []*act // the group to lead, or nil once it has been answered
	kept   []func() error
	err    error
}

// act makes one act durable. Whoever goes away before its turn has changed
// nothing; after that it is not given up half-way.
func (p *postgres) act(ctx context.Context, tenant identity.TenantID, steps ...step) error {
	a := &act{ctx: ctx, tenant: tenant, steps: steps, turn: make(chan []*act, 1)}
	p.groups.join(a)
	if group := <-a.turn; group != nil {
		p.lead(ctx, group)
	}
	if errors.Is(a.err, errUndone) {
		return p.alone(ctx, a)
	}
	return a.err
}

// alone makes one act by itself, outside any group.
func (p *postgres) alone(ctx context.Context, a *act) error {
	ctx, cancel := finishing(ctx)
	defer cancel()
	return p.read(ctx, a.tenant, a.steps...)
}

// join queues a, and gives it its turn at once where a place is free.
func (g *actGroups) join(a *act) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.queue = append(g.queue, a)
	if g.underWay < groupsAtOnce {
		g.underWay++
		g.next()
	}
}

// leave hands on the place of a group that has been answered.
func (g *actGroups) leave() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.next()
}

// next gives a place to a group from the queue, without those whose callers
// have gone, or frees it.
func (g *actGroups) next() {
	var group []*act
	taken := 0
	for ; taken < len(g.queue) && len(group) < groupActs; taken++ {
		a := g.queue[taken]
		if a.err = a.ctx.Err(); a.err != nil {
			a.turn <- nil
			continue
		}
		group = append(group, a)
	}
	g.queue = slices.Delete(g.queue, 0, taken)
	if len(group) == 0 {
		g.underWay--
		return
	}
	group[0].turn <- group
}

var (
	errUndone   = errors.New("store: nothing of the group has happened")
	errNoAnswer = errors.New("store: the group was not answered")
)

// lead runs a group, whose first act is the caller's own, and answers it.
func (p *postgres) lead(ctx context.Context, group []*act) {
	for _, a := range group {
		a.err = errNoAnswer // what the others get after a panic
	}
	defer func() {
		p.groups.leave()
		for _, a := range group[1:] {
			a.turn <- nil
		}
	}()
	if len(group) == 1 {
		group[0].err = p.alone(ctx, group[0])
		return
	}
	if err := p.together(ctx, group); err != nil {
		for _, a := range group {
			a.err = err
		}
	}
}

// together runs several acts in one implicit transaction and hands out what
// they answer once it has been committed. errUndone: one of them failed, so
// nothing has happened.
func (p *postgres) together(ctx context.Context, group []*act) error {
	ctx, cancel := finishing(ctx)
	defer cancel()
	c, err := p.pool.Acquire(ctx)
	if err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	defer c.Release()
	steps := joined(group, c.Conn().TypeMap())
	results := queue(ctx, c.Conn(), steps)
	defer results.Close()
	for _, st := range steps {
		err := receive(results, st)
		if _, refused := errors.AsType[*pgconn.PgError](err); refused {
			return errUndone // and not when only the connection broke
		} else if err != nil {
			return err
		}
	}
	if err := results.Close(); err != nil {
		return err
	}
	for _, a := range group {
		a.err = nil
		for i := 0; i < len(a.kept) && a.err == nil; i++ {
			a.err = a.kept[i]()
		}
	}
	return nil
}

// joined is the steps of a group, each tenant's after its own setTenant.
func joined(group []*act, types *pgtype.Map) []step {
	steps := []step{command(setPatience, []any{groupPatience}, nil)}
	before := unscoped
	for _, a := range group {
		if a.tenant != before {
			steps = append(steps, scoped(a.tenant)...)
			before = a.tenant
		}
		for _, st := range a.steps {
			if st.scan != nil {
				st.scan = a.keep(types, st.scan)
			}
			steps = append(steps, st)
		}
	}
	return steps
}

// keep puts the rows of a query aside.
func (a *act) keep(types *pgtype.Map, scan scan) scan {
	return func(r row) error {
		rows := r.(pgx.Rows)
		kept := keptRow{types: types, fields: slices.Clone(rows.FieldDescriptions())}
		for _, value := range rows.RawValues() {
			kept.values = append(kept.values, bytes.Clone(value))
		}
		a.kept = append(a.kept, func() error { return scan(kept) })
		return nil
	}
}

// A keptRow outlives the result it came in.
type keptRow struct {
	types  *pgtype.Map
	fields []pgconn.FieldDescription
	values [][]byte
}

func (k keptRow) Scan(targets ...any) error {
	return pgx.ScanRow(k.types, k.fields, k.values, targets...)
}
