package store

import (
	"context"
	"errors"
	"time"

	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/problem"
)

const (
	// reserveTry counts a try in a lane, unless the lane waits: then it
	// changes nothing and answers no row. A lane begins anew when its window
	// is over; after a wait it begins anew too, but the next wait stays as long
	// as it has grown until a quiet window has passed.
	//
	//	$4 now, $5 tries before the wait, $6 window = first wait, $7 longest wait
	reserveTry = `INSERT INTO lanes (tenant_id, subject, lane, tries, since, until, wait)
		VALUES ($1, $2, $3, 1, $4,
			CASE WHEN CAST($5 AS BIGINT) <= 1 THEN CAST($4 AS BIGINT) + CAST($6 AS BIGINT) ELSE 0 END,
			CASE WHEN CAST($5 AS BIGINT) <= 1 AND 2 * CAST($6 AS BIGINT) <= CAST($7 AS BIGINT) THEN 2 * CAST($6 AS BIGINT)
				WHEN CAST($5 AS BIGINT) <= 1 THEN CAST($7 AS BIGINT) ELSE CAST($6 AS BIGINT) END)
		ON CONFLICT (tenant_id, subject, lane) DO UPDATE SET
			tries = CASE WHEN ` + laneOver + ` OR lanes.until > 0 THEN 1 ELSE lanes.tries + 1 END,
			since = CASE WHEN ` + laneOver + ` OR lanes.until > 0 THEN $4 ELSE lanes.since END,
			until = CASE WHEN ` + laneFull + ` THEN CAST($4 AS BIGINT) + ` + laneWait + ` ELSE 0 END,
			wait = CASE WHEN NOT (` + laneFull + `) THEN ` + laneWait + `
				WHEN 2 * ` + laneWait + ` <= CAST($7 AS BIGINT) THEN 2 * ` + laneWait + ` ELSE CAST($7 AS BIGINT) END
		WHERE lanes.until <= $4
		RETURNING tries`
	laneOver = `((lanes.until = 0 AND lanes.since + CAST($6 AS BIGINT) <= $4) OR (lanes.until > 0 AND lanes.until + CAST($6 AS BIGINT) <= $4))`
	laneFull = `(CASE WHEN ` + laneOver + ` OR lanes.until > 0 THEN 1 ELSE lanes.tries + 1 END) >= CAST($5 AS BIGINT)`
	laneWait = `(CASE WHEN ` + laneOver + ` THEN CAST($6 AS BIGINT) ELSE lanes.wait END)`

	laneUntil = `SELECT until FROM lanes WHERE tenant_id = $1 AND subject = $2 AND lane = $3`
	// refundTry opens a lane that waits, and takes back that its wait has
	// grown. It never shrinks further: else whoever brings about refunds, by
	// overload, could keep the waits short.
	refundTry = `UPDATE lanes SET tries = tries - 1, until = 0,
			wait = CASE WHEN until = 0 THEN wait WHEN wait / 2 > CAST($5 AS BIGINT) THEN wait / 2 ELSE CAST($5 AS BIGINT) END
		WHERE tenant_id = $1 AND subject = $2 AND lane = $3 AND since <= $4 AND tries > 0`
	// laneSums: a try of an unknown browser counts both in its place and among
	// the strangers, and each of the two begins anew by itself. “!” is the byte
	// after a blank.
	laneSums = `SELECT ` +
		laneSum + `lane > '` + policy.LaneBrowser + ` ' AND lane < '` + policy.LaneBrowser + `!'), ` +
		laneSum + `lane = '` + policy.LaneStrangers + `'), ` +
		laneSum + `lane > '` + policy.LanePlace + ` ' AND lane < '` + policy.LanePlace + `!'),
		COALESCE(MAX(until), 0) FROM lanes WHERE tenant_id = $1 AND subject = $2`
	laneSum = `(SELECT CAST(COALESCE(SUM(tries), 0) AS BIGINT) FROM lanes WHERE tenant_id = $1 AND subject = $2 AND `

	clearLane   = `DELETE FROM lanes WHERE tenant_id = $1 AND subject = $2 AND lane = $3`
	clearOthers = `DELETE FROM lanes WHERE tenant_id = $1 AND subject = $2 AND lane <> $3`
	sweepLanes  = `DELETE FROM lanes WHERE tenant_id = $1 AND (subject, lane) IN (
		SELECT subject, lane FROM lanes WHERE tenant_id = $1 AND since < $2 AND until < $2 LIMIT $3)`
)

// A Lane is one line of the limiter's book, with the rule it follows.
type Lane struct {
	policy.Lane
	Subject string // keyed hash of the user's identifier; "" for a source
	Key     string // "source 192.0.2.1"
}

// Waiting says that a lane admits no try before Until.
type Waiting struct{ Until time.Time }

func (w *Waiting) Error() string { return "waiting until " + w.Until.Format(time.RFC3339) }

