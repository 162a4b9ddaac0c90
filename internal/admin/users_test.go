package admin_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/internal/admin"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/secret"
	"github.com/vestibule-id/vestibule/internal/store"
	"github.com/vestibule-id/vestibule/internal/store/storetest"
)

// Proves: P1, P8, W6, G2, 2.3
func TestCreate(t *testing.T) {
	const good = "seven doors and a lamp"
	for _, test := range []struct {
		name     string
		style    identity.Style
		wanted   admin.NewUser
		password string
		wrong    string // locations of what is wrong; "" means taken
		err      error
	}{
		{"W7: with an e-mail", identity.Workspace, admin.NewUser{Email: " Ann@X.test ", Name: "Ann", Role: "user"}, "", "", nil},
		{"P1: with an extension and an initial password", identity.Extension, admin.NewUser{Extension: "201", Name: "Ann", Role: "user"}, good, "", nil},
		{"Q: in the e-mail style", identity.Email, admin.NewUser{Email: "ann@x.test", Name: "Ann", Role: "admin"}, good, "", nil},
		{"P1: e-mail is optional, not the extension", identity.Extension, admin.NewUser{Email: "ann@x.test", Name: "Ann", Role: "user"}, good, "body.extension", admin.ErrUser},
		{"an extension alone is not enough elsewhere", identity.Workspace, admin.NewUser{Extension: "201", Name: "Ann", Role: "user"}, good, "body.email", admin.ErrUser},
		{"nothing at all", identity.Email, admin.NewUser{}, "", "body.name body.role body.email", admin.ErrUser},
		{"no address", identity.Workspace, admin.NewUser{Email: "ann", Name: "Ann", Role: "user"}, good, "body.email", admin.ErrUser},
		{"no such role", identity.Workspace, admin.NewUser{Email: "ann@x.test", Name: "Ann", Role: "boss"}, good, "body.role", admin.ErrUser},
		{"P8: seven characters", identity.Workspace, admin.NewUser{Email: "ann@x.test", Name: "Ann", Role: "user"}, "tq8#vLm", "body.new_password", policy.ErrPassword},
		{"W6: one's own address", identity.Workspace, admin.NewUser{Email: "annabel@x.test", Name: "Ann", Role: "user"}, "annabel@x.test", "body.new_password", policy.ErrPassword},
	} {
		t.Run(test.name, func(t *testing.T) {
			tenant := storetest.AddTenant(t, storetest.SQLite(t), "acme", test.style)
			if test.password != "" {
				test.wanted.Password, test.wanted.MustChange = password(t, test.password), true
			}
			u, err := service().Create(t.Context(), tenant, operator, test.wanted, here)
			list, lerr := tenant.Users(t.Context(), "", 10)
			if lerr != nil {
				t.Fatal(lerr)
			}
			if test.err == nil {
				if err != nil || len(list) != 1 || list[0] != u || u.HasPassword != (test.password != "") || u.MustChange != u.HasPassword {
					t.Fatalf("user %+v, kept %+v, %v", u, list, err)
				}
				if want := map[bool]identity.UserStatus{true: identity.Active, false: identity.Invited}[u.HasPassword]; u.Status != want {
					t.Errorf("status %s", u.Status)
				}
				return
			}
			if !errors.Is(err, test.err) || len(list) > 0 || len(kinds(t, tenant)) > 0 {
				t.Fatalf("error %v, users %v, events %v", err, list, kinds(t, tenant))
			}
			var wrong []string
			for _, f := range problem.Of(err).Fields {
				wrong = append(wrong, f.Location)
			}
			if got := strings.Join(wrong, " "); got != test.wrong {
				t.Errorf("wrong are %q, want %q", got, test.wrong)
			}
		})
	}
}

// Proves: W2, 2.3
func TestCreateTwice(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		acme, twin := storetest.Twins(t, s)
		for i, tenant := range []store.Tenant{acme, twin, acme} {
			_, err := service().Create(t.Context(), tenant, operator, admin.NewUser{Email: "ANN@x.test", Name: "Ann", Role: "user"}, here)
			if twice := i == 2; twice != errors.Is(err, admin.ErrTaken) {
				t.Errorf("%d: %v", i, err)
			}
		}
		if got := kinds(t, acme); len(got) != 1 {
			t.Errorf("W2: the refused one left an event: %v", got)
		}
	})
}

