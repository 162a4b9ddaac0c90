package admin_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/internal/admin"
	"github.com/vestibule-id/vestibule/internal/enroll"
	"github.com/vestibule-id/vestibule/internal/housetest"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/store"
	"github.com/vestibule-id/vestibule/internal/store/storetest"
)

// roles makes the roles of these tests: lead may edit roles, desk is below it,
// chief above.
func roles(t *testing.T, svc *admin.Service, tenant store.Tenant) (lead identity.Actor) {
	t.Helper()
	for _, r := range []admin.NewRole{
		{Name: "chief", Title: "Chief", Rank: 70},
		{Name: "lead", Title: "Lead", Rank: 60, Permissions: []string{"users.read", "users.write", "invitations.read", "invitations.write", "roles.read", "roles.write"}},
		{Name: "desk", Title: "Desk", Rank: 20, Permissions: []string{"users.read"}},
	} {
		if _, err := svc.CreateRole(t.Context(), tenant, operator, r, here); err != nil {
			t.Fatal(err)
		}
	}
	people(t, tenant, map[identity.UserID]string{"usr_lea": "lead"})
	role, err := tenant.Role(t.Context(), "lead")
	if err != nil {
		t.Fatal(err)
	}
	return identity.Actor{User: "usr_lea", Role: role}
}

func list(names ...string) *[]string { return &names }

func number(n int) *int { return &n }

