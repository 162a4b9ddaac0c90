package store_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/secret"
	"github.com/vestibule-id/vestibule/internal/store"
	"github.com/vestibule-id/vestibule/internal/store/storetest"
)

var noon = time.Date(2030, 1, 2, 12, 0, 0, 0, time.UTC)

func change(t *testing.T, tenant store.Tenant, do func(ctx context.Context, tx *store.Tx) error) {
	t.Helper()
	if err := tenant.Tx(t.Context(), func(tx *store.Tx) error { return do(t.Context(), tx) }); err != nil {
		t.Fatal(err)
	}
}

func ann() identity.User {
	return identity.User{
		ID: "usr_ann", Email: identity.EmailAddress{Typed: "Ann@X.test", Folded: "ann@x.test"}, Extension: "201",
		Name: "Ann", Role: identity.Admin, Status: identity.Active, CreatedAt: noon, HasPassword: true,
	}
}

const aHash = secret.Hash("$2y$05$L0.eCWlHTUxaBwhPJX.veu1vxjc1LhO51mGNa.TiSgXBrbq7jlrR2")

// Twin rows under the same ids in both tenants: whatever one changes, the
// other's stay as they were.
//
// Proves: W2, 2.2, 2.3
func TestUsersOfTwinsStayApart(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		acme, twin := storetest.Twins(t, s)
		for _, tenant := range []store.Tenant{acme, twin} {
			change(t, tenant, func(ctx context.Context, tx *store.Tx) error { return tx.AddUser(ctx, ann(), aHash) })
		}
		before, err := twin.User(ctx, "usr_ann")
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(ann(), before); diff != "" {
			t.Fatalf("what was added is not what is read:\n%s", diff)
		}
		for name, do := range map[string]func(tx *store.Tx) error{
			"set": func(tx *store.Tx) error {
				after := ann()
				after.Name, after.Email, after.Role = "Anna", identity.EmailAddress{}, identity.Member
				return tx.SetUser(ctx, ann(), after, noon)
			},
			"status":   func(tx *store.Tx) error { return tx.SetStatus(ctx, "usr_ann", identity.Deactivated) },
			"password": func(tx *store.Tx) error { return tx.SetPassword(ctx, "usr_ann", 0, aHash, true) },
			"delete":   func(tx *store.Tx) error { return tx.DeleteUser(ctx, ann()) },
		} {
			if err := acme.Tx(ctx, do); err != nil && name != "delete" && !errors.Is(err, problem.NotFound) {
				t.Fatalf("%s: %v", name, err)
			}
			after, err := twin.User(ctx, "usr_ann")
			if diff := cmp.Diff(before, after); err != nil || diff != "" {
				t.Errorf("%s in one tenant changed the other (%v):\n%s", name, err, diff)
			}
		}
		change(t, twin, func(ctx context.Context, tx *store.Tx) error { // the directory is the e-mail style's
			row, err := tx.Get(ctx)
			if err != nil {
				return err
			}
			row.Style = identity.Email
			return tx.Set(ctx, row)
		})
		if ids, _, err := s.TenantsByAddress(ctx, "ann@x.test"); err != nil || len(ids) != 1 || ids[0] != twin.ID() {
			t.Errorf("the directory names %v (%v), want the twin alone", ids, err)
		}
	})
}

// Proves: 2.3
func TestAddressesAndExtensionsAreTakenOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		acme, _ := storetest.Twins(t, s)
		change(t, acme, func(ctx context.Context, tx *store.Tx) error { return tx.AddUser(ctx, ann(), "") })
		for _, row := range []struct {
			name   string
			change func(*identity.User)
			err    error
		}{
			{"the same address", func(u *identity.User) { u.Extension = "202" }, problem.Exists},
			{"the same extension", func(u *identity.User) { u.Email = identity.EmailAddress{} }, problem.Exists},
			{"neither", func(u *identity.User) { u.Email, u.Extension = identity.EmailAddress{}, "" }, nil},
			{"neither, once more", func(u *identity.User) { u.Email, u.Extension = identity.EmailAddress{}, "" }, nil},
		} {
			u := ann()
			u.ID = identity.NewUserID()
			row.change(&u)
			err := acme.Tx(ctx, func(tx *store.Tx) error { return tx.AddUser(ctx, u, "") })
			if !errors.Is(err, row.err) {
				t.Errorf("%s: got %v, want %v", row.name, err, row.err)
			}
		}
	})
}

// A user row moved to another user or tenant by somebody who can write to the
// database does not open.
//
// Proves: 2.2
func TestHashesAreSealedToTheirUser(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		acme, twin := storetest.Twins(t, s)
		change(t, acme, func(ctx context.Context, tx *store.Tx) error { return tx.AddUser(ctx, ann(), aHash) })
		list, err := acme.UserHashes(ctx, "", 10)
		if err != nil || len(list) != 1 || list[0].Hash != aHash {
			t.Fatalf("export: %d users, %v", len(list), err)
		}
		if _, err := twin.UserHashes(ctx, "", 10); err != nil {
			t.Fatal(err)
		}
		raw := store.SealedPasswords(t, s, acme)
		if len(raw) != 1 || len(raw[0]) == 0 {
			t.Fatalf("%d sealed passwords", len(raw))
		}
		if cmp.Equal(raw[0], []byte(aHash)) {
			t.Error("the hash lies open in the database")
		}
		store.PlantPassword(t, s, twin, raw[0])
		if _, err := twin.UserHashes(ctx, "", 10); err == nil {
			t.Error("a hash sealed for one tenant's user opened for another's")
		}
		change(t, acme, func(ctx context.Context, tx *store.Tx) error {
			bob := identity.User{ID: "usr_bob", Extension: "202", Role: identity.Admin, Status: identity.Active}
			if err := tx.AddUser(ctx, bob, aHash); err != nil {
				return err
			}
			return tx.Exec(ctx, `UPDATE users SET password = $2 WHERE tenant_id = $1 AND id = 'usr_bob'`, raw[0])
		})
		if hash, err := acme.PasswordHash(ctx, "usr_bob"); err == nil {
			t.Errorf("a hash sealed for one user opened for another of the tenant: %d bytes", len(hash))
		}
		if bob, err := acme.CandidateByExtension(ctx, "202", secret.DefaultParams); err == nil && bob.Hash == aHash {
			t.Error("one user's password would sign another in")
		}
	})
}

