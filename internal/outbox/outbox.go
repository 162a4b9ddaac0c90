// Package outbox does what is to be done afterwards: it takes tasks that use
// cases have enqueued, on whichever node is free, hands requests to their
// handlers and letters to a mail server.
//
//	due ─► claim, with a lease ─┬─ request ─► handler ─► forgotten
//	                            └─ letter ─► write it ─► send ─┬─► sent, failed, expired
//	                                                          └─► deferred: due again, later each time
//
// Every task is done at least once: whoever dies with one loses the lease, and
// another node begins again, with the same link and the same Message-ID. While
// a lease lasts nobody else has the task; what is written behind a lost one is
// refused by its fence. Nothing is sent once it is too late.
package outbox

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/mail"
	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/secret"
	"github.com/vestibule-id/vestibule/internal/store"
)

// A Handler does what a request asks for. It may be called again for a request
// it has handled, so it finishes it in a transaction of its own
// (store.Tx.FinishTask) or does no harm the second time.
type Handler func(ctx context.Context, t store.Tenant, task identity.Task) error

// A Sender hands one letter over and returns what was answered: an SMTP server,
// or the demo's inbox. A *mail.Refusal is a no; after any other error the
// letter is tried again.
type Sender interface {
	Send(ctx context.Context, l mail.Letter) (answer string, err error)
}

// Times of the worker.
const (
	lease    = 2 * time.Minute  // longer than a letter, and those before it in line, take
	margin   = 35 * time.Second // a task is not begun with less of its lease left
	poll     = time.Second      // how soon, on average, what other nodes enqueued is seen
	stopTime = 10 * time.Second // what is under way may take so long to end
	workTime = 20 * time.Second // of a handler
	giveUp   = 72 * time.Hour   // after which what never expires is given up
)

// The hands of each lane. Letters that wait for a slow mail server do not hold
// up requests.
const (
	requestHands = 4
	letterHands  = 4
)

// A Worker is one node's. All fields but Count must be set; without a Sender
// letters wait.
type Worker struct {
	Store    *store.Store
	Writer   *Writer
	Sender   Sender
	Handlers map[string]Handler
	Now      func() time.Time
	Log      *slog.Logger
	Count    func(state identity.LetterState) // counts letters; may be nil
}

// A job is a task that has been taken.
type job struct {
	tenant store.Tenant
	task   identity.Task
	until  time.Time // the end of its lease
}

// Run works until ctx ends, and then until what is under way has ended.
func (w *Worker) Run(ctx context.Context) {
	working, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	context.AfterFunc(ctx, func() { time.AfterFunc(stopTime, stop) })
	requests, letters := make(chan struct{}, 1), make(chan struct{}, 1)
	var lanes sync.WaitGroup
	lanes.Go(func() { w.lane(ctx, working, false, requestHands, requests) })
	if w.Sender != nil {
		lanes.Go(func() { w.lane(ctx, working, true, letterHands, letters) })
	}
	for {
		select {
		case <-ctx.Done():
			lanes.Wait()
			return
		case <-w.Store.Enqueued():
			tell(requests)
			tell(letters)
		}
	}
}

func tell(lane chan struct{}) {
	select {
	case lane <- struct{}{}:
	default: // it has been told
	}
}

// lane takes requests, or letters, and gives them to its hands.
func (w *Worker) lane(ctx, working context.Context, letters bool, hands int, woken <-chan struct{}) {
	jobs := make(chan job)
	var busy sync.WaitGroup
	for range hands {
		busy.Go(func() {
			for j := range jobs {
				w.do(working, j)
			}
		})
	}
	for ctx.Err() == nil {
		taken, err := w.take(ctx, letters, 2*hands)
		if err != nil && ctx.Err() == nil {
			w.Log.ErrorContext(ctx, "the outbox cannot take its tasks", "err", err)
		}
		for _, j := range taken {
			select {
			case jobs <- j:
			case <-ctx.Done():
				w.giveBack(working, j)
			}
		}
		if len(taken) == 0 {
			pause(ctx, woken)
		}
	}
	close(jobs)
	busy.Wait()
}

func pause(ctx context.Context, woken <-chan struct{}) {
	timer := time.NewTimer(poll/2 + secret.Within(poll)) // at no moment that can be told from when it was woken
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-woken:
	case <-timer.C:
	}
}

// Pass does once what is due and returns how many tasks that were.
func (w *Worker) Pass(ctx context.Context) (n int, err error) {
	for _, letters := range []bool{false, true} {
		if letters && w.Sender == nil {
			continue
		}
		for {
			taken, err := w.take(ctx, letters, 2*letterHands)
			for _, j := range taken {
				w.do(ctx, j)
			}
			if n += len(taken); err != nil {
				return n, err
			}
			if len(taken) == 0 {
				break
			}
		}
	}
	return n, nil
}

