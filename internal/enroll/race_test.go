package enroll_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/internal/enroll"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/secret"
	"github.com/vestibule-id/vestibule/internal/store"
	"github.com/vestibule-id/vestibule/internal/store/storetest"
)

// people is a text of n users, person1@example.test and on.
func people(n int) string {
	var b strings.Builder
	b.WriteString(header + "\n")
	for i := range n {
		fmt.Fprintf(&b, "person%d@example.test,,Person %d,user,%s,false\n", i+1, i+1, aHash)
	}
	return b.String()
}

// midway is a file of n people and a call in the middle of storing them.
func midway(n int, at func()) (io.Reader, enroll.Options) {
	text := people(n)
	once := sync.Once{}
	size := int64(len(text))
	return strings.NewReader(text), enroll.Options{Progress: func(done, total int64) {
		if done > total-size/2 {
			once.Do(at)
		}
	}}
}

const manyPeople = 5 * store.ImportPiece

// Somebody else, even at another node, sees nobody while an import runs and
// everybody when it has ended; who looks is not kept waiting either.
//
// Proves: 2.4
func TestAnImportIsInvisibleUntilItIsWhole(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		tenant := storetest.AddTenant(t, s, "acme", identity.Workspace)
		looked := false
		file, o := midway(manyPeople, func() {
			looked = true
			taken, err := tenant.Taken(t.Context(), []string{"person1@example.test"}, nil, time.Time{})
			if err != nil || len(taken) != 1 {
				t.Errorf("nothing is stored in the middle: %v", err)
			}
			if list := users(t, tenant); len(list) != 0 {
				t.Errorf("%d users are seen in the middle", len(list))
			}
			if _, err := tenant.UserByEmail(t.Context(), "person1@example.test"); !errors.Is(err, problem.NotFound) {
				t.Errorf("the first is found in the middle: %v", err)
			}
			c, err := tenant.CandidateByEmail(t.Context(), "person1@example.test", secret.DefaultParams)
			if err != nil || c.User.ID != "" {
				t.Errorf("the first may sign in in the middle: %v", err)
			}
			add(t, tenant, "new@x.test", "") // others work meanwhile
		})
		r, err := svc.Import(t.Context(), tenant, operator, file, o, identity.Peer{})
		if err != nil || r.Imported != manyPeople || !looked {
			t.Fatalf("%+v, %v", r, err)
		}
		if list := users(t, tenant); len(list) != manyPeople+1 {
			t.Errorf("%d users in the end", len(list))
		}
		settled(t, tenant)
	})
}

// settled: tidying takes marks off, and changes nothing that anybody sees.
func settled(t *testing.T, tenant store.Tenant) {
	t.Helper()
	before := len(users(t, tenant))
	for range 2 {
		if err := svc.Tidy(t.Context(), tenant); err != nil {
			t.Fatal(err)
		}
	}
	n, err := tenant.FinishedImports(t.Context())
	if err != nil || n != 0 || len(users(t, tenant)) != before {
		t.Errorf("%d finished imports, %d users instead of %d, %v", n, len(users(t, tenant)), before, err)
	}
}

// Proves: 2.4
func TestACancelledImportLeavesNothing(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		tenant := storetest.AddTenant(t, s, "acme", identity.Workspace)
		ctx, cancel := context.WithCancel(t.Context())
		file, o := midway(manyPeople, cancel)
		r, err := svc.Import(ctx, tenant, operator, file, o, identity.Peer{})
		if !errors.Is(err, context.Canceled) || r.Imported != 0 {
			t.Fatalf("%+v, %v", r, err)
		}
		nothingLeft(t, s, tenant)
		if r, err := bring(t, tenant, people(3), enroll.Options{}); err != nil || r.Imported != 3 {
			t.Errorf("once more: %+v, %v", r, err)
		}
	})
}