// ReserveTry counts a try in every lane and says which of them wait from now
// on, or, when one waits already, counts in none: then the error is a *Waiting
// with the latest end.
func (t Tenant) ReserveTry(ctx context.Context, lanes []Lane, now time.Time) (filled []Lane, err error) {
	defer problem.Wrap(&err, "reserve a try")
	err = t.Tx(ctx, func(tx *Tx) error {
		full, refused, err := tx.countTries(ctx, lanes, now)
		if err != nil {
			return err
		}
		if len(refused) > 0 {
			return tx.waiting(ctx, refused) // rolls back what other lanes have counted
		}
		filled = full
		return nil
	})
	return filled, err
}

// countTries counts in each lane by itself, in one round trip.
func (tx *Tx) countTries(ctx context.Context, lanes []Lane, now time.Time) (filled, refused []Lane, err error) {
	steps := make([]step, len(lanes))
	tries := make([]int64, len(lanes))
	for i, l := range lanes {
		args := tx.bind([]any{l.Subject, l.Key, micros(now), l.Limit, l.Wait.Microseconds(), l.MaxWait.Microseconds()})
		steps[i] = query(reserveTry, args, into(&tries[i]))
	}
	if err := tx.send(ctx, tx.id, steps...); err != nil {
		return nil, nil, tx.store.dialect.explain(err)
	}
	for i, l := range lanes {
		switch {
		case tries[i] == 0:
			refused = append(refused, l)
		case tries[i] >= int64(l.Limit):
			filled = append(filled, l)
		}
	}
	return filled, refused, nil
}

func (tx *Tx) waiting(ctx context.Context, lanes []Lane) error {
	latest := &Waiting{}
	for _, l := range lanes {
		var until int64
		if err := tx.one(ctx, laneUntil, into(&until), l.Subject, l.Key); err != nil && !errors.Is(err, problem.NotFound) {
			return err
		}
		if instant(until).After(latest.Until) {
			latest.Until = instant(until)
		}
	}
	return latest
}

// Tries says how many tries the lanes of a subject remember, each once whatever
// number of them it counted in, and the latest time until which one of them
// waits, or waited; zero where none did.
func (t Tenant) Tries(ctx context.Context, subject string) (n int64, until time.Time, err error) {
	defer problem.Wrap(&err, "read lanes")
	var known, strangers, places, last int64
	err = t.one(ctx, laneSums, into(&known, &strangers, &places, &last), subject)
	return known + max(strangers, places), instant(last), err
}

// CountFailure counts in lanes that were not asked before the try.
func (tx *Tx) CountFailure(ctx context.Context, lanes []Lane, now time.Time) (err error) {
	defer problem.Wrap(&err, "count a failure")
	if len(lanes) == 0 {
		return nil
	}
	_, _, err = tx.countTries(ctx, lanes, now)
	return err
}

// WaitingUntil is the latest end of the lanes' waits at the given time; zero
// when none of them waits. Nothing is counted.
func (t Tenant) WaitingUntil(ctx context.Context, lanes []Lane, now time.Time) (latest time.Time, err error) {
	defer problem.Wrap(&err, "lanes that wait")
	steps := make([]step, len(lanes))
	untils := make([]int64, len(lanes))
	for i, l := range lanes {
		steps[i] = query(laneUntil, t.bind([]any{l.Subject, l.Key}), into(&untils[i]))
	}
	if err := t.send(ctx, t.id, steps...); err != nil {
		return latest, t.store.dialect.explain(err)
	}
	for _, until := range untils {
		if end := instant(until); end.After(now) && end.After(latest) {
			latest = end
		}
	}
	return latest, nil
}

// RefundTry takes back a try reserved at the given time, in every lane.
func (tx *Tx) RefundTry(ctx context.Context, lanes []Lane, reserved time.Time) (err error) {
	defer problem.Wrap(&err, "refund a try")
	for _, l := range lanes {
		if err := tx.later(ctx, refundTry, l.Subject, l.Key, micros(reserved), l.Wait.Microseconds()); err != nil {
			return err
		}
	}
	return nil
}

// ClearLanes forgets the tries on a user. The strangers' lane goes first, as it
// does when tries are reserved, so that the two never wait for each other; and
// it does not go with the others, which would come too late for one that was
// made again meanwhile.
func (tx *Tx) ClearLanes(ctx context.Context, subject string) (err error) {
	defer problem.Wrap(&err, "clear lanes")
	if err := tx.later(ctx, clearLane, subject, policy.LaneStrangers); err != nil {
		return err
	}
	return tx.later(ctx, clearOthers, subject, policy.LaneStrangers)
}

// SweepLanes deletes up to limit lines that nobody needs: their windows and
// waits were over at the given time.
func (tx *Tx) SweepLanes(ctx context.Context, before time.Time, limit int) (n int64, err error) {
	defer problem.Wrap(&err, "sweep lanes")
	return tx.exec(ctx, sweepLanes, micros(before), limit)
}
