package signin_test

import (
	"cmp"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"testing"

	"golang.org/x/crypto/bcrypt"

	"github.com/vestibule-id/vestibule/internal/housetest"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/secret"
	"github.com/vestibule-id/vestibule/internal/signin"
	"github.com/vestibule-id/vestibule/internal/store"
)

// hashed counts the computations of argon2id with big parameters in work by the
// memory they take, which nothing else here comes near.
func hashed(work func()) int {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	work()
	runtime.ReadMemStats(&after)
	const each = 16 << 20
	return int((after.TotalAlloc - before.TotalAlloc + each/4) / each)
}

var big = secret.Params{Memory: 16 << 10, Time: 1, Threads: 1}

// Proves: 2.5
func TestOneHashWhoeverIsMeant(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		h.SignIn.Params = big
		acme := h.AddTenant(t, "acme", identity.Workspace)
		h.AddUser(t, acme, housetest.Person{Email: "ann@acme.test", Hash: big.Hash(housetest.Password(t, right), nil)})
		h.AddUser(t, acme, housetest.Person{Email: "bea@acme.test", Status: identity.Invited})
		h.AddUser(t, acme, housetest.Person{Email: "cid@acme.test", Status: identity.Deactivated, Hash: big.Hash(housetest.Password(t, right), nil)})
		h.AddTenant(t, "empty", identity.Workspace)
		for i := range 4 {
			crm := h.AddTenant(t, fmt.Sprintf("crm-%d", i), identity.Email)
			salt := h.Store.Keys().EmailSalt("quinn@crm.test")
			h.AddUser(t, crm, housetest.Person{Email: "quinn@crm.test", Hash: big.Hash(housetest.Password(t, right), salt)})
		}
		for i, test := range []struct {
			name string
			try  signin.Try
		}{
			{"right", signin.Try{Tenant: "acme", Email: "ann@acme.test", Password: right}},
			{"wrong", signin.Try{Tenant: "acme", Email: "ann@acme.test", Password: "wrong"}},
			{"unknown", signin.Try{Tenant: "acme", Email: "nobody@acme.test", Password: right}},
			{"invited", signin.Try{Tenant: "acme", Email: "bea@acme.test", Password: right}},
			{"deactivated", signin.Try{Tenant: "acme", Email: "cid@acme.test", Password: right}},
			{"no address", signin.Try{Tenant: "acme", Email: "!", Password: right}},
			{"wrong style", signin.Try{Tenant: "acme", Username: "201", Password: right}},
			{"a tenant of nobody", signin.Try{Tenant: "empty", Email: "ann@acme.test", Password: right}},
			{"unknown slug", signin.Try{Tenant: "nowhere", Email: "ann@acme.test", Password: right}},
			{"unknown username", signin.Try{Username: "201-nowhere", Password: right}},
			{"e-mail alone, right in four tenants", signin.Try{Email: "quinn@crm.test", Password: right}},
			{"e-mail alone, wrong in four tenants", signin.Try{Email: "quinn@crm.test", Password: "wrong"}},
			{"e-mail alone, unknown", signin.Try{Email: "nobody@crm.test", Password: right}},
			{"e-mail alone, known in another style", signin.Try{Email: "ann@acme.test", Password: right}},
		} {
			test.try.From = from(fmt.Sprintf("192.0.2.%d", i))
			n := hashed(func() { _, _ = h.SignIn.SignIn(t.Context(), test.try) })
			if n != 1 {
				t.Errorf("%s: %d hashes were computed, want 1", test.name, n)
			}
		}
	})
}

// Whoever comes from other systems with hashes of their own salt has at most
// three of them tried, beside the one all of ours share.
//
// Proves: Q1, 2.4, 2.5
func TestImportedHashesBecomeOurs(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		var tenants []store.Tenant
		var users []identity.User
		for i := range 5 {
			crm := h.AddTenant(t, fmt.Sprintf("crm-%d", i), identity.Email)
			imported := big.Hash(housetest.Password(t, right), nil)
			tenants = append(tenants, crm)
			users = append(users, h.AddUser(t, crm, housetest.Person{Email: "quinn@crm.test", Hash: imported}))
		}
		ours := func() (shared []secret.Hash) {
			salt := h.Store.Keys().EmailSalt("quinn@crm.test")
			mark := h.SignIn.Params.Hash(housetest.Password(t, right), salt)
			for i, crm := range tenants {
				if hash := secret.Hash(housetest.Hash(t, crm, users[i].ID)); hash.SameWork(mark) && hash.Match(housetest.Password(t, right)) {
					shared = append(shared, hash)
				}
			}
			return shared
		}
		try := signin.Try{Email: "quinn@crm.test", Password: right, From: from("192.0.2.1")}
		var out signin.Outcome
		var err error
		h.SignIn.Params = big
		if n := hashed(func() { out, err = h.SignIn.SignIn(t.Context(), try) }); n != 6 {
			t.Errorf("%d hashes at the first sign-in, want 3 tried and 3 made anew", n)
		}
		if !errors.Is(err, policy.ErrChoose) || len(out.Choices) != 3 || len(ours()) != 3 {
			t.Fatalf("first sign-in: %v, %d choices, %d hashes of ours; want a choice of 3", err, len(out.Choices), len(ours()))
		}
		if out, err = h.SignIn.SignIn(t.Context(), try); !errors.Is(err, policy.ErrChoose) || len(out.Choices) != 5 || len(ours()) != 5 {
			t.Fatalf("second sign-in: %v, %d choices, %d hashes of ours; want a choice of 5", err, len(out.Choices), len(ours()))
		}
		if n := hashed(func() { out, err = h.SignIn.SignIn(t.Context(), try) }); n != 1 || len(out.Choices) != 5 {
			t.Errorf("%d hashes for %d tenants at the third sign-in, want 1 for 5", n, len(out.Choices))
		}
	})
}