// Somebody is given an address of the file after the file was checked.
//
// Proves: 2.4
func TestAnAddressTakenMeanwhile(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		last := fmt.Sprintf("person%d@example.test", manyPeople)
		for slug, partial := range map[string]bool{"whole": false, "partial": true} {
			tenant := storetest.AddTenant(t, s, slug, identity.Workspace)
			file, o := midway(manyPeople, func() { add(t, tenant, last, "") })
			o.Partial = partial
			r, err := svc.Import(t.Context(), tenant, operator, file, o, identity.Peer{})
			if len(r.Lines) != 1 || r.Lines[0].Number != manyPeople+1 || !strings.Contains(r.Lines[0].Message, "this address already") {
				t.Fatalf("%s: %+v, %v", slug, r, err)
			}
			want := 1
			if partial {
				want = manyPeople
			}
			if errors.Is(err, enroll.ErrRefused) == partial || len(users(t, tenant)) != want {
				t.Errorf("%s: %v, %d users", slug, err, len(users(t, tenant)))
			}
		}
	})
}

// Of two imports at once one is whole, and the other says why it is not.
//
// Proves: 2.4
func TestTwoImportsAtOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		for round := range 5 {
			tenant := storetest.AddTenant(t, s, fmt.Sprintf("acme%d", round), identity.Workspace)
			var reports [2]enroll.Report
			var errs [2]error
			var both sync.WaitGroup
			for i := range 2 {
				both.Go(func() {
					reports[i], errs[i] = svc.Import(t.Context(), tenant, operator, strings.NewReader(people(1500)), enroll.Options{}, identity.Peer{})
				})
			}
			both.Wait()
			whole := 0
			for i := range 2 {
				switch {
				case errs[i] == nil && reports[i].Imported == 1500:
					whole++
				case !errors.Is(errs[i], enroll.ErrRunning) && !errors.Is(errs[i], enroll.ErrRefused):
					t.Errorf("%+v, %v", reports[i], errs[i])
				}
			}
			if whole != 1 || len(users(t, tenant)) != 1500 {
				t.Fatalf("%d of two are whole, %d users; %v", whole, len(users(t, tenant)), errs)
			}
		}
	})
}

// An import whose process was killed is in the way for two minutes and is
// gone then; one that only stood still so long ends, and leaves nothing.
//
// Proves: 2.4
func TestADeadImportIsCleared(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		tenant := storetest.AddTenant(t, s, "acme", identity.Workspace)
		at := func(d time.Duration) *enroll.Service {
			return &enroll.Service{Now: func() time.Time { return noon.Add(d) }}
		}
		file, o := midway(manyPeople, func() {
			if err := at(time.Minute).Tidy(t.Context(), tenant); err != nil {
				t.Error(err)
			}
			_, err := at(time.Minute).Import(t.Context(), tenant, operator, strings.NewReader(people(3)), enroll.Options{}, identity.Peer{})
			if !errors.Is(err, enroll.ErrRunning) {
				t.Errorf("beside one that may live: %v", err)
			}
			if err := at(3*time.Minute).Tidy(t.Context(), tenant); err != nil {
				t.Error(err)
			}
			nothingLeft(t, s, tenant)
		})
		r, err := svc.Import(t.Context(), tenant, operator, file, o, identity.Peer{})
		if !errors.Is(err, enroll.ErrGivenUp) || r.Imported != 0 {
			t.Errorf("%+v, %v", r, err)
		}
		nothingLeft(t, s, tenant)
	})
}

