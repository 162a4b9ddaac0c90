package store_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/store"
	"github.com/vestibule-id/vestibule/internal/store/storetest"
)

func claim(t *testing.T, tenant store.Tenant, letters bool, now time.Time, limit int) (list []identity.Task) {
	t.Helper()
	change(t, tenant, func(ctx context.Context, tx *store.Tx) (err error) {
		list, err = tx.ClaimTasks(ctx, letters, now, now.Add(time.Minute), limit)
		return err
	})
	return list
}

func enqueue(t *testing.T, tenant store.Tenant, tasks ...identity.Task) {
	t.Helper()
	change(t, tenant, func(ctx context.Context, tx *store.Tx) (err error) {
		for _, task := range tasks {
			err = errors.Join(err, tx.Enqueue(ctx, task))
		}
		return err
	})
}

// Proves: 4.7
func TestATaskComesBackAsItWasEnqueued(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		acme, _ := storetest.Twins(t, s)
		change(t, acme, func(ctx context.Context, tx *store.Tx) error { return tx.AddUser(ctx, ann(), "") })
		want := identity.Task{ID: identity.NewTaskID(), Kind: identity.LetterReset, User: ann().ID, Link: identity.NewLinkID(),
			Data: map[string]string{"a": "b"}, At: noon, Due: noon, Expires: noon.Add(time.Hour)}
		enqueue(t, acme, want)
		if got := claim(t, acme, false, later, 9); len(got) != 0 {
			t.Errorf("a letter is taken for a request: %v", got)
		}
		got := claim(t, acme, true, noon, 9)
		want.Due, want.Tries, want.Fence = noon.Add(time.Minute), 1, 1
		if diff := cmp.Diff([]identity.Task{want}, got); diff != "" {
			t.Error(diff)
		}
	})
}

// Proves: 4.7
func TestNothingIsTakenBeforeItsTime(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		acme, _ := storetest.Twins(t, s)
		enqueue(t, acme, identity.Task{Kind: identity.RequestReset, At: noon, Due: later})
		for at, want := range map[time.Time]int{later.Add(-time.Microsecond): 0, later: 1} {
			tenants, err := s.DueTenants(t.Context(), false, at, 9)
			if err != nil || len(tenants) != want {
				t.Errorf("at %s %d tenants are due (%v)", at, len(tenants), err)
			}
		}
		if got := claim(t, acme, false, later.Add(-time.Microsecond), 9); len(got) != 0 {
			t.Error("taken too early")
		}
	})
}

// Whoever comes back after the lease has ended and somebody else has the task
// changes nothing.
//
// Proves: 4.7
func TestALostLeaseIsNoticed(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		acme, _ := storetest.Twins(t, s)
		enqueue(t, acme, identity.Task{Kind: identity.LetterReset, At: noon}, identity.Task{Kind: identity.RequestReset, At: noon})
		letter, request := claim(t, acme, true, noon, 9)[0], claim(t, acme, false, noon, 9)[0]
		if more := append(claim(t, acme, true, noon.Add(time.Minute-1000), 9), claim(t, acme, false, noon.Add(time.Minute-1000), 9)...); len(more) != 0 {
			t.Fatal("taken twice while the lease lasts")
		}
		second, secondRequest := claim(t, acme, true, later, 9)[0], claim(t, acme, false, later, 9)[0]
		for name, late := range map[string]func(ctx context.Context, tx *store.Tx) error{
			"sent": func(ctx context.Context, tx *store.Tx) error {
				return tx.SetLetter(ctx, letter, store.Delivery{State: identity.LetterSent})
			},
			"deferred": func(ctx context.Context, tx *store.Tx) error {
				return tx.SetLetter(ctx, letter, store.Delivery{State: identity.LetterDeferred})
			},
			"finished": func(ctx context.Context, tx *store.Tx) error { return tx.FinishTask(ctx, request) },
			"put off":  func(ctx context.Context, tx *store.Tx) error { return tx.PutOffTask(ctx, request, noon) },
		} {
			if err := acme.Tx(t.Context(), func(tx *store.Tx) error { return late(t.Context(), tx) }); !errors.Is(err, problem.NotFound) {
				t.Errorf("%s behind a lost lease: %v", name, err)
			}
		}
		change(t, acme, func(ctx context.Context, tx *store.Tx) error {
			return errors.Join(tx.SetLetter(ctx, second, store.Delivery{State: identity.LetterSent, At: later}), tx.FinishTask(ctx, secondRequest))
		})
		if second.Tries != 2 || len(claim(t, acme, true, later.Add(time.Hour), 9)) != 0 {
			t.Errorf("the second try is number %d", second.Tries)
		}
	})
}