// Whoever edits roles stays within what is theirs, before and after.
//
// Proves: G3, 5.3
func TestWhoMayEditWhichRole(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		acme, twin := storetest.Twins(t, s)
		svc := service()
		people(t, acme, cast)
		lead := roles(t, svc, acme)
		if _, err := svc.CreateRole(t.Context(), twin, operator, admin.NewRole{Name: "theirs", Title: "Theirs", Rank: 5}, here); err != nil {
			t.Fatal(err)
		}
		create := func(r admin.NewRole) func(identity.Actor) error {
			return func(a identity.Actor) error { _, err := svc.CreateRole(t.Context(), acme, a, r, here); return err }
		}
		set := func(name string, c admin.RoleChanges) func(identity.Actor) error {
			return func(a identity.Actor) error { _, err := svc.SetRole(t.Context(), acme, a, name, c, here); return err }
		}
		remove := func(name string) func(identity.Actor) error {
			return func(a identity.Actor) error { return svc.DeleteRole(t.Context(), acme, a, name, here) }
		}
		for _, row := range []struct {
			name string
			by   identity.Actor
			act  func(identity.Actor) error
			want error
		}{
			{"a manager makes one", as("usr_mia"), create(admin.NewRole{Name: "x1", Title: "X1", Rank: 1}), policy.ErrDenied},
			{"nobody makes one", identity.Actor{}, create(admin.NewRole{Name: "x1", Title: "X1", Rank: 1}), policy.ErrSignIn},
			{"one who says to be an admin", identity.Actor{User: "usr_mia", Role: policy.BuiltIn(identity.Admin)}, create(admin.NewRole{Name: "x1", Title: "X1", Rank: 1}), policy.ErrDenied},
			{"one from elsewhere", identity.Actor{User: "usr_eve", Role: policy.BuiltIn(identity.Admin)}, create(admin.NewRole{Name: "x1", Title: "X1", Rank: 1}), policy.ErrDenied},
			{"lead makes one above", lead, create(admin.NewRole{Name: "x1", Title: "X1", Rank: 61}), policy.ErrDenied},
			{"lead makes one that may more", lead, create(admin.NewRole{Name: "x1", Title: "X1", Rank: 1, Permissions: []string{"users.read", "users.delete"}}), policy.ErrDenied},
			{"lead makes one that may change what it may not see", lead, create(admin.NewRole{Name: "x1", Title: "X1", Rank: 1, Permissions: []string{"users.write"}}), admin.ErrRole},
			{"lead makes one alike", lead, create(admin.NewRole{Name: "x1", Title: "X1", Rank: 60, Permissions: []string{"roles.write", "roles.read", "users.read"}}), nil},
			{"lead makes it again", lead, create(admin.NewRole{Name: "x1", Title: "X2", Rank: 1}), admin.ErrRoleTaken},
			{"lead makes one of the same title", lead, create(admin.NewRole{Name: "x2", Title: "x1", Rank: 1}), admin.ErrRoleTaken},
			{"lead makes another “Admin”", lead, create(admin.NewRole{Name: "x2", Title: "ADMIN", Rank: 1}), admin.ErrRoleTaken},
			{"lead makes one that looks like it", lead, create(admin.NewRole{Name: "x2", Title: "Ａd mın", Rank: 1}), admin.ErrRoleTaken},
			{"lead makes one that runs together like it", lead, create(admin.NewRole{Name: "x2", Title: "Adrnin", Rank: 1}), admin.ErrRoleTaken},
			{"lead makes one with a foreign letter", lead, create(admin.NewRole{Name: "x2", Title: "Аdmin", Rank: 1}), admin.ErrRole},
			{"a built-in name", as("usr_ada"), create(admin.NewRole{Name: "user", Title: "X2", Rank: 1}), admin.ErrRoleTaken},
			{"the name of a page", as("usr_ada"), create(admin.NewRole{Name: "new", Title: "X2", Rank: 1}), admin.ErrRole},
			{"lead changes the own one", lead, set("lead", admin.RoleChanges{Rank: number(1)}), policy.ErrHeldRole},
			{"lead changes one above", lead, set("chief", admin.RoleChanges{Title: text("Low")}), policy.ErrDenied},
			{"lead raises one above", lead, set("desk", admin.RoleChanges{Rank: number(61)}), policy.ErrDenied},
			{"lead gives one what nobody gave lead", lead, set("desk", admin.RoleChanges{Permissions: list("users.read", "users.delete")}), policy.ErrDenied},
			{"lead takes its sight and leaves it the rest", lead, set("desk", admin.RoleChanges{Permissions: list("invitations.write")}), admin.ErrRole},
			{"lead gives it another's title", lead, set("desk", admin.RoleChanges{Title: text("Chief")}), admin.ErrRoleTaken},
			{"a rank that there is not", lead, set("desk", admin.RoleChanges{Rank: number(100)}), admin.ErrRole},
			{"lead changes one below", lead, set("desk", admin.RoleChanges{Title: text("Front Desk"), Rank: number(60), Permissions: list("users.read", "users.write")}), nil},
			{"a built-in one", as("usr_ada"), set("user", admin.RoleChanges{Rank: number(1)}), policy.ErrBuiltInRole},
			{"a built-in one by the operator", operator, set("admin", admin.RoleChanges{Title: text("X")}), policy.ErrBuiltInRole},
			{"another tenant's", as("usr_ada"), set("theirs", admin.RoleChanges{Rank: number(1)}), problem.NotFound},
			{"nobody's", as("usr_ada"), set("nobodys", admin.RoleChanges{Rank: number(1)}), problem.NotFound},
			{"lead removes one above", lead, remove("chief"), policy.ErrDenied},
			{"lead removes the own one", lead, remove("lead"), policy.ErrHeldRole},
			{"one that somebody has", as("usr_ada"), remove("lead"), admin.ErrRoleInUse},
			{"another tenant's, removed", as("usr_ada"), remove("theirs"), problem.NotFound},
			{"a built-in one, removed", operator, remove("user"), policy.ErrBuiltInRole},
			{"lead removes one below", lead, remove("desk"), nil},
		} {
			if err := row.act(row.by); !errors.Is(err, row.want) {
				t.Errorf("%s: %v, want %v", row.name, err, row.want)
			}
		}
		var told []string
		for _, kind := range kinds(t, acme) {
			if strings.HasPrefix(kind, "role_") {
				told = append(told, kind)
			}
		}
		slices.Sort(told)
		if got := strings.Join(told, " "); got != "role_changed role_created role_created role_created role_created role_deleted" {
			t.Errorf("the trail tells of %s", got)
		}
	})
}

