package store_test

import (
	"context"
	"errors"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/store"
	"github.com/vestibule-id/vestibule/internal/store/storetest"
)

func init() {
	reads["Moving"] = func(ctx context.Context, t store.Tenant) (moving bool, err error) {
		undone := errors.New("undone")
		err = t.Tx(ctx, func(tx *store.Tx) error {
			if err := tx.Leave(ctx, noon); err != nil && !errors.Is(err, problem.NotFound) {
				return err
			}
			if moving, err = tx.Moving(ctx); err != nil {
				return err
			}
			return undone
		})
		if errors.Is(err, undone) {
			err = nil
		}
		return moving, err
	}
	maps.Copy(writes, map[string]func(context.Context, store.Tenant) error{
		"Leave": in(func(ctx context.Context, tx *store.Tx) error { return tx.Leave(ctx, noon) }),
		"TakeMove": in(func(ctx context.Context, tx *store.Tx) error {
			return errors.Join(tx.Leave(ctx, noon), tx.TakeMove(ctx, later, later))
		}),
		"Remove": in(func(ctx context.Context, tx *store.Tx) error {
			lerr := tx.Leave(ctx, noon)
			_, err := tx.Remove(ctx, noon)
			return errors.Join(lerr, err)
		}),
		"Gone": in(gone),
		"DropEvents": in(func(ctx context.Context, tx *store.Tx) error {
			gerr := errors.Join(gone(ctx, tx), tx.AddEvent(ctx, identity.Event{Kind: "late", At: later}))
			_, err := tx.DropEvents(ctx)
			return errors.Join(gerr, err)
		}),
	})
}

// gone takes a tenant out and removes all of it.
func gone(ctx context.Context, tx *store.Tx) error {
	if err := tx.Leave(ctx, noon); err != nil {
		return err
	}
	for n := int64(1); n > 0; {
		var err error
		if n, err = tx.Remove(ctx, noon); err != nil {
			return err
		}
	}
	return tx.Gone(ctx)
}

// Of a tenant that is gone no table has a row, and every table had one: a new
// one is filled, and removed, or fails here.
//
// Proves: G1, 5.6
func TestNothingIsLeftOfATenant(t *testing.T) {
	storetest.EachAddress(t, func(t *testing.T, address string) {
		s, raw := storetest.Open(t, address), rawDB(t, address)
		acme, twin := storetest.Twins(t, s)
		fill(t, acme)
		fill(t, twin)
		tables := append([]string{"slugs"}, scopedTables...)
		for _, table := range tables {
			if dump(t, raw, []string{table}, `tenant_id = $1`, string(acme.ID())) == "" && table != "secrets" && table != "moves" {
				t.Errorf("the world of the twins has nothing in %s", table)
			}
		}
		other := dump(t, raw, tables, `tenant_id <> $1`, string(acme.ID()))
		change(t, acme, gone)
		if left := dump(t, raw, tables, `tenant_id = $1`, string(acme.ID())); left != "" {
			t.Errorf("left: %s", left)
		}
		if dump(t, raw, tables, `tenant_id <> $1`, string(acme.ID())) != other {
			t.Error("rows of another tenant are gone too")
		}
	})
}

// Whoever does not mark a tenant first removes nothing of it.
//
// Proves: G1, 5.6
func TestOnlyWhatLeavesIsRemoved(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		acme, _ := storetest.Twins(t, s)
		fill(t, acme)
		for name, act := range map[string]func(context.Context, *store.Tx) error{
			"a piece":    func(ctx context.Context, tx *store.Tx) error { _, err := tx.Remove(ctx, noon); return err },
			"the rest":   func(ctx context.Context, tx *store.Tx) error { return tx.Gone(ctx) },
			"somebody's": func(ctx context.Context, tx *store.Tx) error { return tx.TakeMove(ctx, later, later) },
			"what is left": func(ctx context.Context, tx *store.Tx) error {
				if err := tx.Leave(ctx, noon); err != nil {
					return err
				}
				return tx.Gone(ctx)
			},
		} {
			err := acme.Tx(t.Context(), func(tx *store.Tx) error { return act(t.Context(), tx) })
			if !errors.Is(err, problem.NotFound) {
				t.Errorf("%s: %v", name, err)
			}
		}
		dropped := int64(1)
		change(t, acme, func(ctx context.Context, tx *store.Tx) (err error) {
			dropped, err = tx.DropEvents(ctx)
			return err
		})
		if dropped != 0 {
			t.Errorf("%d events of a tenant that is there were dropped", dropped)
		}
	})
}

// What is on its way out is not set any more, by nobody who found it before.
//
// Proves: G1, 5.6
func TestWhatLeavesIsNotSet(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		acme, twin := storetest.Twins(t, s)
		before, err := acme.Get(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		change(t, acme, func(ctx context.Context, tx *store.Tx) error { return tx.Leave(ctx, noon) })
		after := before
		after.Name = "Open again"
		set := func(in store.Tenant) error {
			return in.Tx(t.Context(), func(tx *store.Tx) error { return tx.Set(t.Context(), after) })
		}
		if err := set(acme); !errors.Is(err, problem.NotFound) {
			t.Errorf("set: %v", err)
		}
		if row, err := acme.Get(t.Context()); err != nil || row != before {
			t.Errorf("it is %+v, %v", row, err)
		}
		if moving, err := acme.Moving(t.Context()); err != nil || !moving {
			t.Errorf("on its way: %v, %v", moving, err)
		}
		if err := set(twin); err != nil {
			t.Errorf("another: %v", err)
		}
		if moving, err := twin.Moving(t.Context()); err != nil || moving {
			t.Errorf("another on its way: %v, %v", moving, err)
		}
	})
}

// A move belongs to whoever was at it last, until they have been silent.
//
// Proves: G1, 5.6
func TestMovesAreTakenOver(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		acme, twin := storetest.Twins(t, s)
		change(t, acme, func(ctx context.Context, tx *store.Tx) error { return tx.Leave(ctx, noon) })
		change(t, twin, func(ctx context.Context, tx *store.Tx) error { return tx.Leave(ctx, time.Time{}) })
		idle := func(before time.Time) string {
			ids, err := s.IdleMoves(t.Context(), before)
			if err != nil {
				t.Fatal(err)
			}
			var names []string
			for _, id := range ids {
				names = append(names, map[identity.TenantID]string{acme.ID(): "acme", twin.ID(): "twin"}[id])
			}
			return strings.Join(names, " ")
		}
		if got := idle(noon); got != "twin" {
			t.Errorf("nobody is at %q, want twin", got)
		}
		if got := idle(later); got != "acme twin" {
			t.Errorf("later nobody is at %q, want both", got)
		}
		take := func() error {
			return acme.Tx(t.Context(), func(tx *store.Tx) error { return tx.TakeMove(t.Context(), noon.Add(time.Second), later) })
		}
		if err := take(); err != nil {
			t.Error(err)
		}
		if err := take(); !errors.Is(err, problem.NotFound) {
			t.Errorf("taken twice: %v", err)
		}
	})
}
