package operator_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/internal/enroll"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/operator"
	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/store"
	"github.com/vestibule-id/vestibule/internal/store/storetest"
)

func service(s *store.Store) *operator.Service {
	return &operator.Service{Store: s, Now: func() time.Time { return noon }}
}

func events(t *testing.T, tenant store.Tenant) []identity.Event {
	t.Helper()
	list, err := tenant.Events(t.Context(), "", 100)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// Proves: G1, 2.3
func TestCreateTenant(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		svc := service(s)
		made, err := svc.CreateTenant(t.Context(), " Wicked-Sprockets ", "Wicked Sprockets", identity.Extension)
		if err != nil {
			t.Fatal(err)
		}
		found, err := svc.Tenant(t.Context(), "WICKED-SPROCKETS")
		if err != nil || found != made || found.Style != identity.Extension || found.Status != identity.TenantActive {
			t.Errorf("tenant %+v, made %+v, %v", found, made, err)
		}
		if list := events(t, s.Tenant(made.ID)); len(list) != 1 || list[0].Kind != identity.EventTenantCreated || list[0].Detail["by"] != "operator" {
			t.Errorf("events %+v", list)
		}
		for _, test := range []struct {
			name, slug, called string
			style              identity.Style
			err                error
		}{
			{"the slug again", "wicked-sprockets", "Other", "", operator.ErrSlugTaken},
			{"no slug", "x", "Other", "", identity.ErrSlug},
			{"a slug with an underscore", "a_b", "Other", "", identity.ErrSlug},
			{"no name", "other", " ", "", policy.ErrValue},
			{"no such style", "other", "Other", "fax", policy.ErrValue},
		} {
			if _, err := svc.CreateTenant(t.Context(), test.slug, test.called, test.style); !errors.Is(err, test.err) {
				t.Errorf("%s: %v", test.name, err)
			}
		}
		if list, err := s.Tenants(t.Context(), "", 10); err != nil || len(list) != 1 {
			t.Errorf("tenants %+v, %v", list, err)
		}
	})
}

// Proves: G1, 2.3
func TestNoSuchTenant(t *testing.T) {
	svc := service(storetest.SQLite(t))
	for name, act := range map[string]func() (identity.Tenant, error){
		"show":    func() (identity.Tenant, error) { return svc.Tenant(t.Context(), "nobody") },
		"set":     func() (identity.Tenant, error) { return svc.SetTenant(t.Context(), "nobody", nil) },
		"suspend": func() (identity.Tenant, error) { return svc.SuspendTenant(t.Context(), "nobody") },
		"resume":  func() (identity.Tenant, error) { return svc.ResumeTenant(t.Context(), "nobody") },
	} {
		if _, err := act(); !errors.Is(err, operator.ErrNoTenant) || !strings.Contains(problem.Of(err).Message, `"nobody"`) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Proves: G7, G4, 2.3
func TestSetTenant(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		acme, twin := storetest.Twins(t, s)
		svc := service(s)
		wanted := []operator.Setting{{"idle-timeout", "30m"}, {"name", "Acme & Co"}, {"sign-in-attempts", "3"}}
		after, err := svc.SetTenant(t.Context(), "acme", wanted)
		kept, gerr := acme.Get(t.Context())
		if err != nil || gerr != nil || kept != after || kept.Name != "Acme & Co" || kept.Policy.SignInAttempts != 3 {
			t.Fatalf("tenant %+v, %v, %v", kept, err, gerr)
		}
		list := events(t, acme)
		if len(list) != 1 || list[0].Kind != identity.EventTenantSettingsChanged {
			t.Fatalf("events %+v", list)
		}
		for key, want := range map[string]string{"idle-timeout.from": "", "idle-timeout.to": "30m0s", "name.from": "Acme", "sign-in-attempts.to": "3"} {
			if got := list[0].Detail[key]; got != want {
				t.Errorf("%s is %q, want %q", key, got, want)
			}
		}
		bad := []operator.Setting{{"idle-timeout", "1h"}, {"sign-in-attempts", "none"}}
		if _, err := svc.SetTenant(t.Context(), "acme", bad); !errors.Is(err, policy.ErrValue) {
			t.Errorf("error %v", err)
		}
		if _, err := svc.SetTenant(t.Context(), "acme", wanted); err != nil {
			t.Errorf("the same again: %v", err)
		}
		if again, err := acme.Get(t.Context()); err != nil || again != kept || len(events(t, acme)) != 1 {
			t.Errorf("half a change was made, or one told of that was none: %+v, %v", again, err)
		}
		if len(events(t, twin)) > 0 {
			t.Error("the other tenant has an event")
		}
	})
}