// Whoever has a password is not left out for those who have none: their decoys
// have salts of their own too.
//
// Proves: Q1, 2.4, 2.5
func TestRealHashesBeforeDecoys(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		var tenants []store.Tenant
		for i := range 4 {
			tenants = append(tenants, h.AddTenant(t, fmt.Sprintf("crm-%d", i), identity.Email))
		}
		slices.SortFunc(tenants, func(a, b store.Tenant) int { return cmp.Compare(a.ID(), b.ID()) }) // as they are found
		for _, crm := range tenants[:3] {
			h.AddUser(t, crm, housetest.Person{Email: "quinn@crm.test", Status: identity.Invited})
		}
		quinn := h.AddUser(t, tenants[3], housetest.Person{Email: "quinn@crm.test", Hash: foreign(t, right)})
		out, err := h.SignIn.SignIn(t.Context(), signin.Try{Email: "quinn@crm.test", Password: right, From: from(home)})
		if err != nil || out.User.ID != quinn.ID {
			t.Errorf("invited in three tenants, with a password in the last: %v, user %q; want in", err, out.User.ID)
		}
	})
}

// Proves: 2.4
func TestImportedHashIsReplacedOnce(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		acme := h.AddTenant(t, "acme", identity.Workspace)
		weaker := secret.Params{Memory: 8192, Time: 1, Threads: 1}
		h.SignIn.Params = secret.Params{Memory: 9000, Time: 1, Threads: 1}
		ann := h.AddUser(t, acme, housetest.Person{Email: "ann@acme.test", Hash: weaker.Hash(housetest.Password(t, right), nil)})
		other := foreign(t, "another password")
		bea := h.AddUser(t, acme, housetest.Person{Email: "bea@acme.test", Hash: other})
		cid := h.AddUser(t, acme, housetest.Person{Email: "cid@acme.test", Hash: foreign(t, right)})
		off := h.AddUser(t, acme, housetest.Person{Email: "off@acme.test", Status: identity.Deactivated, Hash: weaker.Hash(housetest.Password(t, right), nil)})
		var seen []string
		for i, password := range []string{"wrong", right, right} {
			for _, u := range []identity.User{ann, bea, cid, off} {
				try := signin.Try{Tenant: "acme", Email: u.Email.Typed, Password: password, From: from(fmt.Sprintf("192.0.2.%d", i))}
				if _, err := h.SignIn.SignIn(t.Context(), try); err != nil && !errors.Is(err, policy.ErrRefused) {
					t.Fatal(err)
				}
			}
			seen = append(seen, housetest.Hash(t, acme, ann.ID))
		}
		if seen[0] == seen[1] || seen[1] != seen[2] {
			t.Error("a weaker hash is not replaced exactly at the first sign-in")
		}
		for _, u := range []identity.User{ann, cid} {
			now := secret.Hash(housetest.Hash(t, acme, u.ID))
			if !now.Current(h.SignIn.Params) || !now.Match(housetest.Password(t, right)) {
				t.Errorf("%s: the new hash is not as good as ours are today, or of another password", u.Email.Typed)
			}
		}
		if housetest.Hash(t, acme, bea.ID) != string(other) {
			t.Error("a wrong password replaced a hash")
		}
		if secret.Hash(housetest.Hash(t, acme, off.ID)).Current(h.SignIn.Params) {
			t.Error("a deactivated user's hash was replaced")
		}
	})
}

// foreign is a hash another system has made.
func foreign(t *testing.T, password string) secret.Hash {
	t.Helper()
	hash, err := bcrypt.GenerateFromPassword([]byte(password), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	return secret.Hash(hash)
}
