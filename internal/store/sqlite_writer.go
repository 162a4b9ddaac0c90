package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/vestibule-id/vestibule/internal/identity"
)

// A group of changes closes after so many, or so long, or when nobody waits.
const (
	groupChanges = 64
	groupTime    = 5 * time.Millisecond
)

// errStopped is what a change gets that comes after the writer has stopped.
var errStopped = errors.New("store: the database is closed")

// sqliteWriter makes the changes, one after another on one connection, and
// commits what has queued up in one go, because a durable commit costs far
// more than a change. Each change has its own savepoint, so one that fails
// takes nobody along, and is answered after COMMIT returned.
//
//	do ──► queue ──► BEGIN IMMEDIATE; (SAVEPOINT; change; RELEASE)…; COMMIT ──► answers
type sqliteWriter struct {
	conn  *sql.Conn
	stmts *statements
	queue chan *pending
	done  chan struct{}

	mu      sync.RWMutex
	stopped bool
}

// pending is one change in the queue or in a group.
type pending struct {
	ctx    context.Context
	change func(conn) error
	err    error
	panics any
	answer chan struct{}
}

func startSQLiteWriter(ctx context.Context, pool *sql.DB) (*sqliteWriter, error) {
	c, err := pool.Conn(ctx)
	if err != nil {
		return nil, err
	}
	w := &sqliteWriter{
		conn:  c,
		stmts: &statements{prepare: c.PrepareContext},
		queue: make(chan *pending, groupChanges),
		done:  make(chan struct{}),
	}
	go w.loop()
	return w, nil
}

// do hands change to the writer and waits for its answer. A panic of change
// is raised again here, where the caller expects it.
func (w *sqliteWriter) do(ctx context.Context, change func(conn) error) error {
	p := &pending{ctx: ctx, change: change, answer: make(chan struct{})}
	w.mu.RLock()
	if w.stopped {
		w.mu.RUnlock()
		return errStopped
	}
	w.queue <- p
	w.mu.RUnlock()
	<-p.answer
	if p.panics != nil {
		panic(p.panics)
	}
	return p.err
}

func (w *sqliteWriter) stop() {
	w.mu.Lock()
	already := w.stopped
	w.stopped = true
	w.mu.Unlock()
	if !already {
		close(w.queue)
	}
	<-w.done
	w.stmts.close()
	w.conn.Close()
}

func (w *sqliteWriter) loop() {
	defer close(w.done)
	for first := range w.queue {
		w.group(first)
	}
}

// group makes first and whatever else waits, in one transaction.
func (w *sqliteWriter) group(first *pending) {
	var members []*pending
	defer func() {
		for _, p := range members {
			close(p.answer)
		}
	}()
	if err := w.exec("BEGIN IMMEDIATE"); err != nil {
		first.err = fmt.Errorf("begin: %w", err)
		members = append(members, first)
		return
	}
	opened := time.Now()
	for p, more := first, true; more; {
		members = append(members, p)
		if died := w.member(p); died {
			w.alone(members)
			return
		}
		if len(members) == groupChanges || time.Since(opened) > groupTime {
			break
		}
		select {
		case p, more = <-w.queue:
		default:
			more = false
		}
	}
	if err := w.exec("COMMIT"); err != nil {
		w.alone(members)
	}
}

// member makes one change of a group in a savepoint. It reports whether the
// whole transaction died, as it does on a full disk.
func (w *sqliteWriter) member(p *pending) (died bool) {
	p.err, p.panics = nil, nil
	if p.err = p.ctx.Err(); p.err != nil {
		return false
	}
	if err := w.exec("SAVEPOINT change"); err != nil {
		return true
	}
	w.attempt(p)
	if p.err == nil && p.panics == nil {
		return w.exec("RELEASE change") != nil
	}
	return w.exec("ROLLBACK TO change") != nil || w.exec("RELEASE change") != nil
}

func (w *sqliteWriter) attempt(p *pending) {
	defer func() { p.panics = recover() }()
	p.err = p.change(w)
	if p.err == nil {
		p.err = p.ctx.Err() // whoever asked has gone: not committed
	}
}

// alone makes each change of a group again in a transaction of its own, so
// that what went wrong for one is answered to that one only.
func (w *sqliteWriter) alone(members []*pending) {
	_ = w.exec("ROLLBACK") // gone already, or goes now
	for _, p := range members {
		if err := w.exec("BEGIN IMMEDIATE"); err != nil {
			p.err = fmt.Errorf("begin: %w", err)
			continue
		}
		if p.err = p.ctx.Err(); p.err == nil {
			w.attempt(p)
		}
		if p.err == nil && p.panics == nil {
			if err := w.exec("COMMIT"); err != nil {
				p.err = fmt.Errorf("commit: %w", err)
			}
		}
		if p.err != nil || p.panics != nil {
			_ = w.exec("ROLLBACK")
		}
	}
}

// run is the change's way to its statements. They run to their end although
// the caller may have gone: interrupting one would roll back the whole group.
func (w *sqliteWriter) run(ctx context.Context, _ identity.TenantID, steps ...step) error {
	return w.stmts.run(context.WithoutCancel(ctx), steps)
}

func (w *sqliteWriter) exec(sql string) error {
	return w.stmts.step(context.Background(), command(sql, nil, nil))
}
