package main

import (
	"context"
	"errors"
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

// A comparison is what turns of two things gave.
type comparison struct{ measured, limit, ratio float64 }

// takeTurns measures two things in turns, the one that begins changing each
// time. A first turn of each is not counted: it warms up.
func takeTurns(rounds int, measured, limit func() (float64, error)) (c comparison, err error) {
	var all, limits, ratios []float64
	for round := range rounds + 1 {
		var m, l float64
		first, second := func() (err error) { m, err = measured(); return }, func() (err error) { l, err = limit(); return }
		if round%2 == 1 {
			first, second = second, first
		}
		if err := errors.Join(first(), second()); err != nil {
			return c, err
		}
		if round > 0 {
			all, limits, ratios = append(all, m), append(limits, l), append(ratios, m/l)
		}
	}
	return comparison{median(all), median(limits), median(ratios)}, nil
}