// Proves: G7, 2.3
func TestAStyleShutsNobodyOut(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		acme, twin := storetest.Twins(t, s)
		add := func(in store.Tenant, id identity.UserID, email, extension string, status identity.UserStatus) {
			u := identity.User{ID: id, Name: "Ann", Email: identity.EmailAddress{Typed: email, Folded: email}, Extension: extension, Role: identity.Member, Status: status}
			if err := in.Tx(t.Context(), func(tx *store.Tx) error { return tx.AddUser(t.Context(), u, "") }); err != nil {
				t.Fatal(err)
			}
		}
		add(acme, "usr_1", "a@x.test", "", identity.Active)
		add(acme, "usr_2", "b@x.test", "", identity.Invited)
		add(acme, "usr_3", "c@x.test", "", identity.Deactivated)
		add(acme, "usr_4", "d@x.test", "204", identity.Active)
		add(twin, "usr_1", "a@x.test", "201", identity.Active)
		svc := service(s)
		_, err := svc.SetTenant(t.Context(), "acme", []operator.Setting{{"style", "extension"}})
		if !errors.Is(err, policy.ErrStyleShuts) || !strings.Contains(err.Error(), " 2 ") {
			t.Errorf("two would be shut out: %v", err)
		}
		for slug, style := range map[string]string{"twin": "extension", "acme": "email"} {
			if _, err := svc.SetTenant(t.Context(), slug, []operator.Setting{{"style", style}}); err != nil {
				t.Errorf("%s: %v", slug, err)
			}
		}
		add(twin, "usr_2", "", "202", identity.Active)
		if _, err := svc.SetTenant(t.Context(), "twin", []operator.Setting{{"style", "workspace"}}); !errors.Is(err, policy.ErrStyleShuts) {
			t.Errorf("one would be shut out: %v", err)
		}
	})
}

// Proves: G1, 2.3, 2.7
func TestSuspendAndResume(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		svc := service(s)
		live := map[string]func() bool{}
		for _, slug := range []string{"acme", "twin"} {
			tenant := storetest.AddTenant(t, s, slug, identity.Workspace)
			live[slug] = signedIn(t, tenant)
		}
		for _, step := range []struct {
			name string
			act  func() (identity.Tenant, error)
			live bool
		}{
			{"G1: suspended", func() (identity.Tenant, error) { return svc.SuspendTenant(t.Context(), "acme") }, false},
			{"suspended twice", func() (identity.Tenant, error) { return svc.SuspendTenant(t.Context(), "acme") }, false},
			{"G1: resumed", func() (identity.Tenant, error) { return svc.ResumeTenant(t.Context(), "acme") }, true},
		} {
			if _, err := step.act(); err != nil || live["acme"]() != step.live || !live["twin"]() {
				t.Errorf("%s: alive %v, the other's %v, %v", step.name, live["acme"](), live["twin"](), err)
			}
		}
		acme, err := svc.Tenant(t.Context(), "acme")
		if err != nil {
			t.Fatal(err)
		}
		var kinds []string
		for _, e := range events(t, s.Tenant(acme.ID)) {
			kinds = append(kinds, e.Kind)
		}
		if got := strings.Join(kinds, " "); got != "tenant_suspended tenant_resumed" {
			t.Errorf("events %s", got)
		}
	})
}

