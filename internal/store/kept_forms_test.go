package store_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/store"
	"github.com/vestibule-id/vestibule/internal/store/storetest"
)

// What was kept is there for its user alone, to the microsecond, and cannot be
// read where it rests.
//
// Proves: W10, 3.3
func TestKeptForms(t *testing.T) {
	storetest.EachAddress(t, func(t *testing.T, address string) {
		s := storetest.Open(t, address)
		acme, twin := storetest.Twins(t, s)
		for _, tenant := range []store.Tenant{acme, twin} {
			change(t, tenant, func(ctx context.Context, tx *store.Tx) error {
				return errors.Join(tx.AddUser(ctx, ann(), ""), tx.AddUser(ctx, identity.User{ID: "usr_bob"}, ""))
			})
		}
		end := noon.Add(time.Hour)
		fields := map[string]string{"name": "Zanzibar", "empty": ""}
		change(t, acme, func(ctx context.Context, tx *store.Tx) error {
			return tx.KeepForm(ctx, identity.KeptForm{ID: "frm_1", User: "usr_ann", Page: "/settings", Fields: fields, ExpiresAt: end})
		})
		for _, row := range []struct {
			name   string
			tenant store.Tenant
			user   identity.UserID
			id     identity.KeptFormID
			now    time.Time
			there  bool
		}{
			{"its user", acme, "usr_ann", "frm_1", end.Add(-time.Microsecond), true},
			{"too late", acme, "usr_ann", "frm_1", end, false},
			{"another user", acme, "usr_bob", "frm_1", noon, false},
			{"another tenant", twin, "usr_ann", "frm_1", noon, false},
			{"another form", acme, "usr_ann", "frm_2", noon, false},
		} {
			got, err := row.tenant.KeptForm(t.Context(), row.user, row.id, row.now)
			if row.there != (err == nil) || err != nil && !errors.Is(err, problem.NotFound) {
				t.Errorf("%s: %v", row.name, err)
			}
			if row.there && (got.Page != "/settings" || !got.ExpiresAt.Equal(end) || !maps.Equal(got.Fields, fields)) {
				t.Errorf("%s: %+v", row.name, got)
			}
		}
		raw := rawDB(t, address)
		if text := dump(t, raw, []string{"kept_forms"}, `tenant_id = $1`, string(acme.ID())); strings.Contains(text, "Zanzibar") {
			t.Errorf("not sealed: %s", text)
		}
		rawExec(t, raw, `UPDATE kept_forms SET user_id = 'usr_bob'`)
		if _, err := acme.KeptForm(t.Context(), "usr_bob", "frm_1", noon); err == nil {
			t.Error("a form moved to another user opens")
		}
	})
}

// The oldest make room for the newest, and what is over goes.
//
// Proves: 3.3
func TestKeptFormsDoNotPileUp(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		acme := storetest.AddTenant(t, s, "acme", identity.Workspace)
		keep := func(id int, user identity.UserID) {
			t.Helper()
			change(t, acme, func(ctx context.Context, tx *store.Tx) error {
				return tx.KeepForm(ctx, identity.KeptForm{ID: identity.KeptFormID(fmt.Sprintf("frm_%03d", id)), User: user, ExpiresAt: noon.Add(time.Duration(id) * time.Minute)})
			})
		}
		change(t, acme, func(ctx context.Context, tx *store.Tx) error {
			return errors.Join(tx.AddUser(ctx, ann(), ""), tx.AddUser(ctx, identity.User{ID: "usr_bob"}, ""))
		})
		count := func() (n int) {
			t.Helper()
			for id := range 200 {
				for _, user := range []identity.UserID{"usr_ann", "usr_bob"} {
					if _, err := acme.KeptForm(t.Context(), user, identity.KeptFormID(fmt.Sprintf("frm_%03d", id)), time.UnixMicro(1)); err == nil {
						n++
					}
				}
			}
			return n
		}
		keep(150, "usr_bob")
		for id := range 25 {
			keep(id+1, "usr_ann")
		}
		if _, err := acme.KeptForm(t.Context(), "usr_ann", "frm_005", noon); !errors.Is(err, problem.NotFound) {
			t.Errorf("the sixth is still there (%v)", err)
		}
		if n := count(); n != 21 {
			t.Errorf("%d forms, want 20 of Ann's and Bob's", n)
		}
		for _, row := range []struct{ limit, want int }{{3, 18}, {100, 16}} {
			change(t, acme, func(ctx context.Context, tx *store.Tx) error {
				_, err := tx.SweepKeptForms(ctx, noon.Add(10*time.Minute), row.limit)
				return err
			})
			if n := count(); n != row.want {
				t.Errorf("%d forms after sweeping %d, want %d", n, row.limit, row.want)
			}
		}
	})
}