// In the e-mail style one hash serves all tenants of an address; elsewhere
// equal passwords must not be seen to be equal.
//
// Proves: Q1, 2.5
func TestSalts(t *testing.T) {
	for style, want := range map[identity.Style]bool{identity.Email: true, identity.Workspace: false} {
		s := storetest.SQLite(t)
		var hashes []secret.Hash
		for _, slug := range []string{"acme", "twin"} {
			tenant := storetest.AddTenant(t, s, slug, style)
			wanted := admin.NewUser{Email: "ann@x.test", Name: "Ann", Role: "user", Password: password(t, "seven doors and a lamp")}
			u, err := service().Create(t.Context(), tenant, operator, wanted, here)
			if err != nil {
				t.Fatal(err)
			}
			if err := service().SetPassword(t.Context(), tenant, operator, u.ID, password(t, "another lamp, unlit"), true, here); err != nil {
				t.Fatal(err)
			}
			kept, err := tenant.UserHashes(t.Context(), "", 1)
			if err != nil {
				t.Fatal(err)
			}
			hashes = append(hashes, kept[0].Hash)
		}
		if same := hashes[0].SameWork(hashes[1]); same != want {
			t.Errorf("%s: the same work in both tenants: %v", style, same)
		}
		if matched := secret.MatchAny(password(t, "another lamp, unlit"), hashes); slices.Contains(matched, false) {
			t.Errorf("%s: matched %v", style, matched)
		}
	}
}

// Proves: G2, G4, 2.3
func TestSet(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		acme, _ := storetest.Twins(t, s)
		people(t, acme, cast)
		svc := service()
		changed := admin.Changes{Email: text("Una.New@x.test"), Extension: text("0201"), Role: text("manager")}
		u, err := svc.Set(t.Context(), acme, as("usr_ada"), "usr_una", changed, here)
		if err != nil {
			t.Fatal(err)
		}
		kept, err := acme.User(t.Context(), "usr_una")
		if err != nil || kept != u || u.Email.Folded != "una.new@x.test" || u.Extension != "0201" || u.Role != "manager" || u.Name != "usr_una" {
			t.Errorf("user %+v, %v", kept, err)
		}
		events, err := acme.Events(t.Context(), "", 10)
		if err != nil || len(events) != 2 {
			t.Fatalf("events %+v, %v", events, err)
		}
		if d := events[0].Detail; events[0].Kind != identity.EventPermissionsChanged || d["from"] != "user" || d["to"] != "manager" {
			t.Errorf("event %+v", events[0])
		}
		if e := events[1]; e.Kind != identity.EventUserUpdated || e.Detail["fields"] != "email,extension" || e.Actor != "usr_ada" || e.User != "usr_una" || e.Peer != here {
			t.Errorf("event %+v", e)
		}
		for name, c := range map[string]struct {
			changes admin.Changes
			err     error
		}{
			"somebody's address":       {admin.Changes{Email: text("usr_uli@x.test"), Role: text("user")}, admin.ErrTaken},
			"no address":               {admin.Changes{Email: text("")}, admin.ErrUser},
			"no name and no extension": {admin.Changes{Name: text(" "), Extension: text("x")}, admin.ErrUser},
		} {
			if _, err := svc.Set(t.Context(), acme, operator, "usr_una", c.changes, here); !errors.Is(err, c.err) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if after, err := acme.User(t.Context(), "usr_una"); err != nil || after != kept || len(kinds(t, acme)) != 2 {
			t.Errorf("something of a refused change was done: %+v, %v", after, err)
		}
		if _, err := svc.Set(t.Context(), acme, operator, "usr_una", admin.Changes{Name: text("usr_una")}, here); err != nil || len(kinds(t, acme)) != 2 {
			t.Errorf("no change leaves no event: %v, %v", err, kinds(t, acme))
		}
	})
}

