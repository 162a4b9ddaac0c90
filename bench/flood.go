package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

const (
	figureFlood     = "p99 of checks in a flood of 64"
	figureFloodTime = "p99 of checks in a flood, alone"
	figureServed    = "checks served in a flood"
)

const (
	floodWidth = 64  // sign-ins at once
	checkRate  = 200 // checks a second
	checkConns = 32  // more than are ever under way
)

// flood: checks arrive at a fixed rate, at rest and during a flood in turns.
// Latencies of all rounds are put together, at rest and in the flood.
func (l *load) flood(ctx context.Context) error {
	checks := l.sessions()
	conns, err := dialMany(l.server.address, checkConns)
	if err != nil {
		return err
	}
	defer closeAll(conns)
	doors, err := dialMany(l.server.address, floodWidth)
	if err != nil {
		return err
	}
	defer closeAll(doors)
	var rest, flooded arrivals
	var signIns flooding
	for range l.rounds {
		rest.run(ctx, conns, checks, 2*l.round)
		stop := signIns.start(l, doors)
		flooded.run(ctx, conns, checks, 2*l.round)
		if err := errors.Join(stop(), ctx.Err()); err != nil {
			return err
		}
	}
	if err := errors.Join(rest.err, flooded.err); err != nil {
		say("a check in the flood on %s failed: %v", l.db.name, err)
	}
	l.reportFlood(&rest, &flooded, &signIns)
	return nil
}

func (l *load) reportFlood(rest, flooded *arrivals, signIns *flooding) {
	before, during := quantile(rest.took, 0.99), quantile(flooded.took, 0.99)
	l.table.add(l.db, line{
		Figure: figureFlood, Measured: during, Unit: "ms", Limit: before, Ratio: during / before, AtMost: 10,
		Note: fmt.Sprintf("%d checks a second, due at fixed times; median %s ms at rest, %s ms in the flood; meanwhile %d sign-ins done, %d sent away to come again (503).",
			checkRate, number(quantile(rest.took, 0.5)), number(quantile(flooded.took, 0.5)), signIns.done.Load(), signIns.sentAway.Load()),
	})
	l.table.add(l.db, line{Figure: figureFloodTime, Measured: during, Unit: "ms", AtMost: 50})
	share := 100 * float64(len(flooded.took)) / float64(flooded.asked)
	l.table.add(l.db, line{Figure: figureServed, Measured: share, Unit: "%", AtLeast: 100})
}

// arrivals are checks that come when they are due, whatever became of the
// earlier ones.
type arrivals struct {
	asked int
	mu    sync.Mutex
	took  []float64 // milliseconds, of those served
	err   error     // the first failure
}

func (a *arrivals) run(ctx context.Context, conns []*client, checks []check, d time.Duration) {
	due := make(chan time.Time, int(d.Seconds()*checkRate)+1)
	var group sync.WaitGroup
	var turn atomic.Int64
	for _, c := range conns {
		c.patience(d)
		group.Go(func() {
			for at := range due {
				err := checks[int(turn.Add(1))%len(checks)].ask(c)
				a.note(time.Since(at), err)
			}
		})
	}
	began := time.Now()
	for i := 0; ctx.Err() == nil; i++ {
		at := began.Add(time.Duration(i) * time.Second / checkRate)
		if at.Sub(began) >= d {
			break
		}
		sleepUntil(at)
		a.asked++
		due <- time.Now()
	}
	close(due)
	group.Wait()
}

func (a *arrivals) note(took time.Duration, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if err == nil {
		a.took = append(a.took, float64(took.Microseconds())/1000)
	} else if a.err == nil {
		a.err = err
	}
}

// sleepUntil asks the kernel: Go's timers may be a millisecond late while the
// process waits for the network, as long as a check takes.
func sleepUntil(at time.Time) {
	for left := time.Until(at); left > 0; left = time.Until(at) {
		t := unix.NsecToTimespec(left.Nanoseconds())
		unix.Nanosleep(&t, nil) // a signal ends it early; then it sleeps again
	}
}

// A flooding is many who sign in at once, each again as soon as they are in.
// Who is sent away comes again when told to.
type flooding struct{ done, sentAway atomic.Int64 }

func (f *flooding) start(l *load, doors []*client) (stop func() error) {
	end := make(chan struct{})
	var group sync.WaitGroup
	errs := make([]error, len(doors))
	for i, c := range doors {
		c.patience(10 * l.round)
		group.Go(func() {
			for {
				wait, err := f.try(c, int(l.next.Add(1)-1)%housePeers)
				if errs[i] = err; err != nil {
					return
				}
				select {
				case <-end:
					return
				case <-time.After(wait):
				}
			}
		})
	}
	time.Sleep(100 * time.Millisecond) // until all stand at the door
	return func() error {
		close(end)
		group.Wait()
		return errors.Join(errs...)
	}
}

func (f *flooding) try(c *client, user int) (wait time.Duration, err error) {
	a, err := c.do(signIn(houseSlug, user))
	switch {
	case err != nil:
		return 0, err
	case a.status == 201:
		f.done.Add(1)
		return 0, nil
	case a.status == 503 && a.after > 0:
		f.sentAway.Add(1)
		return a.after, nil
	}
	return 0, fmt.Errorf("a sign-in of the flood was answered %d: %s", a.status, a.body)
}
