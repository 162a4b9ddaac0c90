package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"
)

// clients is how many clients ask at a time where the number is free.
const clients = 16

// loop lets n workers work for a while, each beginning the next piece when it
// has ended one, and says how many pieces a second were ended.
func loop(ctx context.Context, n int, d time.Duration, piece func(worker int) error) (perSecond float64, err error) {
	var group sync.WaitGroup
	counts, errs := make([]int, n), make([]error, n)
	began := time.Now()
	end := began.Add(d)
	for worker := range n {
		group.Go(func() {
			for time.Now().Before(end) && errs[worker] == nil && ctx.Err() == nil {
				if errs[worker] = piece(worker); errs[worker] == nil {
					counts[worker]++
				}
			}
		})
	}
	group.Wait()
	sum := 0
	for _, count := range counts {
		sum += count
	}
	return float64(sum) / time.Since(began).Seconds(), errors.Join(append(errs, ctx.Err())...)
}

// A side is one of two things that take turns: a process, and how a round of
// it is run.
type side struct {
	pid  int
	rate func() (perSecond float64, err error)

	rates []float64
	costs []float64 // processor time of the process for each piece, microseconds
	share float64   // of a core, in the last round
}

// turn runs a round. The processor time tells, on a busy machine, what the
// rate does not: what a piece costs, and whether the driver held it up.
func (s *side) turn(counted bool) error {
	used, err := cpuTime(s.pid)
	if err != nil {
		return err
	}
	began := time.Now()
	rate, err := s.rate()
	if err != nil {
		return err
	}
	took := time.Since(began).Seconds()
	now, err := cpuTime(s.pid)
	if counted {
		s.share = (now - used).Seconds() / took
		s.rates = append(s.rates, rate)
		s.costs = append(s.costs, 1e6*s.share/rate)
	}
	return err
}

// A comparison is what the turns gave; cost is for people to read.
type comparison struct {
	measured, limit, ratio float64
	cost                   string
}

// takeTurns measures two things in turns, the one that begins changing each
// time. A first turn of each is not counted: it warms up.
func takeTurns(rounds int, ours, theirs *side) (c comparison, err error) {
	order := []*side{ours, theirs}
	for round := range rounds + 1 {
		for _, s := range order {
			if err := s.turn(round > 0); err != nil {
				return c, err
			}
		}
		slices.Reverse(order)
	}
	var ratios []float64
	for i := range ours.rates {
		ratios = append(ratios, ours.rates[i]/theirs.rates[i])
	}
	c = comparison{measured: median(ours.rates), limit: median(theirs.rates), ratio: median(ratios)}
	c.cost = fmt.Sprintf("Each cost %s µs of processor time against %s; the processes used %.0f and %.0f %% of a core.",
		number(median(ours.costs)), number(median(theirs.costs)), 100*ours.share, 100*theirs.share)
	return c, nil
}
