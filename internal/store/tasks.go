package store

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/secret"
)

// A task stands in two tables: what it is in tasks, and when somebody should
// look at it next in due, where workers find it before they know its tenant.
//
//	Enqueue ──► due ──ClaimTasks──► leased ──FinishTask, SetLetter──► done
//	             ▲                    │
//	             └── lease over, or SetLetter with another time
const (
	taskColumns = `t.id, t.kind, COALESCE(t.user_id, ''), t.link_id, t.data, t.created_at, t.expires_at, t.tries, d.fence, d.at`

	insertTask = `INSERT INTO tasks (tenant_id, id, kind, letter, user_id, link_id, data, state, created_at, expires_at, changed_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, 'queued', $8, $9, $8)`
	insertDue = `INSERT INTO due (tenant_id, task_id, letter, at) VALUES ($1, $2, $3, $4)`

	dueTenants = `SELECT tenant_id FROM due WHERE letter = $1 AND at <= $2 GROUP BY tenant_id ORDER BY MIN(at) LIMIT $3`

	waitingLetters = `SELECT COUNT(*), COALESCE(MIN(task_id), '') FROM (SELECT task_id FROM due WHERE letter = 1 ORDER BY at LIMIT $1) w`

	// The one statement that is written twice: on PostgreSQL workers step over
	// what another is just taking, where they would deadlock or wait.
	claimDue = `UPDATE due SET at = $4, fence = fence + 1 WHERE tenant_id = $1 AND letter = $2 AND at <= $3 AND task_id IN (
		SELECT task_id FROM due WHERE tenant_id = $1 AND letter = $2 AND at <= $3 ORDER BY at LIMIT $5) RETURNING task_id`
	claimDueSkipping = `UPDATE due SET at = $4, fence = fence + 1 WHERE tenant_id = $1 AND letter = $2 AND at <= $3 AND task_id IN (
		SELECT task_id FROM due WHERE tenant_id = $1 AND letter = $2 AND at <= $3 ORDER BY at LIMIT $5 FOR UPDATE SKIP LOCKED) RETURNING task_id`
	countTry   = `UPDATE tasks SET tries = tries + 1 WHERE tenant_id = $1 AND id = $2`
	leasedTask = `SELECT ` + taskColumns + ` FROM tasks t JOIN due d ON d.tenant_id = t.tenant_id AND d.task_id = t.id
		WHERE t.tenant_id = $1 AND t.id = $2`

	// These act for whoever holds the newest lease only.
	endDue   = `DELETE FROM due WHERE tenant_id = $1 AND task_id = $2 AND fence = $3`
	moveDue  = `UPDATE due SET at = $4 WHERE tenant_id = $1 AND task_id = $2 AND fence = $3`
	dropTask = `DELETE FROM tasks WHERE tenant_id = $1 AND id = $2`
)

// Enqueue writes a task in the transaction of the change that calls for it.
// Its At is compulsory. The user, where one is named, is there already.
func (tx *Tx) Enqueue(ctx context.Context, t identity.Task) (err error) {
	defer problem.Wrap(&err, "enqueue %s", t.Kind)
	if t.Kind == "" || t.At.IsZero() {
		return errors.New("a task has a kind and a time")
	}
	if t.ID == "" {
		t.ID = identity.NewTaskID()
	}
	if t.Due.IsZero() {
		t.Due = t.At
	}
	sealed, err := tx.sealTask(t)
	if err != nil {
		return err
	}
	var user any // NULL for nobody
	if t.User != "" {
		user = string(t.User)
	}
	letter := truth(t.IsLetter())
	err = tx.later(ctx, insertTask, string(t.ID), t.Kind, letter, user, string(t.Link), sealed, micros(t.At), micros(t.Expires))
	if err != nil {
		return err
	}
	tx.enqueued = true
	return tx.later(ctx, insertDue, string(t.ID), letter, micros(t.Due))
}

// Enqueued receives after a commit of this Store that enqueued something; two
// commits may make one.
func (s *Store) Enqueued() <-chan struct{} { return s.enqueued }

// wake tells the worker of this node that there is something to do.
func (s *Store) wake() {
	select {
	case s.enqueued <- struct{}{}:
	default: // it knows
	}
}