// A role from before titles and permissions were asked for more is as it was
// made, and can be changed in all else; what is sent as it stands is no change.
//
// Proves: G3, 5.3
func TestARoleFromBeforeTheRules(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		acme, _ := storetest.Twins(t, s)
		svc := service()
		for name, title := range map[string]string{"r1": "Modem", "r2": "MO DEM", "r3": "Аdmin", "r4": "Adrnin"} {
			r := identity.Role{Name: name, Title: title, Rank: 7, Permissions: "users.write", CreatedAt: svc.Now(), ChangedAt: svc.Now()}
			if err := acme.Tx(t.Context(), func(tx *store.Tx) error { return tx.AddRole(t.Context(), r) }); err != nil {
				t.Fatal(err)
			}
			for what, c := range map[string]admin.RoleChanges{"its rank": {Rank: number(8)}, "rank and title": {Title: &title, Rank: number(9)},
				"all of it": {Title: &title, Rank: number(9), Permissions: list("users.read")}, "back": {Rank: number(8)}} {
				if _, err := svc.SetRole(t.Context(), acme, operator, name, c, here); err != nil {
					t.Errorf("%s of %q: %v", what, title, err)
				}
			}
		}
		for title, want := range map[string]error{"Mod em": admin.ErrRoleTaken, "Аdmіn": admin.ErrRole, "ADMIN": admin.ErrRoleTaken, "Adrn in": admin.ErrRoleTaken, "Modern": nil} {
			if _, err := svc.SetRole(t.Context(), acme, operator, "r1", admin.RoleChanges{Title: &title}, here); !errors.Is(err, want) {
				t.Errorf("called %q: %v, want %v", title, err, want)
			}
		}
		alone := identity.Role{Name: "r9", Title: "Nine", Rank: 7, Permissions: "users.write", CreatedAt: svc.Now(), ChangedAt: svc.Now()}
		if err := acme.Tx(t.Context(), func(tx *store.Tx) error { return tx.AddRole(t.Context(), alone) }); err != nil {
			t.Fatal(err)
		}
		if r, err := acme.Role(t.Context(), "r9"); err != nil || r.Permissions != "users.write" {
			t.Errorf("nobody has changed it, and it may %q, %v", r.Permissions, err)
		}
		if _, err := svc.SetRole(t.Context(), acme, operator, "r9", admin.RoleChanges{Rank: number(8)}, here); err != nil {
			t.Error(err)
		}
		if e := housetest.LastEvent(t, acme); e.Detail["permissions.added"] != "" || e.Detail["rank.to"] != "8" {
			t.Errorf("the trail tells of %v", e.Detail)
		}
		if _, err := svc.SetRole(t.Context(), acme, operator, "r9", admin.RoleChanges{Permissions: list("users.write")}, here); !errors.Is(err, admin.ErrRole) {
			t.Errorf("saved again without what it needs: %v", err)
		}
	})
}

// Proves: G3, 5.3
func TestARoleInUseSaysByHowMany(t *testing.T) {
	acme, _ := storetest.Twins(t, storetest.SQLite(t))
	svc := service()
	roles(t, svc, acme)
	remove := func() string {
		return problem.Of(svc.DeleteRole(t.Context(), acme, operator, "desk", here)).Message
	}
	invitations := &enroll.Invitations{Now: svc.Now, Operator: policy.Defaults()}
	if _, err := invitations.Invite(t.Context(), acme, operator, enroll.Invitee{Email: "ivy@x.test", Role: "desk"}, false, here); err != nil {
		t.Fatal(err)
	}
	if got := remove(); !strings.HasPrefix(got, "1 invited person has this role.") {
		t.Error(got)
	}
	people(t, acme, map[identity.UserID]string{"usr_a": "desk", "usr_b": "desk"})
	if got := remove(); !strings.HasPrefix(got, "2 users and 1 invited person have this role.") {
		t.Error(got)
	}
}

