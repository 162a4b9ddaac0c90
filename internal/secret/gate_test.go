package secret

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/vestibule-id/vestibule/internal/problem"
)

func enter(t *testing.T, g *Gate) *Place {
	t.Helper()
	p, err := g.Enter()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// busy checks the problem and when to come back.
func busy(t *testing.T, err error, after time.Duration) {
	t.Helper()
	p := problem.Of(err)
	if !errors.Is(err, ErrBusy) || p.Kind != problem.Busy || p.RetryAfter != after {
		t.Errorf("error %v, want ErrBusy with RetryAfter %v", err, after)
	}
}

func idle(t *testing.T, g *Gate) {
	t.Helper()
	if g.Running() != 0 || g.Waiting() != 0 || g.places != 0 {
		t.Errorf("running %d, waiting %d, places %d after all is done", g.Running(), g.Waiting(), g.places)
	}
}

func TestGateRefusesBeyondItsLine(t *testing.T) {
	g := NewGate(2, 3, time.Second)
	var places []*Place
	for range 5 {
		places = append(places, enter(t, g))
	}
	_, err := g.Enter()
	busy(t, err, time.Second)
	places[0].Leave()
	places[0].Leave()
	places[0].Leave()
	places[0] = enter(t, g)
	_, err = g.Enter()
	busy(t, err, time.Second)
	for _, p := range places {
		p.Leave()
	}
	idle(t, g)
}

func TestGateIsAsWideAsItSaysAndInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := NewGate(2, 10, time.Minute)
		var mu sync.Mutex
		var order []int
		most := 0
		for i := range 10 {
			go func() {
				p := enter(t, g)
				defer p.Leave()
				err := p.Do(t.Context(), func() {
					mu.Lock()
					order = append(order, i)
					most = max(most, g.Running())
					mu.Unlock()
					time.Sleep(time.Second)
				})
				if err != nil {
					t.Error(err)
				}
			}()
			synctest.Wait() // one after the other arrives
		}
		if g.Running() != 2 || g.Waiting() != 8 {
			t.Errorf("running %d, waiting %d", g.Running(), g.Waiting())
		}
		time.Sleep(4500 * time.Millisecond)
		synctest.Wait()
		if g.Running() != 2 || g.Waiting() != 0 {
			t.Errorf("in the last second: running %d, waiting %d", g.Running(), g.Waiting())
		}
		time.Sleep(time.Second)
		synctest.Wait()
		for i := 0; i < len(order); i += 2 { // two start in the same moment
			slices.Sort(order[i : i+2])
		}
		if most != 2 || !slices.Equal(order, []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}) {
			t.Errorf("at most %d at once, in the order %v", most, order)
		}
		idle(t, g)
	})
}

// hold takes the only slot for a while.
func hold(t *testing.T, g *Gate, d time.Duration) {
	t.Helper()
	p := enter(t, g)
	go func() {
		defer p.Leave()
		_ = p.Do(context.Background(), func() { time.Sleep(d) })
	}()
	synctest.Wait()
}

func TestGatePatienceCountsFromEnter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := NewGate(1, 1, 2*time.Second)
		hold(t, g, 10*time.Second)
		start := time.Now()
		p := enter(t, g)
		time.Sleep(1500 * time.Millisecond)
		busy(t, p.Do(t.Context(), func() { t.Error("work was run") }), 2*time.Second)
		if waited := time.Since(start); waited != 2*time.Second {
			t.Errorf("waited %v", waited)
		}
		busy(t, p.Do(t.Context(), func() { t.Error("work was run") }), 2*time.Second)
		time.Sleep(10 * time.Second)
		synctest.Wait()
		ran := false
		if err := p.Do(t.Context(), func() { ran = true }); err != nil || !ran {
			t.Errorf("a free slot was refused: %v", err)
		}
		p.Leave()
		idle(t, g)
	})
}

func TestGateContextEndsTheWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := NewGate(1, 2, time.Minute)
		hold(t, g, 10*time.Second)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		p := enter(t, g)
		if err := p.Do(ctx, func() { t.Error("work was run") }); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error %v", err)
		}
		time.Sleep(10 * time.Second)
		if err := p.Do(ctx, func() { t.Error("work was run") }); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("with a free slot: error %v", err)
		}
		p.Leave()
		idle(t, g)
	})
}

func TestGateSlotSurvivesPanics(t *testing.T) {
	g := NewGate(1, 0, time.Second)
	for range 3 {
		func() {
			p := enter(t, g)
			defer p.Leave()
			defer func() { _ = recover() }()
			_ = p.Do(t.Context(), func() { panic("in work") })
		}()
	}
	idle(t, g)
}

// The slot may be handed over in the moment in which the wait ends.
func TestGateHandsOnASlotThatCameTooLate(t *testing.T) {
	g := NewGate(1, 2, time.Second)
	if g.queue() != nil {
		t.Fatal("the first has to wait")
	}
	first, second, third := g.queue(), g.queue(), g.queue()
	g.giveUp(second)
	g.release()
	<-first
	g.giveUp(first)
	select {
	case <-third:
	default:
		t.Fatal("the slot was lost")
	}
	if g.Running() != 1 || g.Waiting() != 0 {
		t.Errorf("running %d, waiting %d", g.Running(), g.Waiting())
	}
	g.giveUp(third)
	idle(t, g)
}

func TestGateUnderRace(t *testing.T) {
	g := NewGate(2, 6, 5*time.Millisecond)
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			for range 20 {
				p, err := g.Enter()
				if err != nil {
					continue
				}
				ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
				_ = p.Do(ctx, func() {
					if g.Running() > 2 {
						t.Error("more than two at once")
					}
				})
				cancel()
				p.Leave()
			}
		})
	}
	wg.Wait()
	idle(t, g)
}