// DueTenants lists up to limit tenants in which letters, or requests, are due,
// those who have waited longest first.
func (s *Store) DueTenants(ctx context.Context, letters bool, now time.Time, limit int) (ids []identity.TenantID, err error) {
	defer problem.Wrap(&err, "due tenants")
	err = s.engine.read(ctx, unscoped, query(dueTenants, []any{truth(letters), micros(now), limit}, func(r row) error {
		var id identity.TenantID
		err := r.Scan(&id)
		ids = append(ids, id)
		return err
	}))
	return ids, err
}

// WaitingLetters counts the letters of all tenants that are neither sent nor
// given up, and finds the one among them that was made first; "" where none
// waits. It looks at those that are due first, up to most.
func (s *Store) WaitingLetters(ctx context.Context, most int) (n int64, oldest identity.TaskID, err error) {
	defer problem.Wrap(&err, "waiting letters")
	err = s.engine.read(ctx, unscoped, query(waitingLetters, []any{most}, into(&n, &oldest)))
	return n, oldest, err
}

// ClaimTasks takes up to limit letters, or requests, that are due. Nobody else
// gets them before the lease ends; from then on what is done with this claim
// is refused as soon as somebody else has made one.
func (tx *Tx) ClaimTasks(ctx context.Context, letters bool, now, lease time.Time, limit int) (list []identity.Task, err error) {
	defer problem.Wrap(&err, "claim tasks")
	var ids []string
	err = tx.all(ctx, tx.store.dialect.claim, func(r row) error {
		var id string
		err := r.Scan(&id)
		ids = append(ids, id)
		return err
	}, truth(letters), micros(now), micros(lease), limit)
	for _, id := range ids {
		if err != nil {
			return nil, err
		}
		t, terr := tx.leased(ctx, id)
		if errors.Is(terr, secret.ErrSealed) {
			// Somebody has meddled with it. It would come first for ever.
			err = tx.execOne(ctx, endDue, id, t.Fence)
			continue
		}
		err, list = terr, append(list, t)
	}
	return list, err
}

// leased counts a try at a task that was just taken, and reads it.
func (tx *Tx) leased(ctx context.Context, id string) (t identity.Task, err error) {
	if err := tx.later(ctx, countTry, id); err != nil {
		return t, err
	}
	var sealed []byte
	if err := tx.one(ctx, leasedTask, whole(taskPart(&t, &sealed)), id); err != nil {
		return t, err
	}
	plain, err := tx.store.keys.Open(sealedTask, []string{string(tx.id), id}, sealed)
	if err != nil {
		return t, err
	}
	return t, json.Unmarshal(plain, &t.Data)
}

// FinishTask forgets a request that has been handled; in the transaction of
// what came of it, it is handled exactly once. problem.NotFound says that the
// lease was lost: nothing of the transaction may be kept then.
func (tx *Tx) FinishTask(ctx context.Context, t identity.Task) (err error) {
	defer problem.Wrap(&err, "finish task %s", t.ID)
	if err := tx.execOne(ctx, endDue, string(t.ID), t.Fence); err != nil {
		return err
	}
	_, err = tx.exec(ctx, dropTask, string(t.ID))
	return err
}

// PutOffTask lets a request be taken again at the given time; problem.NotFound
// says that the lease was lost.
func (tx *Tx) PutOffTask(ctx context.Context, t identity.Task, again time.Time) (err error) {
	defer problem.Wrap(&err, "put off task %s", t.ID)
	return tx.execOne(ctx, moveDue, string(t.ID), t.Fence, micros(again))
}

const sealedTask = "task"

// sealTask seals what a task's ids do not tell, bound to tenant and task.
func (t Tenant) sealTask(task identity.Task) ([]byte, error) {
	plain, err := json.Marshal(task.Data)
	if err != nil {
		return nil, err
	}
	return t.store.keys.Seal(sealedTask, []string{string(t.id), string(task.ID)}, plain), nil
}

func taskPart(t *identity.Task, sealed *[]byte) part {
	var at, expires, due int64
	return part{
		targets: []any{&t.ID, &t.Kind, &t.User, &t.Link, sealed, &at, &expires, &t.Tries, &t.Fence, &due},
		finish: func() error {
			t.At, t.Expires, t.Due = instant(at), instant(expires), instant(due)
			return nil
		},
	}
}