// Proves: G3, 5.3
func TestATenantHasAHundredRolesAtMost(t *testing.T) {
	acme, twin := storetest.Twins(t, storetest.SQLite(t))
	svc := service()
	make := func(tenant store.Tenant, n int) error {
		_, err := svc.CreateRole(t.Context(), tenant, operator, admin.NewRole{Name: fmt.Sprintf("role-%d", n), Title: fmt.Sprintf("Role %d", n), Rank: 1}, here)
		return err
	}
	for n := range policy.MaxOwnRoles {
		if err := make(acme, n); err != nil {
			t.Fatal(err)
		}
	}
	if err := make(acme, 100); !errors.Is(err, admin.ErrTooManyOwn) {
		t.Errorf("one more: %v", err)
	}
	if err := make(twin, 100); err != nil {
		t.Errorf("elsewhere: %v", err)
	}
}

// Who sends what somebody else has changed meanwhile is told so.
//
// Proves: 5.3
func TestARoleChangedMeanwhile(t *testing.T) {
	acme, _ := storetest.Twins(t, storetest.SQLite(t))
	svc := service()
	roles(t, svc, acme)
	seen, err := acme.Role(t.Context(), "desk")
	if err != nil {
		t.Fatal(err)
	}
	change := func(c admin.RoleChanges, at time.Time) error {
		c.Seen = at
		_, err := svc.SetRole(t.Context(), acme, operator, "desk", c, here)
		return err
	}
	if err := change(admin.RoleChanges{Rank: number(21)}, seen.ChangedAt); err != nil {
		t.Fatal(err)
	}
	if err := change(admin.RoleChanges{Title: text("Old")}, seen.ChangedAt); !errors.Is(err, admin.ErrRoleMoved) {
		t.Errorf("an older view: %v", err)
	}
	if r, err := acme.Role(t.Context(), "desk"); err != nil || r.Rank != 21 || r.Title != "Desk" {
		t.Errorf("%+v, %v", r, err)
	}
}

// giving are the ways to give somebody the role desk.
func giving(svc *admin.Service, tenant store.Tenant) map[string]func(ctx context.Context, by identity.Actor, n int) error {
	address := func(n int) string { return fmt.Sprintf("n%d@x.test", n) }
	invitations := &enroll.Invitations{Now: svc.Now, Operator: policy.Defaults()}
	imports := &enroll.Service{Now: svc.Now}
	return map[string]func(context.Context, identity.Actor, int) error{
		"create": func(ctx context.Context, by identity.Actor, n int) error {
			_, err := svc.Create(ctx, tenant, by, admin.NewUser{Email: address(n), Name: "N", Role: "desk"}, here)
			return err
		},
		"set": func(ctx context.Context, by identity.Actor, _ int) error {
			_, err := svc.Set(ctx, tenant, by, "usr_una", admin.Changes{Role: text("desk")}, here)
			return err
		},
		"invite": func(ctx context.Context, by identity.Actor, n int) error {
			_, err := invitations.Invite(ctx, tenant, by, enroll.Invitee{Email: address(n), Role: "desk"}, false, here)
			return err
		},
		"import": func(ctx context.Context, by identity.Actor, n int) error {
			text := "email,name,role\n" + address(n) + ",N,desk\n"
			_, err := imports.Import(ctx, tenant, by, strings.NewReader(text), enroll.Options{}, here)
			return err
		},
	}
}