// take claims up to so many tasks, a share from each tenant that has any, so
// that one with many does not hold up the others.
func (w *Worker) take(ctx context.Context, letters bool, most int) (jobs []job, err error) {
	now := w.Now()
	tenants, err := w.Store.DueTenants(ctx, letters, now, most)
	if err != nil || len(tenants) == 0 {
		return nil, err
	}
	share := (most + len(tenants) - 1) / len(tenants)
	for _, id := range tenants {
		t := w.Store.Tenant(id)
		var tasks []identity.Task
		terr := t.Tx(ctx, func(tx *store.Tx) (err error) {
			tasks, err = tx.ClaimTasks(ctx, letters, now, now.Add(lease), share)
			return err
		})
		if terr != nil {
			err = errors.Join(err, terr)
			continue
		}
		for _, task := range tasks {
			jobs = append(jobs, job{t, task, now.Add(lease)})
		}
	}
	return jobs, err
}

// do does one task. What goes wrong is logged here, and the task is due again.
func (w *Worker) do(ctx context.Context, j job) {
	if w.Now().After(j.until.Add(-margin)) {
		return // it waited too long in line: the lease will be over in the midst of it
	}
	err := w.guarded(ctx, j)
	if errors.Is(err, errTaken) {
		w.Log.WarnContext(ctx, "a task was taken over by another node", "tenant", j.tenant.ID(), "task", j.task.ID, "kind", j.task.Kind, "err", err)
	} else if err != nil {
		w.Log.ErrorContext(ctx, "a task failed", "tenant", j.tenant.ID(), "task", j.task.ID, "kind", j.task.Kind, "tries", j.task.Tries, "err", err)
	}
}

func (w *Worker) guarded(ctx context.Context, j job) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	if j.task.IsLetter() {
		return w.deliver(ctx, j)
	}
	return w.handle(ctx, j)
}

// handle does a request, and puts it off when that fails.
func (w *Worker) handle(ctx context.Context, j job) error {
	if over(j.task, w.Now()) {
		w.Log.ErrorContext(ctx, "a request was given up", "tenant", j.tenant.ID(), "task", j.task.ID, "kind", j.task.Kind, "tries", j.task.Tries)
		return w.finish(ctx, j)
	}
	handler := w.Handlers[j.task.Kind]
	err := fmt.Errorf("nobody here handles %s", j.task.Kind) // a newer node may
	if handler != nil {
		working, cancel := context.WithTimeout(ctx, workTime)
		defer cancel()
		err = handler(working, j.tenant, j.task)
	}
	if err == nil {
		return w.finish(ctx, j)
	}
	return errors.Join(err, w.write(ctx, j, func(ctx context.Context, tx *store.Tx) error {
		return tx.PutOffTask(ctx, j.task, w.Now().Add(backOff(j.task)))
	}))
}

// finish forgets a request, which its handler may have done already.
func (w *Worker) finish(ctx context.Context, j job) error {
	err := w.write(ctx, j, func(ctx context.Context, tx *store.Tx) error { return tx.FinishTask(ctx, j.task) })
	if errors.Is(err, errTaken) {
		return nil
	}
	return err
}

// giveBack lets another node have a task at once that this one will not begin.
func (w *Worker) giveBack(ctx context.Context, j job) {
	err := w.write(ctx, j, func(ctx context.Context, tx *store.Tx) error { return tx.PutOffTask(ctx, j.task, w.Now()) })
	if err != nil && !errors.Is(err, errTaken) {
		w.Log.WarnContext(ctx, "a task waits for the end of its lease", "task", j.task.ID, "err", err)
	}
}

// errTaken says that another node has a task since its lease was over.
var errTaken = errors.New("the lease is another node's by now")

// write writes what came of a task, also while the server stops. The error is
// errTaken for a task that is this node's no longer.
func (w *Worker) write(ctx context.Context, j job, change func(context.Context, *store.Tx) error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), workTime)
	defer cancel()
	err := j.tenant.Tx(ctx, func(tx *store.Tx) error { return change(ctx, tx) })
	if errors.Is(err, problem.NotFound) {
		return errTaken
	}
	return err
}

// over reports whether it is too late for a task.
func over(t identity.Task, now time.Time) bool {
	if t.Expires.IsZero() {
		return !now.Before(t.At.Add(giveUp))
	}
	return !now.Before(t.Expires)
}
