package operator_test

import (
	"errors"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/operator"
	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/secret"
	"github.com/vestibule-id/vestibule/internal/store"
	"github.com/vestibule-id/vestibule/internal/store/storetest"
)

const aSource = "192.0.2.1"

// Proves: 5.6, G1
func TestOperatorTokens(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		now := noon
		svc := &operator.Service{Store: s, Now: func() time.Time { return now }}
		lasting, token, err := svc.CreateToken(t.Context(), " Sign-up ", 0)
		if err != nil {
			t.Fatal(err)
		}
		_, short, err := svc.CreateToken(t.Context(), "Trial", time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		_, revoked, err := svc.CreateToken(t.Context(), "Former", 0)
		if err != nil {
			t.Fatal(err)
		}
		id, err := secret.ReadOperatorToken(string(revoked))
		if err != nil {
			t.Fatal(err)
		}
		if err := svc.RevokeToken(t.Context(), id); err != nil {
			t.Fatal(err)
		}
		for _, row := range []struct {
			name, text string
			late       time.Duration
			err        error
		}{
			{"a token", string(token), 0, nil},
			{"one that ends", string(short), time.Hour - time.Second, nil},
			{"one that has ended", string(short), time.Hour, policy.ErrOperator},
			{"a revoked one", string(revoked), 0, policy.ErrOperator},
			{"one of an id that has another", string(secret.NewOperatorToken(lasting.ID)), 0, policy.ErrOperator},
			{"one that was made up", guess(), 0, policy.ErrOperator},
			{"none", "", 0, policy.ErrOperator},
			{"the id", string(lasting.ID), 0, policy.ErrOperator},
		} {
			now = noon.Add(row.late)
			got, err := svc.Authenticate(t.Context(), row.text, aSource, identity.Peer{})
			if !errors.Is(err, row.err) || (got.ID != "") != (row.err == nil) {
				t.Errorf("%s: %+v, %v", row.name, got, err)
			}
		}
		if err := svc.RevokeToken(t.Context(), id); !errors.Is(err, operator.ErrNoToken) {
			t.Errorf("revoked twice: %v", err)
		}
		list, err := svc.Tokens(t.Context())
		if err != nil || len(list) != 3 || list[0].Name != "Sign-up" || !list[0].UsedAt.Equal(noon) || list[2].RevokedAt.IsZero() {
			t.Errorf("tokens %+v, %v", list, err)
		}
		kinds := map[string]int{}
		for _, e := range events(t, s.Nowhere()) {
			kinds[e.Kind]++
		}
		if kinds[identity.EventOperatorTokenCreated] != 3 || kinds[identity.EventOperatorTokenRevoked] != 1 || kinds[identity.EventOperatorTokenRefused] != 4 {
			t.Errorf("events %v", kinds)
		}
	})
}

// Proves: 5.6
func TestTokensThatCannotBeMade(t *testing.T) {
	svc := service(storetest.SQLite(t))
	for _, row := range []struct {
		name  string
		lasts time.Duration
		err   error
	}{
		{"", 0, identity.ErrName},
		{"two\nlines", 0, identity.ErrName},
		{"Sign-up", -time.Hour, operator.ErrTokenEnd},
		{"Sign-up", time.Millisecond, operator.ErrTokenEnd},
		{"Sign-up", 100 * 365 * 24 * time.Hour, operator.ErrTokenEnd},
	} {
		if _, _, err := svc.CreateToken(t.Context(), row.name, row.lasts); !errors.Is(err, row.err) {
			t.Errorf("%q for %s: %v, want %v", row.name, row.lasts, err, row.err)
		}
	}
}

// A source that has shown twenty wrong tokens waits, also with a right one;
// another does not.
//
// Proves: 5.6
func TestGuessedTokensWait(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		now := noon
		svc := &operator.Service{Store: s, Now: func() time.Time { return now }}
		_, right, err := svc.CreateToken(t.Context(), "Sign-up", 0)
		if err != nil {
			t.Fatal(err)
		}
		var refused, waiting atomic.Int64
		var all sync.WaitGroup
		for range 50 {
			all.Go(func() {
				_, err := svc.Authenticate(t.Context(), guess(), aSource, identity.Peer{})
				switch {
				case errors.Is(err, policy.ErrOperator):
					refused.Add(1)
				case errors.Is(err, policy.ErrWait):
					waiting.Add(1)
				default:
					t.Error(err)
				}
			})
		}
		all.Wait()
		if refused.Load() != 20 || waiting.Load() != 30 {
			t.Errorf("%d refused, %d told to wait", refused.Load(), waiting.Load())
		}
		try := func(source string) error {
			_, err := svc.Authenticate(t.Context(), string(right), source, identity.Peer{})
			return err
		}
		if err := try(aSource); !errors.Is(err, policy.ErrWait) {
			t.Errorf("the right one meanwhile: %v", err)
		}
		if err := try("198.51.100.7"); err != nil {
			t.Errorf("from elsewhere: %v", err)
		}
		now = noon.Add(15 * time.Minute)
		if err := try(aSource); err != nil {
			t.Errorf("after the wait: %v", err)
		}
	})
}