// Whoever gives a role that is deleted, raised above them or given more than
// they have in the same moment either was first or has lost.
//
// Proves: G3, 5.3, 2.3
func TestRolesThatChangeWhileTheyAreGiven(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		svc := service()
		for i, what := range []string{"create", "set", "invite", "import"} {
			t.Run(what, func(t *testing.T) {
				acme := storetest.AddTenant(t, s, fmt.Sprintf("acme-%d", i), identity.Workspace)
				people(t, acme, cast)
				lead := roles(t, svc, acme)
				give := giving(svc, acme)[what]
				for n := range max(6, housetest.Rounds()/5) {
					race(t, svc, acme, n, func() error { return give(t.Context(), lead, n) })
				}
			})
		}
	})
}

// race lets a role be given and changed at once, looks at what has become of
// it, and makes everything as it was.
func race(t *testing.T, svc *admin.Service, acme store.Tenant, n int, give func() error) {
	t.Helper()
	ctx := t.Context()
	changes := []func() error{
		func() error { return svc.DeleteRole(ctx, acme, as("usr_ada"), "desk", here) },
		func() error {
			_, err := svc.SetRole(ctx, acme, as("usr_ada"), "desk", admin.RoleChanges{Rank: number(90)}, here)
			return err
		},
		func() error {
			_, err := svc.SetRole(ctx, acme, as("usr_ada"), "desk", admin.RoleChanges{Permissions: list("audit.read")}, here)
			return err
		},
	}
	var given, changed error
	housetest.AtOnce(3*time.Millisecond, func() { given = give() }, func() { changed = changes[n%3]() })
	holders, err := acme.CountHolders(ctx)
	if err != nil {
		t.Fatal(err)
	}
	role, err := acme.HeldRole(ctx, "desk")
	if err != nil {
		t.Fatal(err)
	}
	held := holders["desk"] != store.Holders{}
	switch {
	case held != (given == nil):
		t.Errorf("round %d: given %v, but holders %v", n, given, holders)
	case held && role.Name == "":
		t.Errorf("round %d: somebody holds a role that is gone", n)
	case given != nil && changed != nil:
		t.Errorf("round %d: both have lost: %v, %v", n, given, changed)
	case changed != nil && !errors.Is(changed, admin.ErrRoleInUse):
		t.Errorf("round %d: %v", n, changed)
	case given != nil && problem.Of(given) == nil:
		t.Errorf("round %d: %v", n, given)
	case given == nil && changed == nil && !givenFirst(t, acme):
		t.Errorf("round %d: given after it was changed", n)
	}
	restore(t, svc, acme, role)
}

// givenFirst reports whether the trail tells of the gift before the change.
func givenFirst(t *testing.T, acme store.Tenant) bool {
	t.Helper()
	events, err := acme.Events(t.Context(), "", 1000)
	if err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(events, func(a, b identity.Event) int { return strings.Compare(string(b.ID), string(a.ID)) })
	for _, e := range events {
		switch e.Kind {
		case identity.EventRoleChanged:
			return true // is the last there is
		case identity.EventUserCreated, identity.EventPermissionsChanged, identity.EventInviteCreated, identity.EventImportDone:
			return false
		}
	}
	return false
}

func restore(t *testing.T, svc *admin.Service, acme store.Tenant, role identity.Role) {
	t.Helper()
	err := acme.Tx(t.Context(), func(tx *store.Tx) error {
		users, err := tx.Users(t.Context(), "", 100)
		if err != nil {
			return err
		}
		for _, u := range users {
			plain := u
			if plain.Role = identity.Member; u.Role != "desk" {
				continue
			}
			if err := tx.SetUser(t.Context(), u, plain, time.Time{}); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil && role.Name == "" {
		_, err = svc.CreateRole(t.Context(), acme, operator, admin.NewRole{Name: "desk", Title: "Desk", Rank: 20, Permissions: []string{"users.read"}}, here)
	} else if err == nil {
		_, err = svc.SetRole(t.Context(), acme, operator, "desk", admin.RoleChanges{Rank: number(20), Permissions: list("users.read")}, here)
	}
	if err != nil {
		t.Fatal(err)
	}
}
