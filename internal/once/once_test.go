package once_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/once"
	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/store"
	"github.com/vestibule-id/vestibule/internal/store/storetest"
)

var noon = time.Date(2030, 1, 2, 12, 0, 0, 0, time.UTC)

// house is a tenant and a clock; making counts what was made in it.
type house struct {
	t      *testing.T
	tenant store.Tenant
	now    time.Time
	svc    *once.Service
}

func newHouse(t *testing.T, s *store.Store) *house {
	acme, _ := storetest.Twins(t, s)
	h := &house{t: t, tenant: acme, now: noon}
	h.svc = &once.Service{Now: func() time.Time { return h.now }}
	return h
}

func request(key, body string) once.Request {
	return once.Request{Actor: "usr_ann", Key: key, What: "POST /users", Body: []byte(body), Attempt: string(identity.NewEventID())}
}

// add makes a user in the request's own transaction.
func (h *house) add(o store.Once) (once.Answer, error) {
	id := identity.NewUserID()
	err := h.tenant.Once(o).Tx(context.Background(), func(tx *store.Tx) error {
		return tx.AddUser(context.Background(), identity.User{ID: id, Role: identity.Member, Status: identity.Active}, "")
	})
	return once.Answer{Status: 201, Body: []byte(id)}, err
}

func (h *house) made() int {
	h.t.Helper()
	users, err := h.tenant.Users(h.t.Context(), "", 200)
	if err != nil {
		h.t.Fatal(err)
	}
	return len(users)
}

// Proves: 5.7
func TestTheSameIsAnsweredAgain(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		h := newHouse(t, s)
		first, replayed, err := h.svc.Do(t.Context(), h.tenant, request("k", "x"), h.add)
		if err != nil || replayed || first.Status != 201 {
			t.Fatalf("%+v, %v, %v", first, replayed, err)
		}
		h.now = noon.Add(24*time.Hour - time.Second)
		again, replayed, err := h.svc.Do(t.Context(), h.tenant, request("k", "x"), h.add)
		if err != nil || !replayed || string(again.Body) != string(first.Body) || again.Status != 201 {
			t.Errorf("again: %+v, %v, %v", again, replayed, err)
		}
		if _, _, err := h.svc.Do(t.Context(), h.tenant, request("k", "y"), h.add); !errors.Is(err, once.ErrOther) {
			t.Errorf("another body: %v", err)
		}
		elsewhere := request("k", "x")
		elsewhere.What = "POST /invitations"
		if _, _, err := h.svc.Do(t.Context(), h.tenant, elsewhere, h.add); !errors.Is(err, once.ErrOther) {
			t.Errorf("another call: %v", err)
		}
		if n := h.made(); n != 1 {
			t.Errorf("%d were made", n)
		}
		h.now = noon.Add(24 * time.Hour)
		if _, replayed, err := h.svc.Do(t.Context(), h.tenant, request("k", "y"), h.add); err != nil || replayed {
			t.Errorf("after a day: %v, %v", replayed, err)
		}
	})
}

// Proves: 5.7
func TestARefusalMayBeTriedAgain(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		h := newHouse(t, s)
		refuse := func(o store.Once) (once.Answer, error) {
			return once.Answer{}, h.tenant.Once(o).Tx(t.Context(), func(*store.Tx) error { return problem.Wrong })
		}
		for range 2 {
			if _, _, err := h.svc.Do(t.Context(), h.tenant, request("k", "x"), refuse); !errors.Is(err, problem.Wrong) {
				t.Errorf("refused with %v", err)
			}
		}
		if _, replayed, err := h.svc.Do(t.Context(), h.tenant, request("k", "x"), h.add); err != nil || replayed {
			t.Errorf("then %v, %v", replayed, err)
		}
	})
}

// A node that dies leaves the key as it was at that moment: before the change
// somebody else may make it a minute later, after it nobody may.
//
// Proves: 5.7
func TestACrashNeverMakesTwo(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		h := newHouse(t, s)
		crash := func(key string, act func(store.Once) (once.Answer, error)) {
			defer func() { _ = recover() }()
			_, _, _ = h.svc.Do(t.Context(), h.tenant, request(key, "x"), func(o store.Once) (once.Answer, error) {
				if act != nil {
					_, err := act(o)
					if err != nil {
						t.Error(err)
					}
				}
				panic("the machine is gone")
			})
		}
		crash("before", nil)
		crash("after", h.add)
		for _, row := range []struct {
			name, key string
			late      time.Duration
			err       error
		}{
			{"before the change, at once", "before", 0, store.ErrTurnOver},
			{"after it, at once", "after", 0, store.ErrTurnOver},
			{"before the change, later", "before", time.Minute, nil},
			{"after it, later", "after", time.Minute, once.ErrLost},
		} {
			h.now = noon.Add(row.late)
			if _, _, err := h.svc.Do(t.Context(), h.tenant, request(row.key, "x"), h.add); !errors.Is(err, row.err) {
				t.Errorf("%s: %v, want %v", row.name, err, row.err)
			}
		}
		if n := h.made(); n != 2 {
			t.Errorf("%d were made for two keys", n)
		}
	})
}

// Whoever was slow for longer than its turn finds that another has done it.
//
// Proves: 5.7
func TestTheSlowOneHasLostItsTurn(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		h := newHouse(t, s)
		_, _, err := h.svc.Do(t.Context(), h.tenant, request("k", "x"), func(o store.Once) (once.Answer, error) {
			h.now = noon.Add(time.Minute)
			if _, _, err := h.svc.Do(t.Context(), h.tenant, request("k", "x"), h.add); err != nil {
				t.Error(err)
			}
			return h.add(o)
		})
		if !errors.Is(err, store.ErrTurnOver) || h.made() != 1 {
			t.Errorf("%v, and %d were made", err, h.made())
		}
	})
}

// A caller who has gone away is the one who will ask again.
//
// Proves: 5.7
func TestTheAnswerIsKeptForWhoeverHasGone(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		h := newHouse(t, s)
		ctx, leave := context.WithCancel(t.Context())
		first, _, err := h.svc.Do(ctx, h.tenant, request("k", "x"), func(o store.Once) (once.Answer, error) {
			defer leave()
			return h.add(o)
		})
		if err != nil {
			t.Fatal(err)
		}
		again, replayed, err := h.svc.Do(t.Context(), h.tenant, request("k", "x"), h.add)
		if err != nil || !replayed || string(again.Body) != string(first.Body) {
			t.Errorf("%+v, %v, %v", again, replayed, err)
		}
	})
}

// Proves: 5.7
func TestOfManyAtOnceOneIsCarriedOut(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		h := newHouse(t, s)
		var all sync.WaitGroup
		var answered atomic.Int64
		for range 50 {
			all.Go(func() {
				_, _, err := h.svc.Do(t.Context(), h.tenant, request("k", "x"), h.add)
				if err == nil {
					answered.Add(1)
				} else if !errors.Is(err, store.ErrTurnOver) {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if n := h.made(); n != 1 || answered.Load() < 1 {
			t.Errorf("%d were made, %d answered", n, answered.Load())
		}
	})
}
