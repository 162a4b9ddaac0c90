package store_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/store"
	"github.com/vestibule-id/vestibule/internal/store/storetest"
)

func listed(id, name, email, extension, role string, status identity.UserStatus) identity.User {
	return identity.User{ID: identity.UserID("usr_" + id), Name: name, Email: identity.EmailAddress{Typed: email, Folded: email},
		Extension: extension, Role: role, Status: status, CreatedAt: noon}
}

// Proves: G2, 5.2
func TestFindUsers(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		acme, twin := storetest.Twins(t, s)
		for _, tenant := range []store.Tenant{acme, twin} {
			change(t, tenant, func(ctx context.Context, tx *store.Tx) error {
				for _, u := range []identity.User{
					listed("1", "Élodie Zahn", "ez@x.test", "201", "user", identity.Active),
					listed("2", "bob Arm", "bob@x.test", "", "manager", identity.Active),
					listed("3", "Ann 100%", "ann_lee@x.test", "2015", "user", identity.Invited),
					listed("4", "ann Lee", "annxlee@x.test", "", "admin", identity.Deactivated),
					listed("5", "", "new@y.test", "33", "user", identity.Invited),
				} {
					if err := tx.AddUser(ctx, u, ""); err != nil {
						return err
					}
				}
				for i, id := range []identity.UserID{"usr_2", "usr_1"} {
					if err := tx.SignIn(ctx, id, 0, noon.Add(time.Duration(i+1)*time.Hour)); err != nil {
						return err
					}
				}
				// What an import brings is not there before it is finished.
				if err := tx.StartImport(ctx, "imp_1", noon); err != nil {
					return err
				}
				return tx.AddImported(ctx, "imp_1", tx.Stage("imp_1", []store.UserHash{imported("usr_9")}), noon)
			})
		}
		for _, row := range []struct {
			name string
			q    store.UserQuery
			ids  string
		}{
			{"all, by name", store.UserQuery{}, "5 3 4 2 1"},
			{"the newest first", store.UserQuery{Sort: store.ByAge}, "5 4 3 2 1"},
			{"who signed in last", store.UserQuery{Sort: store.BySeen}, "1 2 5 4 3"},
			{"a role", store.UserQuery{Role: "user"}, "5 3 1"},
			{"a status", store.UserQuery{Status: identity.Invited}, "5 3"},
			{"both", store.UserQuery{Role: "user", Status: identity.Active}, "1"},
			{"part of a name", store.UserQuery{Search: "ann"}, "3 4"},
			{"in the middle of one", store.UserQuery{Search: "arm"}, "2"},
			{"accents", store.UserQuery{Search: identity.FoldSearch("ÉLO")}, "1"},
			{"part of an address", store.UserQuery{Search: "@y.t"}, "5"},
			{"the beginning of an extension", store.UserQuery{Search: "201", Sort: store.ByAge}, "3 1"},
			{"not its middle", store.UserQuery{Search: "015"}, ""},
			{"a per cent sign is one", store.UserQuery{Search: "0%"}, "3"},
			{"an underscore is one", store.UserQuery{Search: "n_l"}, "3"},
			{"a backslash is one", store.UserQuery{Search: `\`}, ""},
			{"searched, filtered and sorted", store.UserQuery{Search: "x.test", Role: "user", Sort: store.BySeen}, "1 3"},
		} {
			t.Run(row.name, func(t *testing.T) {
				for _, page := range []int{1, 2, 9} {
					var ids []string
					for q := row.q; ; {
						q.Limit = page
						list, err := acme.FindUsers(t.Context(), q)
						if err != nil {
							t.Fatal(err)
						}
						for _, u := range list {
							ids, q.After = append(ids, strings.TrimPrefix(string(u.ID), "usr_")), u
						}
						if len(list) < page {
							break
						}
					}
					if got := strings.Join(ids, " "); got != row.ids {
						t.Errorf("pages of %d: %q, want %q", page, got, row.ids)
					}
				}
			})
		}
		n, err := acme.CountUsers(t.Context(), noon)
		if want := (store.UserCounts{Active: 2, Invited: 2, Deactivated: 1}); err != nil || n != want {
			t.Errorf("counts %+v, %v", n, err)
		}
		for i := range 2 {
			lane := fullLane
			lane.Subject = fmt.Sprint("subject ", i)
			if _, err := acme.ReserveTry(t.Context(), []store.Lane{lane}, noon); err != nil {
				t.Fatal(err)
			}
		}
		change(t, acme, func(ctx context.Context, tx *store.Tx) error { // no name's, but an hour's share of letters
			_, err := tx.ReserveLetter(ctx, "usr_1", identity.ResetLink, noon)
			return err
		})
		if n, err = acme.CountUsers(t.Context(), noon); err != nil || n.Waiting != 2 {
			t.Errorf("waiting: %+v, %v", n, err)
		}
		if n, err = acme.CountUsers(t.Context(), noon.Add(10000*time.Hour)); err != nil || n.Waiting != 0 {
			t.Errorf("waiting for ever: %+v, %v", n, err)
		}
	})
}

// Proves: G4, 5.2
func TestUserEvents(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		acme, twin := storetest.Twins(t, s)
		for _, tenant := range []store.Tenant{acme, twin} {
			change(t, tenant, func(ctx context.Context, tx *store.Tx) error {
				for i := range 4 {
					e := identity.Event{ID: identity.EventID(fmt.Sprint("evt_", i)), Kind: fmt.Sprint(tenant.ID(), i), User: "usr_ann", At: noon}
					if i == 1 {
						e.User = "usr_bob"
					}
					if err := tx.AddEvent(ctx, e); err != nil {
						return err
					}
				}
				return nil
			})
		}
		list, err := acme.UserEvents(t.Context(), "usr_ann", 2)
		if err != nil || len(list) != 2 || list[0].ID != "evt_3" || list[1].ID != "evt_2" || list[0].Kind != fmt.Sprint(acme.ID(), 3) {
			t.Errorf("%+v, %v", list, err)
		}
	})
}
