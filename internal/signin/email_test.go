package signin_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/internal/housetest"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/signin"
	"github.com/vestibule-id/vestibule/internal/store"
)

// Proves: Q1, 2.5
func TestAddressInSeveralTenants(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		one := h.AddTenant(t, "one", identity.Email)
		two := h.AddTenant(t, "two", identity.Email)
		three := h.AddTenant(t, "three", identity.Email)
		space := h.AddTenant(t, "space", identity.Workspace)
		h.AddUser(t, one, housetest.Person{Email: "quinn@crm.test", Password: right})
		inTwo := h.AddUser(t, two, housetest.Person{Email: "quinn@crm.test", Password: right})
		inThree := h.AddUser(t, three, housetest.Person{Email: "Quinn@crm.test", Password: "my third password"})
		h.AddUser(t, space, housetest.Person{Email: "quinn@crm.test", Password: right})
		h.AddUser(t, one, housetest.Person{Email: "rae@crm.test", Password: right})
		try := func(password string) (signin.Outcome, error) {
			return h.SignIn.SignIn(t.Context(), signin.Try{Email: "quinn@crm.test", Password: password, From: from("192.0.2.1")})
		}

		out, err := try("my third password")
		if err != nil || out.User.ID != inThree.ID {
			t.Fatalf("a password of one tenant alone: %v, user %s; want straight in", err, out.User.ID)
		}
		out, err = try(right)
		if !errors.Is(err, policy.ErrChoose) || out.AccessToken != "" || out.Refresh != "" {
			t.Fatalf("a password of two tenants: %v; want a choice and no session", err)
		}
		slugs := []string{}
		for _, c := range out.Choices {
			slugs = append(slugs, c.Tenant)
		}
		slices.Sort(slugs)
		if !slices.Equal(slugs, []string{"one", "two"}) {
			t.Fatalf("choices %v, want one and two", slugs)
		}
		stay := signin.Outcome{Choice: out.Choice}
		for _, test := range []struct {
			name, token, slug string
			after             time.Duration
			err               error
		}{
			{"a tenant the password was wrong for", string(stay.Choice), "three", 0, signin.ErrStepOver},
			{"a tenant of another style", string(stay.Choice), "space", 0, signin.ErrStepOver},
			{"no tenant", string(stay.Choice), "", 0, signin.ErrStepOver},
			{"made up", "cho_AAAA", "two", 0, signin.ErrStepOver},
			{"tampered with", string(stay.Choice) + "A", "two", 0, signin.ErrStepOver},
			{"another purpose", string(h.Store.Keys().SessionToken(two.ID(), identity.NewSessionID())), "two", 0, signin.ErrStepOver},
			{"five minutes less an instant later", string(stay.Choice), " TWO ", 5*time.Minute - time.Microsecond, nil},
			{"five minutes later", string(stay.Choice), "two", 5 * time.Minute, signin.ErrStepOver},
		} {
			h.Clock.Set(housetest.Morning.Add(test.after))
			out, err := h.SignIn.Choose(t.Context(), test.token, test.slug, from("192.0.2.1"))
			if !errors.Is(err, test.err) || err == nil && out.User.ID != inTwo.ID {
				t.Errorf("%s: %v, user %s; want %v", test.name, err, out.User.ID, test.err)
			}
			if err == nil {
				if _, err := h.Sessions.Check(t.Context(), out.AccessToken); err != nil {
					t.Errorf("%s: %v", test.name, err)
				}
			}
		}
	})
}

// Between the password and the choice everything may change.
//
// Proves: Q1, P1, G1, 2.5
func TestChoiceAsksAgain(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(t *testing.T, h *housetest.House, two store.Tenant, u identity.User)
		err    *problem.Problem
	}{
		{"deactivated", func(t *testing.T, _ *housetest.House, two store.Tenant, u identity.User) {
			housetest.SetStatus(t, two, u.ID, identity.Deactivated)
		}, signin.ErrStepOver},
		{"deleted", func(t *testing.T, _ *housetest.House, two store.Tenant, u identity.User) {
			housetest.Delete(t, two, u.ID)
		}, signin.ErrStepOver},
		{"suspended", func(t *testing.T, h *housetest.House, two store.Tenant, _ identity.User) {
			h.SetTenantStatus(t, two, identity.TenantSuspended)
		}, policy.ErrSuspended},
		{"another password", func(t *testing.T, _ *housetest.House, two store.Tenant, u identity.User) {
			setPassword(t, two, u, "another password", false)
		}, signin.ErrStepOver},
	} {
		t.Run(test.name, func(t *testing.T) {
			housetest.Each(t, func(t *testing.T, h *housetest.House) {
				one := h.AddTenant(t, "one", identity.Email)
				two := h.AddTenant(t, "two", identity.Email)
				h.AddUser(t, one, housetest.Person{Email: "quinn@crm.test", Password: right})
				u := h.AddUser(t, two, housetest.Person{Email: "quinn@crm.test", Password: right})
				out, err := h.SignIn.SignIn(t.Context(), signin.Try{Email: "quinn@crm.test", Password: right, From: from("192.0.2.1")})
				if !errors.Is(err, policy.ErrChoose) {
					t.Fatal(err)
				}
				test.change(t, h, two, u)
				if _, err := h.SignIn.Choose(t.Context(), string(out.Choice), "two", from("192.0.2.1")); !errors.Is(err, test.err) {
					t.Errorf("choosing afterwards: %v, want %v", err, test.err)
				}
				if _, err := h.SignIn.Choose(t.Context(), string(out.Choice), "one", from("192.0.2.1")); err != nil {
					t.Errorf("choosing the other: %v", err)
				}
			})
		})
	}
}

func setPassword(t *testing.T, tenant store.Tenant, u identity.User, password string, initial bool) {
	t.Helper()
	hash := housetest.Params.Hash(housetest.Password(t, password), nil)
	err := tenant.Tx(t.Context(), func(tx *store.Tx) error {
		return tx.SetPassword(t.Context(), u.ID, u.Credential, hash, initial)
	})
	if err != nil {
		t.Fatal(err)
	}
}