// Between looking for dead imports and giving one up it may show that it
// lives; after that nothing brings it back, and what is whole stays whole.
//
// Proves: 2.4
func TestAnImportEndsOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		tenant := storetest.AddTenant(t, s, "acme", identity.Workspace)
		staged := func(id identity.ImportID, email string) store.Staged {
			return tenant.Stage(id, []store.UserHash{{User: identity.User{
				ID: identity.NewUserID(), Email: identity.EmailAddress{Typed: email, Folded: email}, Status: identity.Active, CreatedAt: noon,
			}}})
		}
		start := func(id identity.ImportID, at time.Time) func(*store.Tx) error {
			return func(tx *store.Tx) error { return tx.StartImport(t.Context(), id, at) }
		}
		add := func(id identity.ImportID, email string, at time.Time) func(*store.Tx) error {
			return func(tx *store.Tx) error { return tx.AddImported(t.Context(), id, staged(id, email), at) }
		}
		finish := func(id identity.ImportID) func(*store.Tx) error {
			return func(tx *store.Tx) error { return tx.FinishImport(t.Context(), id, noon) }
		}
		giveUp := func(id identity.ImportID, before time.Time, want bool) func(*store.Tx) error {
			return func(tx *store.Tx) error {
				ok, err := tx.GiveUpImport(t.Context(), id, before)
				if ok != want {
					return fmt.Errorf("given up: %v", ok)
				}
				return err
			}
		}
		drop := func(id identity.ImportID) func(*store.Tx) error {
			return func(tx *store.Tx) error { _, err := tx.DropImported(t.Context(), id); return err }
		}
		for _, row := range []struct {
			name string
			do   func(*store.Tx) error
			err  error
		}{
			{"one starts", start("imp_1", noon), nil},
			{"and adds later", add("imp_1", "ann@x.test", noon.Add(time.Minute)), nil},
			{"so it is not dead", giveUp("imp_1", noon.Add(time.Minute), false), nil},
			{"nor is anything of it dropped", drop("imp_1"), nil},
			{"and it finishes", finish("imp_1"), nil},
			{"once", finish("imp_1"), problem.NotFound},
			{"nothing is added any more", add("imp_1", "bob@x.test", noon), problem.NotFound},
			{"it is not given up", giveUp("imp_1", noon.Add(time.Hour), false), nil},
			{"nor dropped", drop("imp_1"), nil},
			{"another starts", start("imp_2", noon), nil},
			{"and is given up", giveUp("imp_2", noon.Add(time.Hour), true), nil},
			{"it adds nothing", add("imp_2", "cid@x.test", noon), problem.NotFound},
			{"nor finishes", finish("imp_2"), problem.NotFound},
		} {
			if err := tenant.Tx(t.Context(), row.do); !errors.Is(err, row.err) {
				t.Errorf("%s: %v", row.name, err)
			}
		}
		if list := users(t, tenant); len(list) != 1 || list[0].Email.Folded != "ann@x.test" {
			t.Errorf("%d users", len(list))
		}
	})
}

// Who imports is asked once more when all is there: a role that was deleted or
// raised meanwhile, or an importer who was demoted, leaves nothing behind.
//
// Proves: G3, 5.3, 2.3
func TestRightsLostDuringAnImport(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		for slug, change := range map[string]func(context.Context, *store.Tx) error{
			"deleted": func(ctx context.Context, tx *store.Tx) error { return tx.DeleteRole(ctx, "desk") },
			"raised": func(ctx context.Context, tx *store.Tx) error {
				return tx.SetRole(ctx, identity.Role{Name: "desk", Rank: 51})
			},
			"gave-more": func(ctx context.Context, tx *store.Tx) error {
				return tx.SetRole(ctx, identity.Role{Name: "desk", Rank: 1, Permissions: "audit.read"})
			},
			"demoted": func(ctx context.Context, tx *store.Tx) error {
				u, err := tx.User(ctx, "usr_mia")
				if err != nil {
					return err
				}
				after := u
				after.Role = identity.Member
				return tx.SetUser(ctx, u, after, time.Time{})
			},
			"deactivated": func(ctx context.Context, tx *store.Tx) error {
				return tx.SetStatus(ctx, "usr_mia", identity.Deactivated)
			},
		} {
			tenant := storetest.AddTenant(t, s, slug, identity.Workspace)
			in := func(do func(context.Context, *store.Tx) error) {
				t.Helper()
				if err := tenant.Tx(t.Context(), func(tx *store.Tx) error { return do(t.Context(), tx) }); err != nil {
					t.Fatal(err)
				}
			}
			in(func(ctx context.Context, tx *store.Tx) error {
				if err := tx.AddRole(ctx, identity.Role{Name: "desk", Title: "Desk", Rank: 5}); err != nil {
					return err
				}
				return tx.AddUser(ctx, identity.User{ID: "usr_mia", Role: identity.Manager, Status: identity.Active}, "")
			})
			_, o := midway(3, func() { in(change) })
			file := strings.NewReader(strings.ReplaceAll(people(3), ",user,", ",desk,"))
			mia := identity.Actor{User: "usr_mia", Role: policy.BuiltIn(identity.Manager)}
			r, err := svc.Import(t.Context(), tenant, mia, file, o, identity.Peer{})
			if !errors.Is(err, policy.ErrDenied) && !errors.Is(err, policy.ErrNoRole) || r.Imported != 0 {
				t.Errorf("%s: %+v, %v", slug, r, err)
			}
			if list := users(t, tenant); len(list) != 1 {
				t.Errorf("%s: %d users in the end, want Mia alone", slug, len(list))
			}
		}
	})
}