// A tenant, its settings and its first administrator are made together or not
// at all.
//
// Proves: G1, 5.6
func TestMakeTenant(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		svc := signUp(s)
		wanted := operator.NewTenant{Slug: "acme", Name: "Acme", Style: identity.Extension,
			Settings:      []operator.Setting{{Key: "idle-timeout", Value: "30m"}},
			Administrator: invitee("ann@x.test", "200")}
		for name, change := range map[string]func(*operator.NewTenant){
			"a setting there is not":        func(n *operator.NewTenant) { n.Settings = []operator.Setting{{Key: "colour", Value: "red"}} },
			"an administrator without mail": func(n *operator.NewTenant) { n.Administrator = invitee("", "200") },
			"one with no extension":         func(n *operator.NewTenant) { n.Administrator = invitee("ann@x.test", "") },
		} {
			bad := wanted
			change(&bad)
			if _, _, err := svc.MakeTenant(t.Context(), bad); err == nil {
				t.Errorf("%s is made", name)
			}
			if _, err := svc.Tenant(t.Context(), "acme"); !errors.Is(err, operator.ErrNoTenant) {
				t.Errorf("%s leaves a tenant: %v", name, err)
			}
		}
		made, i, err := svc.MakeTenant(t.Context(), wanted)
		if err != nil || made.Policy.IdleTimeout != identity.Duration(30*time.Minute) || i.Role != identity.Admin {
			t.Fatalf("%+v, %+v, %v", made, i, err)
		}
		acme := s.Tenant(made.ID)
		if u, err := acme.User(t.Context(), i.User); err != nil || u.Status != identity.Invited || u.Role != identity.Admin || u.Extension != "200" {
			t.Errorf("invited %+v, %v", u, err)
		}
		if letters, err := acme.Letters(t.Context(), identity.Letter{}, 9); err != nil || len(letters) != 1 || letters[0].To != "ann@x.test" {
			t.Errorf("letters %+v, %v", letters, err)
		}
		if list := events(t, acme); len(list) != 2 || list[0].Detail["token"] != "opt_1" || list[1].Kind != identity.EventInviteCreated {
			t.Errorf("events %+v", list)
		}
	})
}

// Whoever chose the tenant's id before and heard no answer gets what was made.
//
// Proves: G1, 5.7
func TestMakeTenantAgain(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		svc := signUp(s)
		wanted := operator.NewTenant{ID: identity.NewTenantID(), Slug: "acme", Name: "Acme", Administrator: invitee("ann@x.test", "")}
		made, i, err := svc.MakeTenant(t.Context(), wanted)
		if err != nil {
			t.Fatal(err)
		}
		again, same, err := svc.MakeTenant(t.Context(), wanted)
		if err != nil || again.ID != made.ID || same.ID != i.ID {
			t.Errorf("again: %+v, %+v, %v", again, same, err)
		}
		for name, id := range map[string]identity.TenantID{"no id": "", "another's id": identity.NewTenantID()} {
			other := wanted
			other.ID = id
			if _, _, err := svc.MakeTenant(t.Context(), other); !errors.Is(err, operator.ErrSlugTaken) {
				t.Errorf("%s: %v", name, err)
			}
		}
		other := wanted
		other.Slug = "other"
		if _, _, err := svc.MakeTenant(t.Context(), other); !errors.Is(err, operator.ErrSlugTaken) {
			t.Errorf("another slug under the id: %v", err)
		}
	})
}

// A token that was revoked since the backup must not come back with it.
//
// Proves: 5.6, 2.3
func TestRestoreRevokesOperatorTokens(t *testing.T) {
	c, _ := embedded(t)
	makes(t, c)
	backup := filepath.Join(t.TempDir(), "backup.db")
	with(t, c, func(s *store.Store) {
		if _, _, err := service(s).CreateToken(t.Context(), "Sign-up", 0); err != nil {
			t.Fatal(err)
		}
		if err := service(s).Backup(t.Context(), c.Database, backup); err != nil {
			t.Fatal(err)
		}
	})
	if _, err := operator.Restore(t.Context(), c, backup, noon); err != nil {
		t.Fatal(err)
	}
	with(t, c, func(s *store.Store) {
		if list, err := service(s).Tokens(t.Context()); err != nil || len(list) != 1 || list[0].Alive(noon) {
			t.Errorf("tokens %+v, %v", list, err)
		}
	})
}

// guess is a token of an id that nobody made.
func guess() string { return string(secret.NewOperatorToken(identity.NewOperatorTokenID())) }
