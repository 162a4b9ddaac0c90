package secret

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/vestibule-id/vestibule/internal/problem"
)

// ErrBusy says that more is waiting to be hashed than can be done soon. It is
// returned with RetryAfter: one second from a full line, two after a wait in
// vain.
var ErrBusy = problem.New(problem.Busy, "busy", "Too many are signing in just now. Try again in a moment.")

// A Gate lets as many slow computations run at once as there are processors
// for them, keeps a short line in front, and refuses beyond it. More at once
// would be no faster but take more memory, and starve everything else.
//
//	Enter ──▶ place in the line ──Do──▶ slot ──▶ work ──Leave──▶
//	   └─ line full: ErrBusy    └─ patience over: ErrBusy
type Gate struct {
	Hashing func() // called before each piece of work; may be nil

	width, line int
	patience    time.Duration

	mu      sync.Mutex
	places  int             // taken and not yet left
	running int             // slots in use
	waiters []chan struct{} // in order of arrival; closed when the slot is theirs
}

// NewGate makes a gate with width slots (at least one) and line places beyond
// them. Nobody waits for longer than patience.
func NewGate(width, line int, patience time.Duration) *Gate {
	return &Gate{width: max(width, 1), line: max(line, 0), patience: patience}
}

// A Place is the right to wait at a Gate. It is used by one goroutine.
type Place struct {
	gate     *Gate
	patience *time.Timer
	over     chan struct{} // closed when patience is
	left     bool
}

// Enter takes a place without waiting, or returns ErrBusy. Every place must be
// left.
func (g *Gate) Enter() (*Place, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.places >= g.width+g.line {
		return nil, ErrBusy.After(time.Second)
	}
	g.places++
	over := make(chan struct{})
	patience := time.AfterFunc(g.patience, func() { close(over) })
	return &Place{gate: g, patience: patience, over: over}, nil
}

// Leave gives the place back, once however often it is called. Leave as soon
// as nothing is left to compute, not after what is then written.
func (p *Place) Leave() {
	p.gate.mu.Lock()
	defer p.gate.mu.Unlock()
	if !p.left {
		p.left = true
		p.patience.Stop()
		p.gate.places--
	}
}

// Do runs work in a slot, first come, first served. It returns ErrBusy when no
// slot came free within the gate's patience, counted from Enter, and the
// context's error when that ended before; work has then not been run. Work
// that belongs together goes into one Do: a second one waits again.
func (p *Place) Do(ctx context.Context, work func()) error {
	if err := p.wait(ctx); err != nil {
		return err
	}
	defer p.gate.release() // also when work panics
	if p.gate.Hashing != nil {
		p.gate.Hashing()
	}
	aside(work)
	return nil
}

func (p *Place) wait(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	turn := p.gate.queue()
	if turn == nil {
		return nil
	}
	select {
	case <-turn:
		return nil
	case <-ctx.Done():
		p.gate.giveUp(turn)
		return ctx.Err()
	case <-p.over:
		p.gate.giveUp(turn)
		return ErrBusy.After(2 * time.Second)
	}
}

// queue takes a free slot and returns nil, or returns the channel that is
// closed when a slot is handed over.
func (g *Gate) queue() chan struct{} {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.running < g.width {
		g.running++
		return nil
	}
	turn := make(chan struct{})
	g.waiters = append(g.waiters, turn)
	return turn
}

// giveUp leaves the queue; if the slot came in the same moment it goes on to
// the next.
func (g *Gate) giveUp(turn chan struct{}) {
	g.mu.Lock()
	i := slices.Index(g.waiters, turn)
	if i >= 0 {
		g.waiters = slices.Delete(g.waiters, i, i+1)
	}
	g.mu.Unlock()
	if i < 0 {
		g.release()
	}
}

// release hands the slot to the first in the queue, or frees it.
func (g *Gate) release() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.waiters) == 0 {
		g.running--
		return
	}
	close(g.waiters[0])
	g.waiters = slices.Delete(g.waiters, 0, 1)
}

// Running is how many slots are in use.
func (g *Gate) Running() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.running
}

// Waiting is how many wait for a slot.
func (g *Gate) Waiting() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.waiters)
}
