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
	"github.com/vestibule-id/vestibule/internal/secret"
	"github.com/vestibule-id/vestibule/internal/store"
	"github.com/vestibule-id/vestibule/internal/store/storetest"
)

// piece stages n users of an import, from the given number on.
func piece(tenant store.Tenant, from, n int) store.Staged {
	var users []store.UserHash
	for i := range n {
		u := imported(identity.UserID(fmt.Sprintf("usr_%05d", from+i)))
		u.Extension = extension(from + i)
		users = append(users, u)
	}
	return tenant.Stage("imp_1", users)
}

// extension is that of the user with a number.
func extension(number int) string { return fmt.Sprint(10000 + number) }

// importing is a tenant with an open import of two pieces.
func importing(t *testing.T, s *store.Store) store.Tenant {
	t.Helper()
	acme, _ := storetest.Twins(t, s)
	change(t, acme, func(ctx context.Context, tx *store.Tx) error { return tx.StartImport(ctx, "imp_1", noon) })
	for _, from := range []int{0, store.ImportPiece} {
		change(t, acme, func(ctx context.Context, tx *store.Tx) error {
			return tx.AddImported(ctx, "imp_1", piece(acme, from, store.ImportPiece), noon)
		})
	}
	return acme
}

// everyWay is in how many ways a user can be met.
const everyWay = 8

// visible says in how many of them the first imported user is.
func visible(t *testing.T, tenant store.Tenant) (ways int) {
	t.Helper()
	ctx, email := t.Context(), "usr_00000@x.test"
	_, byID := tenant.User(ctx, "usr_00000")
	_, byEmail := tenant.UserByEmail(ctx, email)
	_, byExtension := tenant.UserByExtension(ctx, extension(0))
	_, hash := tenant.PasswordHash(ctx, "usr_00000")
	for _, err := range []error{byID, byEmail, byExtension, hash} {
		if err == nil {
			ways++
		}
	}
	list, err := tenant.Users(ctx, "", 9)
	exported, eerr := tenant.UserHashes(ctx, "", 9)
	named, nerr := tenant.CandidateByEmail(ctx, email, secret.DefaultParams)
	called, cerr := tenant.CandidateByExtension(ctx, extension(0), secret.DefaultParams)
	if err := errors.Join(err, eerr, nerr, cerr); err != nil {
		t.Fatal(err)
	}
	for _, met := range []bool{len(list) > 0, len(exported) > 0, named.User.ID != "", called.User.ID != ""} {
		if met {
			ways++
		}
	}
	return ways
}

// Proves: 2.4
func TestAnImportBecomesVisibleAsAWhole(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		acme := importing(t, s)
		if ways := visible(t, acme); ways != 0 {
			t.Errorf("a user of an open import is met in %d ways", ways)
		}
		change(t, acme, func(ctx context.Context, tx *store.Tx) error { return tx.FinishImport(ctx, "imp_1", noon) })
		if ways := visible(t, acme); ways != everyWay {
			t.Errorf("a user of a finished import is met in %d ways of %d", ways, everyWay)
		}
		for settled := int64(1); settled > 0; {
			change(t, acme, func(ctx context.Context, tx *store.Tx) (err error) {
				settled, err = tx.SettleImported(ctx)
				return err
			})
		}
		if ways := visible(t, acme); ways != everyWay {
			t.Errorf("a settled user is met in %d ways of %d", ways, everyWay)
		}
		if list, err := acme.Users(t.Context(), "", 3*store.ImportPiece); err != nil || len(list) != 2*store.ImportPiece {
			t.Errorf("%d users (%v), want %d", len(list), err, 2*store.ImportPiece)
		}
	})
}

