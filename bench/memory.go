package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

const (
	figureRest = "resident memory at rest"
	figurePeak = "at the peak of a flood of 256"
)

const (
	crowd     = 256
	restTime  = time.Second // until a new server has calmed down
	megabytes = 1e6
)

// measureMemory looks at a server that has just started, and at the most it
// had when 256 people have signed in at once, each until they were in.
func measureMemory(ctx context.Context, b *bench, db *database) error {
	address, err := b.house(ctx, db, housePeers)
	if err != nil {
		return err
	}
	s, err := b.serve(ctx, address, db.keyFile)
	if err != nil {
		return err
	}
	defer s.stop()
	time.Sleep(restTime)
	pid := s.cmd.Process.Pid
	rest, err := memoryOf(pid, "VmRSS")
	if err != nil {
		return err
	}
	b.table.add(db, line{Figure: figureRest, Measured: rest / megabytes, Unit: "MB", AtMost: 30})
	conns, err := dialMany(s.address, crowd)
	if err != nil {
		return err
	}
	defer closeAll(conns)
	var flood flooding
	began := time.Now()
	if err := flood.allIn(conns); err != nil {
		return err
	}
	peak, err := memoryOf(pid, "VmHWM")
	if err != nil {
		return err
	}
	b.table.add(db, line{
		Figure: figurePeak, Measured: peak / megabytes, Unit: "MB", AtMost: 100,
		Note: fmt.Sprintf("%d were in after %.1f s; %d times somebody was asked to come again.", flood.done.Load(), time.Since(began).Seconds(), flood.sentAway.Load()),
	})
	return nil
}

// allIn lets everybody sign in once, all at once.
func (f *flooding) allIn(conns []*client) error {
	var group sync.WaitGroup
	errs := make([]error, len(conns))
	for user, c := range conns {
		c.patience(time.Minute)
		group.Go(func() {
			for {
				wait, err := f.try(c, user)
				if errs[user] = err; err != nil || wait == 0 {
					return
				}
				time.Sleep(wait)
			}
		})
	}
	group.Wait()
	return errors.Join(errs...)
}
