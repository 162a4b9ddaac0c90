package admin_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/internal/admin"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/secret"
	"github.com/vestibule-id/vestibule/internal/signin"
	"github.com/vestibule-id/vestibule/internal/store"
	"github.com/vestibule-id/vestibule/internal/store/storetest"
)

var (
	noon     = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	operator = identity.Actor{Operator: true}
	here     = identity.Peer{Address: "192.0.2.1", RequestID: "req_1"}
	fast     = secret.Params{Memory: 8192, Time: 1, Threads: 1}
)

func service() *admin.Service {
	return &admin.Service{Now: func() time.Time { return noon }, Params: fast, Operator: policy.Defaults(), Product: "Vestibule"}
}

// people adds an active user of each name with the role behind it.
func people(t *testing.T, tenant store.Tenant, roles map[identity.UserID]string) {
	t.Helper()
	err := tenant.Tx(t.Context(), func(tx *store.Tx) error {
		for id, role := range roles {
			folded := string(id) + "@x.test"
			u := identity.User{ID: id, Name: string(id), Email: identity.EmailAddress{Typed: folded, Folded: folded}, Role: role, Status: identity.Active}
			if err := tx.AddUser(t.Context(), u, "$argon2id$v=19$m=8192,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

var cast = map[identity.UserID]string{
	"usr_ada": identity.Admin, "usr_abe": identity.Admin, "usr_mia": identity.Manager, "usr_max": identity.Manager,
	"usr_uli": identity.Member, "usr_una": identity.Member,
}

func as(id identity.UserID) identity.Actor {
	return identity.Actor{User: id, Role: policy.BuiltIn(cast[id])}
}

func kinds(t *testing.T, tenant store.Tenant) (list []string) {
	t.Helper()
	events, err := tenant.Events(t.Context(), "", 100)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range events {
		list = append(list, e.Kind)
	}
	return list
}

func text(s string) *string { return &s }

func password(t *testing.T, typed string) secret.Password {
	t.Helper()
	pw, err := secret.NewPassword(typed)
	if err != nil {
		t.Fatal(err)
	}
	return pw
}

// acts are the things one may do to somebody, by name.
func acts(t *testing.T, s *admin.Service) map[string]func(store.Tenant, identity.Actor, identity.UserID) error {
	ctx := t.Context()
	set := func(c admin.Changes) func(store.Tenant, identity.Actor, identity.UserID) error {
		return func(in store.Tenant, a identity.Actor, on identity.UserID) error {
			_, err := s.Set(ctx, in, a, on, c, here)
			return err
		}
	}
	create := func(role string) func(store.Tenant, identity.Actor, identity.UserID) error {
		return func(in store.Tenant, a identity.Actor, _ identity.UserID) error {
			_, err := s.Create(ctx, in, a, admin.NewUser{Email: "new@x.test", Name: "New", Role: role}, here)
			return err
		}
	}
	return map[string]func(store.Tenant, identity.Actor, identity.UserID) error{
		"rename": set(admin.Changes{Name: text("Other")}), "make admin": set(admin.Changes{Role: text(identity.Admin)}),
		"make manager": set(admin.Changes{Role: text(identity.Manager)}), "make user": set(admin.Changes{Role: text(identity.Member)}),
		"create admin": create(identity.Admin), "create manager": create(identity.Manager), "create user": create(identity.Member),
		"deactivate": func(in store.Tenant, a identity.Actor, on identity.UserID) error {
			return s.Deactivate(ctx, in, a, on, here)
		},
		"reactivate": func(in store.Tenant, a identity.Actor, on identity.UserID) error {
			return s.Reactivate(ctx, in, a, on, here)
		},
		"delete": func(in store.Tenant, a identity.Actor, on identity.UserID) error {
			return s.Delete(ctx, in, a, on, here)
		},
		"unlock": func(in store.Tenant, a identity.Actor, on identity.UserID) error {
			return s.Unlock(ctx, in, a, on, here)
		},
		"password": func(in store.Tenant, a identity.Actor, on identity.UserID) error {
			return s.SetPassword(ctx, in, a, on, password(t, "seven doors and a lamp"), true, here)
		},
	}
}

// Proves: G2, G3, P5, P7, 2.3
func TestWhoMayDoWhatToWhom(t *testing.T) {
	for _, test := range []struct {
		name string
		who  identity.Actor
		act  string
		whom identity.UserID
		err  error
	}{
		{"G3: an admin renames an admin", as("usr_ada"), "rename", "usr_abe", nil},
		{"G3: a manager renames a manager", as("usr_mia"), "rename", "usr_max", nil},
		{"G3: a manager does not rename an admin", as("usr_mia"), "rename", "usr_ada", policy.ErrDenied},
		{"G3: a user renames nobody", as("usr_uli"), "rename", "usr_una", policy.ErrDenied},
		{"nobody renames nobody", identity.Actor{}, "rename", "usr_una", policy.ErrSignIn},
		{"G3: the operator stands above ranks", operator, "rename", "usr_ada", nil},
		{"G3: a manager gives a manager's role", as("usr_mia"), "make manager", "usr_una", nil},
		{"G3: a manager gives no admin's role", as("usr_mia"), "make admin", "usr_una", policy.ErrDenied},
		{"G3: a manager does not raise itself", as("usr_mia"), "make admin", "usr_mia", policy.ErrDenied},
		{"G3: a manager does not demote an admin", as("usr_mia"), "make user", "usr_ada", policy.ErrDenied},
		{"G3: an admin demotes another", as("usr_ada"), "make user", "usr_abe", nil},
		{"G2: a manager creates a user", as("usr_mia"), "create user", "", nil},
		{"G3: a manager creates no admin", as("usr_mia"), "create admin", "", policy.ErrDenied},
		{"G3: a user creates nobody", as("usr_uli"), "create user", "", policy.ErrDenied},
		{"G2: a manager deactivates a user", as("usr_mia"), "deactivate", "usr_una", nil},
		{"G3: a manager does not deactivate an admin", as("usr_mia"), "deactivate", "usr_ada", policy.ErrDenied},
		{"G3: a manager does not reactivate an admin", as("usr_mia"), "reactivate", "usr_ada", policy.ErrDenied},
		{"G2: an admin deletes a user", as("usr_ada"), "delete", "usr_una", nil},
		{"G2: a manager deletes nobody", as("usr_mia"), "delete", "usr_una", policy.ErrDenied},
		{"P5: a manager unlocks a user", as("usr_mia"), "unlock", "usr_una", nil},
		{"G3: a manager does not unlock an admin", as("usr_mia"), "unlock", "usr_ada", policy.ErrDenied},
		{"P7: a manager gives a user an initial password", as("usr_mia"), "password", "usr_una", nil},
		{"G3: a manager gives an admin none", as("usr_mia"), "password", "usr_ada", policy.ErrDenied},
		{"P7: nobody sets their own this way", as("usr_ada"), "password", "usr_ada", admin.ErrOwn},
		{"without the permission one does not learn who exists", as("usr_uli"), "rename", "usr_nobody", policy.ErrDenied},
		{"whom there is not", as("usr_ada"), "rename", "usr_nobody", problem.NotFound},
		{"an actor from elsewhere", identity.Actor{User: "usr_eve", Role: policy.BuiltIn(identity.Admin)}, "rename", "usr_una", policy.ErrDenied},
	} {
		t.Run(test.name, func(t *testing.T) {
			acme, twin := storetest.Twins(t, storetest.SQLite(t))
			people(t, acme, cast)
			people(t, twin, cast)
			err := acts(t, service())[test.act](acme, test.who, test.whom)
			if !errors.Is(err, test.err) || (err == nil) != (test.err == nil) {
				t.Errorf("error %v, want %v", err, test.err)
			}
			if wrote := len(kinds(t, acme)) > 0; wrote != (test.err == nil) {
				t.Errorf("events %v", kinds(t, acme))
			}
			if others := kinds(t, twin); len(others) > 0 {
				t.Errorf("events in the other tenant: %v", others)
			}
		})
	}
}

// Who has been deactivated or demoted a moment ago still carries the old role
// in its request; the row decides.
//
// Proves: G3, 2.3
func TestTheActorIsReadAgain(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		acme, _ := storetest.Twins(t, s)
		people(t, acme, cast)
		svc := service()
		if _, err := svc.Set(t.Context(), acme, operator, "usr_abe", admin.Changes{Role: text(identity.Member)}, here); err != nil {
			t.Fatal(err)
		}
		if err := svc.Deactivate(t.Context(), acme, operator, "usr_mia", here); err != nil {
			t.Fatal(err)
		}
		for _, stale := range []identity.Actor{as("usr_abe"), as("usr_mia")} {
			for name, act := range acts(t, svc) {
				if err := act(acme, stale, "usr_una"); !errors.Is(err, policy.ErrDenied) {
					t.Errorf("%s by %s: %v", name, stale.User, err)
				}
			}
		}
		if _, err := svc.Set(t.Context(), acme, operator, "usr_abe", admin.Changes{Role: text(identity.Manager)}, here); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"create admin", "make admin"} {
			if err := acts(t, svc)[name](acme, as("usr_abe"), "usr_una"); !errors.Is(err, policy.ErrDenied) {
				t.Errorf("%s by one who is a manager now: %v", name, err)
			}
		}
	})
}

// Two admins who remove each other at the same moment, and an operator who
// removes both, must not leave the tenant without one.
//
// Proves: G3, 2.3
func TestTheLastAdminStays(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		svc := service()
		acme, _ := storetest.Twins(t, s)
		all := acts(t, svc)
		for round := range 20 {
			ann, bob := identity.NewUserID(), identity.NewUserID()
			people(t, acme, map[identity.UserID]string{ann: identity.Admin, bob: identity.Admin})
			byAnn, byBob := identity.Actor{User: ann, Role: policy.BuiltIn(identity.Admin)}, identity.Actor{User: bob, Role: policy.BuiltIn(identity.Admin)}
			if round%2 == 0 {
				byAnn, byBob = operator, operator
			}
			act := all[[]string{"deactivate", "delete", "make manager"}[round%3]]
			errs := make([]error, 2)
			var both sync.WaitGroup
			both.Go(func() { errs[0] = act(acme, byAnn, bob) })
			both.Go(func() { errs[1] = act(acme, byBob, ann) })
			both.Wait()
			if (errs[0] == nil) == (errs[1] == nil) {
				t.Fatalf("round %d: want exactly one refusal, got %v", round, errs)
			}
			err := errors.Join(errs...)
			if round%2 == 0 && !errors.Is(err, policy.ErrLastAdmin) || round%2 == 1 && !errors.Is(err, policy.ErrDenied) {
				t.Fatalf("round %d: %v", round, err)
			}
			err = acme.Tx(t.Context(), func(tx *store.Tx) error {
				left, err := tx.OtherAdmins(t.Context(), "")
				if err == nil && left != 1 {
					t.Errorf("round %d: %d admins left", round, left)
				}
				for _, id := range []identity.UserID{ann, bob} {
					if err := tx.SetStatus(t.Context(), id, identity.Deactivated); err != nil && !errors.Is(err, problem.NotFound) {
						return err
					}
				}
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		}
	})
}

// Proves: G3, 2.3
func TestTheLastAdminCountsActiveOnesOnly(t *testing.T) {
	acme, _ := storetest.Twins(t, storetest.SQLite(t))
	people(t, acme, cast)
	svc := service()
	if err := svc.Deactivate(t.Context(), acme, operator, "usr_abe", here); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"deactivate", "delete", "make user"} {
		if err := acts(t, svc)[name](acme, operator, "usr_ada"); !errors.Is(err, policy.ErrLastAdmin) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := svc.Delete(t.Context(), acme, operator, "usr_abe", here); err != nil {
		t.Errorf("a deactivated admin may be deleted: %v", err)
	}
}

// fill gives a user a live session and a full lane for each of its names.
func fill(t *testing.T, tenant store.Tenant, u identity.User) {
	t.Helper()
	ctx := t.Context()
	session := identity.Session{ID: identity.NewSessionID(), UserID: u.ID, Kind: identity.Browser, SignedInAt: noon,
		InteractedAt: noon, IdleEnd: noon.Add(time.Hour), AbsoluteEnd: noon.Add(time.Hour), Credential: u.Credential}
	if err := tenant.Tx(ctx, func(tx *store.Tx) error { return tx.AddSession(ctx, session) }); err != nil {
		t.Fatal(err)
	}
	for i, subject := range subjects(tenant, u) {
		full := store.Lane{Lane: policy.Lane{Name: policy.LanePlace, Limit: 1, Wait: time.Hour, MaxWait: time.Hour}, Subject: subject, Key: "place"}
		if _, err := tenant.ReserveTry(ctx, []store.Lane{full}, noon); err != nil {
			t.Fatalf("lane %d: %v", i, err)
		}
	}
}

func subjects(tenant store.Tenant, u identity.User) []string {
	return []string{
		tenant.Keys().LaneSubject(tenant.ID(), signin.ByEmail, u.Email.Folded),
		tenant.Keys().LaneSubject(tenant.ID(), signin.ByExtension, u.Extension),
	}
}

// waits counts the user's lanes that admit nobody.
func waits(t *testing.T, tenant store.Tenant, u identity.User) (n int) {
	t.Helper()
	for _, subject := range subjects(tenant, u) {
		full := store.Lane{Lane: policy.Lane{Name: policy.LanePlace, Limit: 1, Wait: time.Hour, MaxWait: time.Hour}, Subject: subject, Key: "place"}
		_, err := tenant.ReserveTry(t.Context(), []store.Lane{full}, noon)
		if _, waiting := errors.AsType[*store.Waiting](err); waiting {
			n++
		} else if err != nil {
			t.Fatal(err)
		}
	}
	return n
}

func sessions(t *testing.T, tenant store.Tenant, id identity.UserID) int {
	t.Helper()
	list, err := tenant.Sessions(context.Background(), id, noon)
	if err != nil {
		t.Fatal(err)
	}
	return len(list)
}