// An import that is given up leaves nothing behind, and nobody can go on with
// it or make it visible meanwhile.
//
// Proves: 2.4
func TestAnImportGivenUpLeavesNothing(t *testing.T) {
	storetest.EachAddress(t, func(t *testing.T, address string) {
		s := storetest.Open(t, address)
		acme := importing(t, s)
		giveUp := func(before time.Time) (ok bool) {
			t.Helper()
			change(t, acme, func(ctx context.Context, tx *store.Tx) (err error) {
				ok, err = tx.GiveUpImport(ctx, "imp_1", before)
				return err
			})
			return ok
		}
		if giveUp(noon) {
			t.Error("an import that lives was given up")
		}
		if !giveUp(noon.Add(us)) {
			t.Error("a dead import was not given up")
		}
		for name, late := range map[string]func(ctx context.Context, tx *store.Tx) error{
			"add": func(ctx context.Context, tx *store.Tx) error {
				return tx.AddImported(ctx, "imp_1", piece(acme, 2*store.ImportPiece, 1), noon)
			},
			"finish": func(ctx context.Context, tx *store.Tx) error { return tx.FinishImport(ctx, "imp_1", noon) },
		} {
			if err := acme.Tx(t.Context(), func(tx *store.Tx) error { return late(t.Context(), tx) }); !isNotFound(err) {
				t.Errorf("%s afterwards: %v, want problem.NotFound", name, err)
			}
		}
		done := false
		for pieces := 0; !done; pieces++ {
			change(t, acme, func(ctx context.Context, tx *store.Tx) (err error) {
				done, err = tx.DropImported(ctx, "imp_1")
				return err
			})
			if pieces > 3 {
				t.Fatal("dropping does not come to an end")
			}
		}
		left := dump(t, rawDB(t, address), []string{"users", "imports", "addresses"}, `tenant_id = $1`, string(acme.ID()))
		if left != "" {
			t.Errorf("left behind:\n%.500s", left)
		}
	})
}

// Proves: 2.4
func TestPiecesOfAnImportAreRefused(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		acme := importing(t, s)
		for _, row := range []struct {
			name  string
			piece store.Staged
			want  error
		}{
			{"an address that is taken", piece(acme, 2*store.ImportPiece-1, 3), problem.Exists},
			{"too many at once", piece(acme, 2*store.ImportPiece, store.ImportPiece+1), nil},
			{"none", piece(acme, 2*store.ImportPiece, 0), nil},
		} {
			err := acme.Tx(t.Context(), func(tx *store.Tx) error { return tx.AddImported(t.Context(), "imp_1", row.piece, noon) })
			if err == nil || row.want != nil && !errors.Is(err, row.want) {
				t.Errorf("%s: %v, want %v", row.name, err, row.want)
			}
		}
		change(t, acme, func(ctx context.Context, tx *store.Tx) error { return tx.FinishImport(ctx, "imp_1", noon) })
		if list, err := acme.Users(t.Context(), "", 3*store.ImportPiece); err != nil || len(list) != 2*store.ImportPiece {
			t.Errorf("a refused piece left something: %d users (%v)", len(list), err)
		}
	})
}

// Proves: 2.4
func TestTakenNamesAreFound(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		acme, twin := storetest.Twins(t, s)
		change(t, acme, func(ctx context.Context, tx *store.Tx) error { return tx.AddUser(ctx, ann(), "") })
		emails := []string{"ann@x.test"}
		for n := range 250 { // more than go in one statement
			emails = append(emails, fmt.Sprintf("free%d@x.test", n))
		}
		for id, want := range map[identity.TenantID]int{acme.ID(): 2, twin.ID(): 0} {
			taken, err := s.Tenant(id).Taken(t.Context(), emails, []string{"201", "202"}, noon)
			if err != nil || len(taken) != want {
				t.Errorf("%v are taken (%v), want %d", taken, err, want)
			}
		}
	})
}

// Inside a transaction nothing asks for a second connection: with a pool of
// one it would wait for itself.
//
// Proves: 2.2
func TestAPoolOfOne(t *testing.T) {
	storetest.EachAddress(t, func(t *testing.T, address string) {
		if _, embedded := store.SQLitePath(address); !embedded {
			address = storetest.WithParam(t, address, "pool_max_conns", "1")
		}
		s := storetest.Open(t, address)
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
		defer cancel()
		n := 0
		for name, write := range writes {
			n++
			tenant := storetest.AddTenant(t, s, fmt.Sprintf("acme-%d", n), identity.Workspace)
			fill(t, tenant)
			if err := write(ctx, tenant); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		acme := storetest.AddTenant(t, s, "acme", identity.Workspace)
		fill(t, acme)
		for name, read := range reads {
			if _, err := read(ctx, acme); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			err := acme.Tx(ctx, func(tx *store.Tx) error { // as a use case reads before it changes
				if name == "OtherAdmins" || name == "ReplayedBy" || name == "Moving" { // open a transaction themselves
					return nil
				}
				_, err := read(ctx, tx.Tenant)
				return err
			})
			if err != nil {
				t.Errorf("%s in a transaction: %v", name, err)
			}
		}
		if _, _, err := s.TenantsByAddress(ctx, "ann@x.test"); err != nil {
			t.Error(err)
		}
		if _, err := s.Tenants(ctx, "", 5); err != nil {
			t.Error(err)
		}
		if _, err := acme.ReserveTry(ctx, []store.Lane{lane(policy.LanePlace, 5, wait)}, noon); err != nil {
			t.Error(err)
		}
	})
}
