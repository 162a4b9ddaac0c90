package store_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/store"
	"github.com/vestibule-id/vestibule/internal/store/storetest"
)

// The statement that spends a link asks for everything itself.
//
// Proves: 4.1
func TestUseLink(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		other := identity.LinkID("lnk_000000000000000000000000000000ff")
		for i, row := range []struct {
			name   string
			before func(ctx context.Context, tx *store.Tx) error
			now    time.Time
			id     identity.LinkID
			of     identity.LinkPurpose
			ok     bool
		}{
			{name: "alive", ok: true},
			{name: "in its last microsecond", now: noon.Add(time.Hour - time.Microsecond), ok: true},
			{name: "at its end", now: noon.Add(time.Hour)},
			{name: "of another purpose", of: identity.InvitationLink},
			{name: "another one", id: other},
			{name: "opened before", before: func(ctx context.Context, tx *store.Tx) error { return tx.OpenLink(ctx, aLinkID, noon) }, ok: true},
			{name: "used before", before: func(ctx context.Context, tx *store.Tx) error {
				_, err := tx.UseLink(ctx, identity.ResetLink, aLinkID, identity.Active, noon)
				return err
			}},
			{name: "replaced", before: func(ctx context.Context, tx *store.Tx) error {
				return tx.ReplaceLink(ctx, identity.Link{ID: other, User: "usr_ann", Purpose: identity.ResetLink, CreatedAt: noon, ExpiresAt: later})
			}},
			{name: "ended", before: func(ctx context.Context, tx *store.Tx) error { return tx.EndLinks(ctx, "usr_ann", noon) }},
			{name: "of a deactivated user", before: func(ctx context.Context, tx *store.Tx) error {
				return tx.SetStatus(ctx, "usr_ann", identity.Deactivated)
			}},
			{name: "of an invited user", before: func(ctx context.Context, tx *store.Tx) error { return tx.SetStatus(ctx, "usr_ann", identity.Invited) }},
			{name: "after another password", before: func(ctx context.Context, tx *store.Tx) error { return tx.SetPassword(ctx, "usr_ann", 0, aHash, false) }},
			{name: "after another address", before: func(ctx context.Context, tx *store.Tx) error {
				after := ann()
				after.Email = identity.EmailAddress{Typed: "a2@x.test", Folded: "a2@x.test"}
				return tx.SetUser(ctx, ann(), after, noon)
			}},
			{name: "after another name", before: func(ctx context.Context, tx *store.Tx) error { return tx.Rename(ctx, "usr_ann", "Anna") }, ok: true},
			{name: "of a suspended tenant", before: func(ctx context.Context, tx *store.Tx) error {
				return tx.Set(ctx, identity.Tenant{Name: "Acme", Style: identity.Workspace, Status: identity.TenantSuspended})
			}},
		} {
			t.Run(row.name, func(t *testing.T) {
				acme := storetest.AddTenant(t, s, fmt.Sprintf("acme-%d", i), identity.Workspace)
				change(t, acme, func(ctx context.Context, tx *store.Tx) error {
					return errors.Join(tx.AddUser(ctx, ann(), aHash), tx.ReplaceLink(ctx, identity.Link{
						ID: aLinkID, User: "usr_ann", Purpose: identity.ResetLink, CreatedAt: noon, ExpiresAt: noon.Add(time.Hour), Data: "data"}))
				})
				if row.before != nil {
					change(t, acme, row.before)
				}
				id, of, now := aLinkID, identity.ResetLink, noon
				if row.id != "" {
					id = row.id
				}
				if row.of != "" {
					of = row.of
				}
				if !row.now.IsZero() {
					now = row.now
				}
				err := acme.Tx(t.Context(), func(tx *store.Tx) error {
					l, err := tx.UseLink(t.Context(), of, id, identity.Active, now)
					if err == nil && (l.User != "usr_ann" || l.Data != "data") {
						t.Errorf("%+v", l)
					}
					return err
				})
				if row.ok && err != nil || !row.ok && !errors.Is(err, problem.NotFound) {
					t.Errorf("%v, want %v", err, row.ok)
				}
			})
		}
	})
}

// Another password and another address do not take back the way back.
//
// Proves: 4.1
func TestUndoLinksOutliveWhatThievesDo(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		acme, _ := storetest.Twins(t, s)
		change(t, acme, func(ctx context.Context, tx *store.Tx) error {
			after := ann()
			after.Email = identity.EmailAddress{Typed: "thief@x.test", Folded: "thief@x.test"}
			return errors.Join(tx.AddUser(ctx, ann(), aHash),
				tx.ReplaceLink(ctx, identity.Link{ID: aLinkID, User: "usr_ann", Purpose: identity.UndoLink, CreatedAt: noon, ExpiresAt: later, Data: "ann@x.test"}),
				tx.SetUser(ctx, ann(), after, noon), tx.SetPassword(ctx, "usr_ann", 0, aHash, false), tx.EndLinks(ctx, "usr_ann", noon))
		})
		change(t, acme, func(ctx context.Context, tx *store.Tx) error {
			l, err := tx.UseLink(ctx, identity.UndoLink, aLinkID, identity.Active, noon)
			if l.Data != "ann@x.test" {
				t.Errorf("leads back to %q", l.Data)
			}
			return err
		})
	})
}

// Letters that somebody else asks for are counted by address, and told when
// the next may go.
//
// Proves: W7, Q5, 5.2
func TestReserveCaused(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		acme, other := storetest.Twins(t, s)
		reserve := func(in store.Tenant, address string, now time.Time) (until time.Time) {
			t.Helper()
			change(t, in, func(ctx context.Context, tx *store.Tx) (err error) {
				until, err = tx.ReserveCaused(ctx, address, now)
				return err
			})
			return until
		}
		for n := range policy.CausedAnHour {
			if until := reserve(acme, "ann@x.test", noon.Add(time.Duration(n)*time.Minute)); !until.IsZero() {
				t.Errorf("letter %d waits until %s", n, until)
			}
		}
		late := noon.Add(59 * time.Minute)
		if until := reserve(acme, "ann@x.test", late); !until.Equal(noon.Add(time.Hour)) {
			t.Errorf("the next letter waits until %s", until)
		}
		for name, until := range map[string]time.Time{"another address": reserve(acme, "bob@x.test", late), "another tenant": reserve(other, "ann@x.test", late),
			"an hour after the first": reserve(acme, "ann@x.test", noon.Add(time.Hour))} {
			if !until.IsZero() {
				t.Errorf("%s waits until %s", name, until)
			}
		}
		if until := reserve(acme, "ann@x.test", noon.Add(time.Hour)); !until.Equal(noon.Add(61 * time.Minute)) {
			t.Errorf("one was free, and the next waits until %s", until)
		}
	})
}

// At most three letters in any hour, whenever it begins.
//
// Proves: 4.2
func TestReserveLetter(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		acme, _ := storetest.Twins(t, s)
		var sent []time.Time
		for minute := range 300 {
			now := noon.Add(time.Duration(minute) * time.Minute)
			change(t, acme, func(ctx context.Context, tx *store.Tx) error {
				ok, err := tx.ReserveLetter(ctx, "usr_ann", identity.ResetLink, now)
				if ok {
					sent = append(sent, now)
				}
				return err
			})
		}
		for i := 3; i < len(sent); i++ {
			if sent[i].Sub(sent[i-3]) < time.Hour {
				t.Errorf("four letters from %s to %s", sent[i-3], sent[i])
			}
		}
		if len(sent) != 15 {
			t.Errorf("%d letters in five hours, want 15", len(sent))
		}
	})
}
