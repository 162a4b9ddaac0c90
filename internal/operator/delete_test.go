package operator_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/internal/audit"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/operator"
	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/store"
	"github.com/vestibule-id/vestibule/internal/store/storetest"
)

// crowded gives a tenant so many users, with addresses and a line of its trail
// each.
func crowded(t *testing.T, tenant store.Tenant, users int) {
	t.Helper()
	err := tenant.Tx(t.Context(), func(tx *store.Tx) error {
		for i := range users {
			email := "person" + strings.Repeat("x", i%7) + string(identity.NewUserID()) + "@x.test"
			u := identity.User{ID: identity.NewUserID(), Email: identity.EmailAddress{Typed: email, Folded: email},
				Role: identity.Member, Status: identity.Active, CreatedAt: noon}
			err := errors.Join(tx.AddUser(t.Context(), u, ""), tx.AddEvent(t.Context(), identity.Event{Kind: identity.EventUserCreated, User: u.ID, At: noon}))
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func seal(t *testing.T, s *store.Store) {
	t.Helper()
	if err := (&audit.Sealer{Store: s}).Seal(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// Proves: G1, 5.6
func TestDeleteTenant(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		svc := service(s)
		acme, err := svc.CreateTenant(t.Context(), "acme", "Acme", identity.Email)
		if err != nil {
			t.Fatal(err)
		}
		twin := storetest.AddTenant(t, s, "twin", identity.Workspace)
		crowded(t, s.Tenant(acme.ID), store.RemovePiece+1)
		seal(t, s)
		crowded(t, s.Tenant(acme.ID), 1) // its event has no place yet
		crowded(t, twin, 3)
		alive := signedIn(t, s.Tenant(acme.ID))
		var told []int64
		deleted, err := svc.DeleteTenant(t.Context(), " ACME ", func(done, total int64) { told = append(told, done, total) })
		if err != nil || deleted.ID != acme.ID || deleted.Slug != "acme" {
			t.Fatalf("%+v, %v", deleted, err)
		}
		if len(told) == 0 || told[len(told)-2] > told[len(told)-1] {
			t.Errorf("progress %v", told)
		}
		if alive() {
			t.Error("a session goes on")
		}
		if _, err := s.Tenant(acme.ID).Get(t.Context()); !errors.Is(err, problem.NotFound) {
			t.Errorf("the tenant: %v", err)
		}
		if users, err := twin.Users(t.Context(), "", 9); err != nil || len(users) != 3 {
			t.Errorf("another tenant has %d users, %v", len(users), err)
		}
		if list := events(t, s.Tenant(acme.ID)); len(list) > 0 {
			t.Errorf("%d events are left", len(list))
		}
		list := events(t, s.Nowhere())
		if len(list) != 1 || list[0].Kind != identity.EventTenantDeleted || list[0].Detail["slug"] != "acme" || list[0].Detail["tenant"] != string(acme.ID) {
			t.Errorf("the operator's events %+v", list)
		}
		if _, err := svc.DeleteTenant(t.Context(), "acme", nil); !errors.Is(err, operator.ErrNoTenant) {
			t.Errorf("again: %v", err)
		}
		if _, err := svc.CreateTenant(t.Context(), "acme", "Acme", identity.Email); err != nil {
			t.Errorf("the slug is not free: %v", err)
		}
	})
}

// A closed tenant is gone for everybody at once; its rows follow.
//
// Proves: G1, 5.6
func TestAClosedTenantIsGoneAtOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		svc := service(s)
		acme := storetest.AddTenant(t, s, "acme", identity.Email)
		crowded(t, acme, 3)
		alive := signedIn(t, acme)
		users, err := acme.Users(t.Context(), "", 1)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := svc.CloseTenant(t.Context(), "acme"); err != nil {
			t.Fatal(err)
		}
		if alive() {
			t.Error("a session goes on")
		}
		if _, err := s.TenantBySlug(t.Context(), "acme"); !errors.Is(err, problem.NotFound) {
			t.Errorf("found by its slug: %v", err)
		}
		if ids, _, err := s.TenantsByAddress(t.Context(), users[0].Email.Folded); err != nil || len(ids) > 0 {
			t.Errorf("found by an address: %v, %v", ids, err)
		}
		grant := func(tx *store.Tx) error {
			return tx.SignIn(t.Context(), users[0].ID, users[0].Credential, noon)
		}
		if err := acme.Tx(t.Context(), grant); !errors.Is(err, problem.NotFound) {
			t.Errorf("who had found it before signs in: %v", err)
		}
		if err := svc.TidyMoves(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := acme.Get(t.Context()); !errors.Is(err, problem.NotFound) {
			t.Errorf("the tenant is still there: %v", err)
		}
	})
}

// What a killed deletion has left is removed by others, once it is taken for
// dead and not before.
//
// Proves: G1, 5.6
func TestAKilledDeletionIsFinished(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		now := noon
		svc := service(s)
		svc.Now = func() time.Time { return now }
		acme := storetest.AddTenant(t, s, "acme", identity.Workspace)
		crowded(t, acme, 2*store.RemovePiece)
		ctx, kill := context.WithCancel(t.Context())
		if _, err := svc.DeleteTenant(ctx, "acme", func(int64, int64) { kill() }); !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		for _, step := range []struct {
			name  string
			after time.Duration
			left  bool
		}{
			{"while it may live", time.Minute, true},
			{"once it is dead", 2 * time.Minute, false},
		} {
			now = now.Add(step.after)
			if err := svc.TidyMoves(t.Context()); err != nil {
				t.Fatal(err)
			}
			if _, err := acme.Get(t.Context()); errors.Is(err, problem.NotFound) == step.left {
				t.Errorf("%s: %v", step.name, err)
			}
		}
	})
}