// A hash made better belongs to the password that was typed: where there is a
// newer password by now, or somebody else is meant, it is dropped.
//
// Proves: 2.5, 2.7
func TestALateRehashKeepsTheNewerPassword(t *testing.T) {
	const newer, better = aHash + "x", aHash + "y"
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		acme, twin := storetest.Twins(t, s)
		for _, tenant := range []store.Tenant{acme, twin} {
			change(t, tenant, func(ctx context.Context, tx *store.Tx) error { return tx.AddUser(ctx, ann(), aHash) })
		}
		rehash := func(credential int64) {
			change(t, acme, func(ctx context.Context, tx *store.Tx) error { return tx.Rehash(ctx, "usr_ann", credential, better) })
		}
		is := func(when string, tenant store.Tenant, want secret.Hash) {
			t.Helper()
			if got, err := tenant.PasswordHash(t.Context(), "usr_ann"); err != nil || got != want {
				t.Errorf("%s: another hash than wanted stands there (%v)", when, err)
			}
		}
		change(t, acme, func(ctx context.Context, tx *store.Tx) error {
			return tx.SetPassword(ctx, "usr_ann", 0, newer, false)
		})
		rehash(0)
		is("made from the old password", acme, newer)
		rehash(2)
		is("made from one that is yet to come", acme, newer)
		rehash(1)
		is("made from the present password", acme, better)
		is("of the same user in the twin", twin, aHash)
	})
}

// Proves: 2.5
func TestNobodyIsACandidateToo(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		acme, _ := storetest.Twins(t, s)
		add := func(email string, hash secret.Hash) {
			u := identity.User{ID: identity.NewUserID(), Email: identity.EmailAddress{Typed: email, Folded: email}, Role: identity.Member, Status: identity.Active}
			change(t, acme, func(ctx context.Context, tx *store.Tx) error { return tx.AddUser(ctx, u, hash) })
		}
		add("b@x.test", aHash)
		add("m@x.test", "")
		for _, row := range []struct{ name, email, kind string }{
			{"a user", "b@x.test", "bcrypt:5"},
			{"nobody, before everybody", "a@x.test", "bcrypt:5"},
			{"nobody, after everybody", "z@x.test", "bcrypt:5"},
			{"an invited user without a password", "m@x.test", "bcrypt:5"},
		} {
			c, err := acme.CandidateByEmail(ctx, row.email, secret.DefaultParams)
			if err != nil || c.Hash.Kind() != row.kind {
				t.Errorf("%s: a hash of kind %s (%v), want %s", row.name, c.Hash.Kind(), err, row.kind)
			}
			if found := c.User.ID != ""; found != (row.email == "b@x.test" || row.email == "m@x.test") {
				t.Errorf("%s: found a user: %v", row.name, found)
			}
		}
	})
}

// Whoever has no account in the e-mail style must cost what its users cost,
// however many users of other styles there are.
//
// Proves: 2.5, Q1
func TestTheStandInIsOfTheEmailStyle(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		fill := func(tenant store.Tenant, users int) {
			change(t, tenant, func(ctx context.Context, tx *store.Tx) error {
				for i := range users {
					address := fmt.Sprintf("p%d@x.test", i)
					u := identity.User{ID: identity.NewUserID(), Email: identity.EmailAddress{Typed: address, Folded: address}, Status: identity.Active}
					if err := tx.AddUser(ctx, u, aHash); err != nil {
						return err
					}
				}
				return nil
			})
		}
		fill(storetest.AddTenant(t, s, "acme", identity.Workspace), 100)
		standIn := func(address string) identity.TenantID {
			ids, found, err := s.TenantsByAddress(ctx, address)
			if err != nil || len(ids) != 0 {
				t.Fatalf("%s: %v, %v", address, ids, err)
			}
			return found
		}
		if found := standIn("nobody@x.test"); found != identity.Nowhere {
			t.Errorf("without the e-mail style the stand-in is %s", found)
		}
		kontak := storetest.AddTenant(t, s, "kontak", identity.Email)
		fill(storetest.AddTenant(t, s, "zeta", identity.Workspace), 100)
		for i := range 20 {
			if found := standIn(fmt.Sprintf("nobody%d@x.test", i)); found != kontak.ID() {
				t.Errorf("the stand-in is %s, want the only tenant of the e-mail style", found)
			}
		}
		if found := standIn("p1@x.test"); found != kontak.ID() {
			t.Errorf("an address of another style has the stand-in %s", found)
		}
	})
}
