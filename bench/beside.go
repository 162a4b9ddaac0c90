package main

import (
	"context"
	"time"
)

// side is the server's.
func (l *load) side(rate func() (float64, error)) *side {
	return &side{pid: l.server.cmd.Process.Pid, rate: rate}
}

// driven is loop over connections.
func driven(ctx context.Context, conns []*client, d time.Duration, piece func(worker int) error) (float64, error) {
	for _, c := range conns {
		c.patience(d)
	}
	return loop(ctx, len(conns), d, piece)
}

// besideNothing compares how fast the server answers with how fast a handler
// does that does nothing.
func (l *load) besideNothing(ctx context.Context, talk conversation) (c comparison, err error) {
	nothing, err := l.startLimit(ctx, roleNothing)
	if err != nil {
		return c, err
	}
	defer nothing.stop()
	ours, err := spinnerTo(l.server.address, clients)
	if err != nil {
		return c, err
	}
	defer ours.close()
	theirs, err := spinnerTo(nothing.first, clients)
	if err != nil {
		return c, err
	}
	defer theirs.close()
	return takeTurns(l.rounds, l.side(func() (float64, error) {
		return ours.talk(ctx, l.round, talk)
	}), nothing.side(func() (float64, error) {
		return theirs.talk(ctx, l.round, askNothing())
	}))
}

// besideCommits compares how fast the server does pieces of work, one at a time
// for each client, with how fast as many at a time update one row each. This
// driver sleeps while it waits, for the database may need its core.
func (l *load) besideCommits(ctx context.Context, piece func(c *client, worker int) error) (c comparison, err error) {
	address, err := l.db.fresh(ctx)
	if err != nil {
		return c, err
	}
	commits, err := l.startLimit(ctx, roleCommits, address)
	if err != nil {
		return c, err
	}
	defer commits.stop()
	conns, err := dialMany(l.server.address, clients)
	if err != nil {
		return c, err
	}
	defer closeAll(conns)
	return takeTurns(l.rounds, l.side(func() (float64, error) {
		return driven(ctx, conns, l.round, func(worker int) error { return piece(conns[worker], worker) })
	}), commits.side(func() (float64, error) { return commits.rate(l.round) }))
}

// inTurn goes through all checks, on whatever connection is free.
func inTurn(checks []check) conversation {
	next, under := 0, [clients]int{}
	return conversation{
		ask: func(worker int) []byte {
			next = (next + 1) % len(checks)
			under[worker] = next
			return checks[next].request
		},
		got: func(worker int, a answer) error { return checks[under[worker]].hear(a) },
	}
}

func askNothing() conversation {
	asked := request("GET", "/", nil)
	return conversation{
		ask: func(int) []byte { return asked },
		got: func(_ int, a answer) error { return wantStatus(a, 200) },
	}
}