// Proves: G2, W2, P5, P7, 2.3, 2.7
func TestWhatEndsAndWhatIsCleared(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		for _, test := range []struct {
			act             string
			sessions, waits int
			status          identity.UserStatus
			event           string
		}{
			{"deactivate", 0, 2, identity.Deactivated, identity.EventUserDisabled},
			{"password", 0, 0, identity.Active, identity.EventPasswordSet},
			{"unlock", 1, 0, identity.Active, identity.EventLoginUnlock},
			{"make manager", 1, 2, identity.Active, identity.EventPermissionsChanged},
		} {
			acme := storetest.AddTenant(t, s, "acme-"+strings.ReplaceAll(test.act, " ", "-"), identity.Workspace)
			twin := storetest.AddTenant(t, s, "twin-"+strings.ReplaceAll(test.act, " ", "-"), identity.Workspace)
			var u identity.User
			for _, tenant := range []store.Tenant{twin, acme} {
				people(t, tenant, cast)
				var err error
				if u, err = service().Set(t.Context(), tenant, operator, "usr_una", admin.Changes{Extension: text("201")}, here); err != nil {
					t.Fatal(err)
				}
				fill(t, tenant, u)
			}
			if err := acts(t, service())[test.act](acme, as("usr_ada"), u.ID); err != nil {
				t.Fatal(err)
			}
			now, err := acme.User(t.Context(), u.ID)
			if err != nil || now.Status != test.status || sessions(t, acme, u.ID) != test.sessions || waits(t, acme, u) != test.waits {
				t.Errorf("%s: status %s, %d sessions, %d waits, %v", test.act, now.Status, sessions(t, acme, u.ID), waits(t, acme, u), err)
			}
			if sessions(t, twin, u.ID) != 1 || waits(t, twin, u) != 2 {
				t.Errorf("W2: %s did something in the other tenant", test.act)
			}
			if got := kinds(t, acme); got[len(got)-1] != test.event {
				t.Errorf("%s: events %v", test.act, got)
			}
		}
	})
}

// Proves: G2, G4, 2.3
func TestThereAndBack(t *testing.T) {
	acme, _ := storetest.Twins(t, storetest.SQLite(t))
	svc := service()
	u, err := svc.Create(t.Context(), acme, operator, admin.NewUser{Email: "ann@x.test", Name: "Ann", Role: "user"}, here)
	if err != nil {
		t.Fatal(err)
	}
	status := func() identity.UserStatus {
		now, err := acme.User(t.Context(), u.ID)
		if err != nil {
			t.Fatal(err)
		}
		return now.Status
	}
	for _, step := range []struct {
		act  string
		want identity.UserStatus
	}{
		{"reactivate", identity.Invited}, {"deactivate", identity.Deactivated}, {"deactivate", identity.Deactivated},
		{"reactivate", identity.Invited}, {"password", identity.Active}, {"deactivate", identity.Deactivated},
		{"password", identity.Deactivated}, {"reactivate", identity.Active},
	} {
		if err := acts(t, svc)[step.act](acme, operator, u.ID); err != nil || status() != step.want {
			t.Errorf("%s: %s, want %s (%v)", step.act, status(), step.want, err)
		}
	}
	if err := svc.Delete(t.Context(), acme, operator, u.ID, here); err != nil {
		t.Fatal(err)
	}
	if _, err := acme.User(t.Context(), u.ID); !errors.Is(err, problem.NotFound) {
		t.Errorf("still there: %v", err)
	}
	want := "user_created user_disabled user_enabled authn_password_set user_disabled authn_password_set user_enabled user_deleted"
	if got := strings.Join(kinds(t, acme), " "); got != want {
		t.Errorf("events %s, want %s", got, want)
	}
}

// While the slow hash is made, somebody else may give the user another
// password or address. The clock is read between the two: there it happens.
//
// Proves: P7, 2.3
func TestChangedMeanwhile(t *testing.T) {
	meanwhile := map[string]func(store.Tenant) error{
		"another password": func(in store.Tenant) error {
			return service().SetPassword(t.Context(), in, operator, "usr_una", password(t, "a third lamp, or none"), true, here)
		},
		"another address": func(in store.Tenant) error {
			_, err := service().Set(t.Context(), in, operator, "usr_una", admin.Changes{Email: text("other@x.test")}, here)
			return err
		},
	}
	for name, happens := range meanwhile {
		acme, _ := storetest.Twins(t, storetest.SQLite(t))
		people(t, acme, cast)
		slow := service()
		slow.Now = func() time.Time {
			if err := happens(acme); err != nil {
				t.Error(err)
			}
			return noon
		}
		err := slow.SetPassword(t.Context(), acme, as("usr_ada"), "usr_una", password(t, "seven doors and a lamp"), true, here)
		if !errors.Is(err, admin.ErrMeantime) || len(kinds(t, acme)) != 1 {
			t.Errorf("%s: %v, events %v", name, err, kinds(t, acme))
		}
	}
}