// Proves: 4.7
func TestFourWorkersTakeEachTaskOnce(t *testing.T) {
	storetest.EachAddress(t, func(t *testing.T, address string) {
		first := storetest.Open(t, address)
		acme, _ := storetest.Twins(t, first)
		const count = 100
		for range count {
			enqueue(t, acme, identity.Task{Kind: identity.RequestReset, At: noon})
		}
		var mu sync.Mutex
		taken := map[identity.TaskID]int{}
		var workers sync.WaitGroup
		for range 4 {
			node := storetest.Open(t, address).Tenant(acme.ID())
			workers.Go(func() {
				for n := 1; n > 0; {
					err := node.Tx(context.Background(), func(tx *store.Tx) error {
						list, err := tx.ClaimTasks(context.Background(), false, later, later.Add(time.Minute), 7)
						mu.Lock()
						defer mu.Unlock()
						for _, task := range list {
							taken[task.ID]++
						}
						n = len(list)
						return err
					})
					if err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		workers.Wait()
		for id, n := range taken {
			if n != 1 {
				t.Errorf("%s was taken %d times", id, n)
			}
		}
		// Workers step over what another is just taking, so the last of them may
		// have left some.
		if rest := claim(t, acme, false, later, count); len(taken)+len(rest) != count {
			t.Errorf("%d of %d tasks were taken", len(taken)+len(rest), count)
		}
	})
}

// What a letter says is sealed while it waits and gone when it has been sent.
//
// Proves: 4.7
func TestTheDataOfATaskIsSealedAndErased(t *testing.T) {
	storetest.EachAddress(t, func(t *testing.T, address string) {
		s, raw := storetest.Open(t, address), rawDB(t, address)
		acme, twin := storetest.Twins(t, s)
		data := map[string]string{"email": "ann@secret.test"}
		for _, state := range []identity.LetterState{identity.LetterSent, identity.LetterFailed, identity.LetterExpired, identity.LetterDeferred} {
			id := identity.NewTaskID()
			enqueue(t, acme, identity.Task{ID: id, Kind: identity.LetterReset, At: noon, Data: data, Expires: later})
			if text := dump(t, raw, []string{"tasks"}, `tenant_id = $1`, string(acme.ID())); strings.Contains(text, "secret.test") {
				t.Fatal("the data stands in the database as it is")
			}
			task := claim(t, acme, true, noon, 9)[0]
			change(t, acme, func(ctx context.Context, tx *store.Tx) error {
				return tx.SetLetter(ctx, task, store.Delivery{State: state, At: noon, Again: later})
			})
			erased := rawNumber(t, raw, `SELECT COUNT(*) FROM tasks WHERE id = '`+string(id)+`' AND LENGTH(data) = 0`) == 1
			if erased != (state != identity.LetterDeferred) {
				t.Errorf("%s: erased %v", state, erased)
			}
		}
		enqueue(t, twin, identity.Task{ID: "tsk_1", Kind: identity.RequestReset, At: noon, Data: data})
		enqueue(t, acme, identity.Task{ID: "tsk_2", Kind: identity.RequestReset, At: noon, Data: data})
		rawExec(t, raw, `UPDATE tasks SET data = (SELECT o.data FROM tasks o WHERE o.id = 'tsk_1') WHERE id = 'tsk_2'`)
		if got := claim(t, acme, false, noon, 9); len(got) != 0 {
			t.Error("data moved from another tenant opens")
		}
		if got := claim(t, acme, false, later, 9); len(got) != 0 {
			t.Error("what does not open is taken again for ever")
		}
	})
}

// Proves: Q7
func TestAnAddressIsDeadUntilItChanges(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		acme, _ := storetest.Twins(t, s)
		change(t, acme, func(ctx context.Context, tx *store.Tx) error { return tx.AddUser(ctx, ann(), "") })
		deliver := func(state identity.LetterState, dead bool, to string) identity.TaskID {
			t.Helper()
			enqueue(t, acme, identity.Task{Kind: identity.LetterReset, User: ann().ID, At: noon})
			task := claim(t, acme, true, noon, 9)[0]
			change(t, acme, func(ctx context.Context, tx *store.Tx) error {
				return tx.SetLetter(ctx, task, store.Delivery{State: state, To: to, Dead: dead, Answer: "550 no", At: noon})
			})
			return task.ID
		}
		trouble := func(want string) {
			t.Helper()
			u, err := acme.User(t.Context(), ann().ID)
			if err != nil || u.Mail.Kind != want || (want == "") != (u.Mail == identity.MailTrouble{}) {
				t.Errorf("the mark is %+v (%v), want %q", u.Mail, err, want)
			}
		}
		address := ann().Email.Folded
		deliver(identity.LetterFailed, true, "former@x.test")
		trouble("") // it was another address that is dead
		deliver(identity.LetterFailed, false, address)
		trouble("")
		deliver(identity.LetterFailed, true, address)
		trouble(identity.MailRefused)
		sent := deliver(identity.LetterSent, false, address)
		trouble("") // the server that refused it takes it now
		change(t, acme, func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.BounceLetter(ctx, sent, "550 gone", noon)
			return err
		})
		trouble(identity.MailBounced)
		deliver(identity.LetterSent, false, address)
		trouble(identity.MailBounced) // a relay's word proves nothing: it took the last one too
		after := ann()
		after.Name = "Anna"
		change(t, acme, func(ctx context.Context, tx *store.Tx) error { return tx.SetUser(ctx, ann(), after, noon) })
		trouble(identity.MailBounced)
		moved := after
		moved.Email = identity.EmailAddress{Typed: "b@x.test", Folded: "b@x.test"}
		change(t, acme, func(ctx context.Context, tx *store.Tx) error { return tx.SetUser(ctx, after, moved, noon) })
		trouble("")
		if err := acme.Tx(t.Context(), func(tx *store.Tx) error { _, err := tx.BounceLetter(t.Context(), sent, "x", noon); return err }); !errors.Is(err, problem.NotFound) {
			t.Errorf("the same letter bounces twice: %v", err)
		}
	})
}

// Proves: 4.7
func TestOldTasksAreSweptAndWaitingOnesAreNot(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		acme, _ := storetest.Twins(t, s)
		enqueue(t, acme, identity.Task{ID: "tsk_waits", Kind: identity.LetterReset, At: noon, Due: later.Add(time.Hour)}, identity.Task{Kind: identity.LetterReset, At: noon})
		task := claim(t, acme, true, noon, 9)[0]
		change(t, acme, func(ctx context.Context, tx *store.Tx) error {
			return tx.SetLetter(ctx, task, store.Delivery{State: identity.LetterSent, At: noon})
		})
		for before, want := range map[time.Time]int{noon: 2, later: 1} {
			change(t, acme, func(ctx context.Context, tx *store.Tx) error { _, err := tx.SweepTasks(ctx, before, 9); return err })
			if before.Equal(noon) {
				continue // order of a map: what is left is looked at in the end
			}
			if list, err := acme.Letters(t.Context(), identity.Letter{}, 9); err != nil || len(list) != want || list[0].ID != "tsk_waits" {
				t.Errorf("%d letters are left (%v)", len(list), err)
			}
		}
	})
}

// Whoever works in this process is told of what was committed, and of nothing
// else.
//
// Proves: 4.7
func TestACommitWakesTheWorker(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		acme, _ := storetest.Twins(t, s)
		woken := func() bool {
			select {
			case <-s.Enqueued():
				return true
			default:
				return false
			}
		}
		failed := errors.New("failed")
		if err := acme.Tx(t.Context(), func(tx *store.Tx) error {
			return errors.Join(tx.Enqueue(t.Context(), identity.Task{Kind: identity.RequestReset, At: noon}), failed)
		}); !errors.Is(err, failed) || woken() {
			t.Errorf("woken by what was not committed (%v)", err)
		}
		enqueue(t, acme, identity.Task{Kind: identity.RequestReset, At: noon}, identity.Task{Kind: identity.RequestReset, At: noon})
		if !woken() || woken() {
			t.Error("woken not once")
		}
	})
}
