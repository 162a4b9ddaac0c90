package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

const (
	figureStart = "start to first sign-in"
	figureReady = "start to ready, no database yet"
	figureSize  = "binary, stripped"
)

func measureSize(_ context.Context, b *bench, _ *database) error {
	info, err := os.Stat(b.binary)
	if err != nil {
		return err
	}
	b.table.add(nil, line{Figure: figureSize, Measured: float64(info.Size()) / megabytes, Unit: "MB", AtMost: 30})
	return nil
}

// measureStart starts servers on new embedded databases. The first figure is
// the time from starting the process to the answer 201 of the first sign-in,
// on a database that the command line has made, with one tenant and one user;
// somebody has been knocking all the time. The second has the database made as
// well: from starting the process in an empty folder to ready.
func measureStart(ctx context.Context, b *bench, _ *database) error {
	var first, ready []float64
	for trial := range 2*b.rounds + 1 {
		took, err := b.startToSignIn(ctx, trial)
		if err != nil {
			return err
		}
		first = append(first, took)
		if took, err = b.startToReady(ctx, trial); err != nil {
			return err
		}
		ready = append(ready, took)
	}
	b.table.add(nil, line{
		Figure: figureStart, Database: sqliteName, Measured: median(first), Unit: "ms", AtMost: 150,
		Note: fmt.Sprintf("from starting the process to the first 201, one hash included; median of %d, slowest %s ms.", len(first), number(quantile(first, 1))),
	})
	b.table.add(nil, line{
		Figure: figureReady, Database: sqliteName, Measured: median(ready), Unit: "ms", AtMost: 150,
		Note: "not asked for; the schema and all keys are made on the way.",
	})
	return nil
}

func (b *bench) emptyFolder(kind string, trial int) (address string, err error) {
	dir := filepath.Join(b.dir, fmt.Sprintf("%s-%d", kind, trial))
	return "sqlite:" + filepath.Join(dir, "new.db"), os.Mkdir(dir, 0o700)
}

func (b *bench) startToSignIn(ctx context.Context, trial int) (milliseconds float64, err error) {
	address, err := b.emptyFolder("first", trial)
	if err != nil {
		return 0, err
	}
	if err := b.settle(ctx, address, "", 1); err != nil {
		return 0, err
	}
	s, err := b.launch(ctx, address, "")
	if err != nil {
		return 0, err
	}
	defer s.stop()
	c, err := s.knock(ctx)
	if err != nil {
		return 0, err
	}
	defer c.conn.Close()
	c.patience(0)
	err = expect(c, signIn(houseSlug, 0), 201)
	return time.Since(s.began).Seconds() * 1000, err
}

// knock connects as soon as that is possible.
func (s *server) knock(ctx context.Context) (*client, error) {
	for ctx.Err() == nil {
		if c, err := dial(s.address); err == nil {
			return c, nil
		}
		if time.Since(s.began) > startTime {
			return nil, fmt.Errorf("nobody opens: %s", s.said())
		}
		time.Sleep(500 * time.Microsecond)
	}
	return nil, ctx.Err()
}

func (b *bench) startToReady(ctx context.Context, trial int) (milliseconds float64, err error) {
	address, err := b.emptyFolder("ready", trial)
	if err != nil {
		return 0, err
	}
	s, err := b.serve(ctx, address, "")
	if err != nil {
		return 0, err
	}
	defer s.stop()
	return time.Since(s.began).Seconds() * 1000, nil
}