// What was under way in a tenant when it went does not stay.
//
// Proves: G1, 5.6
func TestALateEventGoesToo(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		acme, twin := storetest.Twins(t, s)
		late := func(tenant store.Tenant) {
			err := tenant.Tx(t.Context(), func(tx *store.Tx) error {
				return tx.AddEvent(t.Context(), identity.Event{Kind: identity.EventLoginFail, Result: "x", At: noon})
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		if _, err := service(s).DeleteTenant(t.Context(), "acme", nil); err != nil {
			t.Fatal(err)
		}
		late(acme)
		late(twin)
		seal(t, s)
		if list := events(t, acme); len(list) > 0 {
			t.Errorf("left of a tenant that is gone: %+v", list)
		}
		if list := events(t, twin); len(list) != 1 {
			t.Errorf("of another: %+v", list)
		}
	})
}

// Two who delete, and a sealer who gives events their places meanwhile, are not
// in each other's way.
//
// Proves: G1, 5.6
func TestDeletionBesideOthers(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		acme := storetest.AddTenant(t, s, "acme", identity.Workspace)
		crowded(t, acme, store.RemovePiece+10)
		var all sync.WaitGroup
		errs := make([]error, 2)
		for i := range errs {
			all.Go(func() { _, errs[i] = service(s).DeleteTenant(t.Context(), "acme", nil) })
		}
		ended := make(chan struct{})
		var sealing sync.WaitGroup
		sealing.Go(func() {
			for {
				select {
				case <-ended:
					return
				default:
					if err := (&audit.Sealer{Store: s}).Seal(t.Context()); err != nil {
						t.Error(err)
						return
					}
				}
			}
		})
		all.Wait()
		close(ended)
		sealing.Wait()
		if (errs[0] == nil) == (errs[1] == nil) || !errors.Is(errors.Join(errs...), operator.ErrNoTenant) {
			t.Errorf("one deletes, the other finds nothing: %v", errs)
		}
		seal(t, s)
		if list := events(t, acme); len(list) > 0 {
			t.Errorf("%d events are left", len(list))
		}
		if head, err := acme.ChainHead(t.Context()); err != nil || head.Place != 0 {
			t.Errorf("a chain is left: %+v, %v", head, err)
		}
	})
}
