package front

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"
)

// within is parent until a time. Unlike context.WithDeadline it makes a timer
// only when somebody begins to wait, which a request that is answered from
// memory never does. stop must be called in the end.
func within(parent context.Context, until time.Time) *deadline {
	return &deadline{Context: parent, until: until}
}

type deadline struct {
	context.Context // the parent, or what was made of it
	until           time.Time

	mu     sync.Mutex
	timed  context.Context // nil until somebody waits
	cancel context.CancelFunc
}

func (d *deadline) Deadline() (time.Time, bool) { return d.wait().Deadline() }

func (d *deadline) Done() <-chan struct{} { return d.wait().Done() }

func (d *deadline) Err() error {
	d.mu.Lock()
	timed := d.timed
	d.mu.Unlock()
	if timed != nil {
		return timed.Err() // never at odds with Done
	}
	if err := d.Context.Err(); err != nil || time.Now().Before(d.until) {
		return err
	}
	return d.wait().Err()
}

// Value also lets package context see that the parent of a further context is
// one of its own, which saves a goroutine.
func (d *deadline) Value(key any) any {
	d.mu.Lock()
	timed := d.timed
	d.mu.Unlock()
	if timed == nil {
		timed = d.Context
	}
	return timed.Value(key)
}

func (d *deadline) wait() context.Context {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.timed == nil {
		d.timed, d.cancel = context.WithDeadline(d.Context, d.until)
	}
	return d.timed
}

func (d *deadline) stop() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.cancel != nil {
		d.cancel()
	}
}

// MoreTime gives a request that brings a file so long to arrive and be answered;
// others have less (package server). It bounds no context.
func MoreTime(w http.ResponseWriter, d time.Duration) error {
	control := http.NewResponseController(w)
	until := time.Now().Add(d)
	for _, set := range []func(time.Time) error{control.SetReadDeadline, control.SetWriteDeadline} {
		if err := set(until); err != nil && !errors.Is(err, http.ErrNotSupported) { // tests' recorders have none
			return err
		}
	}
	return nil
}
