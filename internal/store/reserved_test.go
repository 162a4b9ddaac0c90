package store_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/store"
	"github.com/vestibule-id/vestibule/internal/store/storetest"
)

// However an address comes into the tenant: none gets in to which a link of
// somebody else's leads back, until the link is over.
//
// Proves: 5.1, 4.1
func TestAddressesThatLinksLeadBackToAreKept(t *testing.T) {
	former := identity.EmailAddress{Typed: "ann@x.test", Folded: "ann@x.test"}
	ways := map[string]func(context.Context, *store.Tx, time.Time) error{
		"added": func(ctx context.Context, tx *store.Tx, now time.Time) error {
			return tx.AddUser(ctx, identity.User{ID: "usr_eve", Email: former, CreatedAt: now}, "")
		},
		"set": func(ctx context.Context, tx *store.Tx, now time.Time) error {
			bob := identity.User{ID: "usr_bob"}
			after := bob
			after.Email = former
			return tx.SetUser(ctx, bob, after, now)
		},
		"imported": func(ctx context.Context, tx *store.Tx, now time.Time) error {
			staged := tx.Stage("imp_1", []store.UserHash{{User: identity.User{ID: "usr_eve", Email: former}}})
			return errors.Join(tx.StartImport(ctx, "imp_1", now), tx.AddImported(ctx, "imp_1", staged, now))
		},
	}
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		n := 0
		for name, way := range ways {
			for _, row := range []struct {
				name string
				now  time.Time
				end  func(context.Context, *store.Tx) error
				want error
			}{
				{name: "while it lives", now: later.Add(-time.Microsecond), want: problem.Exists},
				{name: "at its end", now: later},
				{name: "ended", now: noon, end: func(ctx context.Context, tx *store.Tx) error {
					return tx.EndLink(ctx, "usr_ann", identity.UndoLink, noon)
				}},
				{name: "used", now: noon, end: func(ctx context.Context, tx *store.Tx) error {
					_, err := tx.UseLink(ctx, identity.UndoLink, aLinkID, identity.Active, noon)
					return err
				}},
				{name: "its user gone", now: noon, end: func(ctx context.Context, tx *store.Tx) error {
					u, err := tx.User(ctx, "usr_ann")
					return errors.Join(err, tx.DeleteUser(ctx, u))
				}},
			} {
				n++
				acme := storetest.AddTenant(t, s, fmt.Sprintf("acme-%d", n), identity.Workspace)
				change(t, acme, func(ctx context.Context, tx *store.Tx) error {
					after := ann()
					after.Email = identity.EmailAddress{Typed: "thief@x.test", Folded: "thief@x.test"}
					return errors.Join(tx.AddUser(ctx, ann(), aHash), tx.AddUser(ctx, identity.User{ID: "usr_bob"}, ""),
						tx.SetUser(ctx, ann(), after, noon), tx.ReplaceLink(ctx, identity.Link{
							ID: aLinkID, User: "usr_ann", Purpose: identity.UndoLink, CreatedAt: noon, ExpiresAt: later, Data: "Ann@X.test"}))
				})
				if row.end != nil {
					change(t, acme, row.end)
				}
				taken, err := acme.Taken(t.Context(), []string{"ann@x.test", "free@x.test"}, nil, row.now)
				if err != nil || taken["ann@x.test"] != (row.want != nil) || taken["free@x.test"] {
					t.Errorf("%s, %s: taken are %v (%v)", name, row.name, taken, err)
				}
				err = acme.Tx(t.Context(), func(tx *store.Tx) error { return way(t.Context(), tx, row.now) })
				if !errors.Is(err, row.want) || row.want == nil && err != nil {
					t.Errorf("%s, %s: %v, want %v", name, row.name, err, row.want)
				}
			}
		}
	})
}