// signedIn signs a new user in and says how to ask whether it still is.
func signedIn(t *testing.T, tenant store.Tenant) func() bool {
	t.Helper()
	ctx := t.Context()
	session := identity.Session{ID: identity.NewSessionID(), UserID: identity.NewUserID(), Kind: identity.Browser,
		SignedInAt: noon, InteractedAt: noon, IdleEnd: noon.Add(time.Hour), AbsoluteEnd: noon.Add(time.Hour)}
	err := tenant.Tx(ctx, func(tx *store.Tx) error {
		u := identity.User{ID: session.UserID, Name: "Ann", Role: identity.Member, Status: identity.Active}
		if err := tx.AddUser(ctx, u, ""); err != nil {
			return err
		}
		return tx.AddSession(ctx, session)
	})
	if err != nil {
		t.Fatal(err)
	}
	return func() bool {
		_, err := tenant.LiveSession(ctx, session.ID, noon)
		if err != nil && !errors.Is(err, problem.NotFound) {
			t.Error(err)
		}
		return err == nil
	}
}

// Who heard no answer asks again under the same id, and gets the tenant that was
// made, but none that has been closed since.
//
// Proves: G1, 5.6
func TestATenantMadeBefore(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		svc := service(s)
		wanted := operator.NewTenant{ID: identity.NewTenantID(), Slug: "acme", Name: "Acme"}
		create := func() (identity.Tenant, error) {
			made, _, err := svc.MakeTenant(t.Context(), wanted)
			return made, err
		}
		first, err := create()
		if again, aerr := create(); err != nil || aerr != nil || again != first {
			t.Fatalf("%+v, %v; again %+v, %v", first, err, again, aerr)
		}
		if _, err := svc.CloseTenant(t.Context(), "acme"); err != nil {
			t.Fatal(err)
		}
		if made, err := create(); !errors.Is(err, operator.ErrMadeGone) || made.ID != "" {
			t.Errorf("closed since: %+v, %v", made.ID, err)
		}
		if _, err := svc.CreateTenant(t.Context(), "acme", "Another", ""); err != nil {
			t.Fatal(err)
		}
		if made, err := create(); !errors.Is(err, operator.ErrMadeGone) || made.ID != "" {
			t.Errorf("another has its slug by now: %s, %v", made.ID, err)
		}
	})
}

// What is wrong is told all at once: one mistake as itself, several with a field
// for each.
//
// Proves: G1
func TestAllMistakesAreTold(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		svc := service(s)
		_, _, err := svc.MakeTenant(t.Context(), operator.NewTenant{Slug: "x", Style: "fax", Settings: []operator.Setting{{Key: "language", Value: "?"}},
			Administrator: &enroll.Invitee{Email: "nobody"}})
		if p := problem.Of(err); !errors.Is(err, operator.ErrTenant) || len(p.Fields) != 5 {
			t.Errorf("making: %+v", p)
		}
		if _, err := svc.CreateTenant(t.Context(), "acme", "Acme", ""); err != nil {
			t.Fatal(err)
		}
		_, err = svc.SetTenant(t.Context(), "acme", []operator.Setting{{Key: "language", Value: "?"}, {Key: "accent", Value: "#000000"}, {Key: "colour", Value: "red"}})
		if p := problem.Of(err); !errors.Is(err, operator.ErrTenant) || len(p.Fields) != 2 {
			t.Errorf("setting: %+v", p)
		}
		var odd []operator.Setting
		for n := range 20 {
			odd = append(odd, operator.Setting{Key: fmt.Sprintf("k%d", n)}, operator.Setting{Key: strings.Repeat("x", 400+n)})
		}
		_, err = svc.SetTenant(t.Context(), "acme", odd)
		if p := problem.Of(err); !errors.Is(err, operator.ErrTenant) || len(p.Fields) != 6 || len(p.Message) > 250 || strings.Contains(p.Message, "xxx") {
			t.Errorf("what are no settings: %+v", p)
		}
		if found, err := svc.Tenant(t.Context(), "acme"); err != nil || found.Policy.Accent != "" {
			t.Errorf("%+v, %v", found, err)
		}
	})
}
