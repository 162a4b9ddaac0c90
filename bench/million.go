package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"
)

const (
	figureBigSignIn = "sign-in besides the hash, 1,000,000 users"
	figureBigCheck  = "session check that reads its row, 1,000,000 users"
)

const (
	fewTenants, fewUsers = 10, 100                 // of the small database
	signInsARound        = 60                      // on each
	rememberedTime       = 1100 * time.Millisecond // a little more than the server remembers a session's row
)

// measureMillion asks the same of a large and a small database in turns, one
// request at a time, of users and tenants by chance. The passwords' hashes are
// the cheapest the product takes, so that what comes beside them shows; their
// own time, taken in the same rounds, is taken off.
func measureMillion(ctx context.Context, b *bench, db *database) error {
	began := time.Now()
	large, err := b.filled(ctx, db, b.tenants, b.perHouse)
	if err != nil {
		return err
	}
	say("%d users made in %s", b.tenants*b.perHouse, time.Since(began).Round(time.Second))
	small, err := b.filled(ctx, db, fewTenants, fewUsers)
	if err != nil {
		return err
	}
	hash, err := b.startLimit(ctx, roleOwnHash, cheapParams.String())
	if err != nil {
		return err
	}
	defer hash.stop()
	big, err := b.crowdAt(ctx, db, large, b.tenants, b.perHouse)
	if err != nil {
		return err
	}
	defer big.close()
	few, err := b.crowdAt(ctx, db, small, fewTenants, fewUsers)
	if err != nil {
		return err
	}
	defer few.close()
	var hashes []float64
	for range b.rounds {
		rate, err := hash.rate(b.round / 4)
		if err := errors.Join(err, big.signIns(signInsARound), few.signIns(signInsARound)); err != nil {
			return err
		}
		hashes = append(hashes, 1000/rate)
	}
	for range b.rounds {
		if err := errors.Join(big.checks(), few.checks(), ctx.Err()); err != nil {
			return err
		}
		time.Sleep(rememberedTime)
	}
	b.reportMillion(db, big, few, median(hashes))
	return nil
}

func (b *bench) reportMillion(db *database, big, few *crowdOf, hash float64) {
	bigRest, fewRest := median(big.signInTook)-hash, median(few.signInTook)-hash
	b.table.add(db, line{
		Figure: figureBigSignIn, Measured: bigRest, Unit: "ms", Limit: fewRest, Ratio: bigRest / fewRest, AtMost: 1.3,
		Note: fmt.Sprintf("%d users in %d tenants against %d in %d; the hash, %s ms, is taken off; medians of %d sign-ins each.",
			big.tenants*big.users, big.tenants, few.tenants*few.users, few.tenants, number(hash), len(big.signInTook)),
	})
	bigCheck, fewCheck := median(big.checkTook), median(few.checkTook)
	b.table.add(db, line{
		Figure: figureBigCheck, Measured: bigCheck, Unit: "ms", Limit: fewCheck, Ratio: bigCheck / fewCheck, AtMost: 1.3,
		Note: fmt.Sprintf("medians of %d checks each, none of a session that was looked at within the last second.", len(big.checkTook)),
	})
}

// A crowdOf is a server over one of the two databases, and one client.
type crowdOf struct {
	tenants, users int
	server         *server
	client         *client
	chance         *rand.Rand
	sessions       []check

	signInTook, checkTook []float64 // milliseconds
}

func (b *bench) crowdAt(ctx context.Context, db *database, address string, tenants, users int) (*crowdOf, error) {
	s, err := b.serve(ctx, address, db.keyFile, "--password-hash", cheapParams.String())
	if err != nil {
		return nil, err
	}
	c, err := dial(s.address)
	if err != nil {
		s.stop()
		return nil, err
	}
	const seed = 2 // the same people every time
	return &crowdOf{tenants: tenants, users: users, server: s, client: c, chance: rand.New(rand.NewPCG(seed, seed))}, nil
}

func (o *crowdOf) close() {
	o.client.conn.Close()
	o.server.stop()
}

func (o *crowdOf) signIns(n int) error {
	o.client.patience(time.Minute)
	for range n {
		ask := signIn(slugOf(o.chance.IntN(o.tenants)), o.chance.IntN(o.users))
		began := time.Now()
		a, err := o.client.do(ask)
		if err != nil {
			return err
		}
		o.signInTook = append(o.signInTook, time.Since(began).Seconds()*1000)
		if a.status != 201 {
			return fmt.Errorf("a sign-in was answered %d: %s", a.status, a.body)
		}
		g, err := readGrant(a.body)
		if err != nil {
			return err
		}
		o.sessions = append(o.sessions, checkOf(g))
	}
	return nil
}

// checks goes through all sessions once.
func (o *crowdOf) checks() error {
	o.client.patience(time.Minute)
	for _, session := range o.sessions {
		began := time.Now()
		if err := session.ask(o.client); err != nil {
			return err
		}
		o.checkTook = append(o.checkTook, time.Since(began).Seconds()*1000)
	}
	return nil
}
