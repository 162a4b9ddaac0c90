package policy_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/policy"
)

func ownRole(rank int, of ...policy.Permission) identity.Role {
	return identity.Role{Name: "own", Title: "Own", Rank: rank, Permissions: policy.SetOf(of...)}
}

func holderOf(role identity.Role) identity.Actor { return identity.Actor{User: "usr_1", Role: role} }

func TestBuiltInRoles(t *testing.T) {
	ranks := map[string]int{identity.Admin: 100, identity.Manager: 50, identity.Member: 10}
	roles := policy.BuiltInRoles()
	if len(roles) != len(ranks) {
		t.Fatalf("%d roles", len(roles))
	}
	for _, role := range roles {
		if role.Rank != ranks[role.Name] || role.Title == "" || policy.BuiltIn(role.Name) != role {
			t.Errorf("%+v", role)
		}
	}
	if !slices.IsSortedFunc(roles, func(a, b identity.Role) int { return b.Rank - a.Rank }) {
		t.Error("the highest role does not come first")
	}
	if got := policy.BuiltIn("root"); got != (identity.Role{}) {
		t.Errorf("a role nobody made is found: %+v", got)
	}
	for _, p := range policy.AllPermissions() {
		if !policy.Holds(policy.BuiltIn(identity.Admin), p.Permission) || p.Words == "" {
			t.Errorf("%s: administrators do not hold it, or nobody knows what it is", p.Permission)
		}
	}
	roles[0].Rank = 1
	if policy.BuiltIn(identity.Admin).Rank != 100 {
		t.Error("who gets the list can change the table")
	}
}

// Proves: G3, 5.3
func TestMayActOn(t *testing.T) {
	for _, test := range []struct {
		name   string
		actor  identity.Actor
		target identity.Role
		want   error
	}{
		{"an admin on an admin", holder(identity.Admin), policy.BuiltIn(identity.Admin), nil},
		{"an admin on a user", holder(identity.Admin), policy.BuiltIn(identity.Member), nil},
		{"a manager on a manager", holder(identity.Manager), policy.BuiltIn(identity.Manager), nil},
		{"a manager on a user", holder(identity.Manager), policy.BuiltIn(identity.Member), nil},
		{"a manager on an admin", holder(identity.Manager), policy.BuiltIn(identity.Admin), policy.ErrDenied},
		{"a user on a manager", holder(identity.Member), policy.BuiltIn(identity.Manager), policy.ErrDenied},
		{"a manager on somebody of rank 51 who may nothing", holder(identity.Manager), ownRole(51), policy.ErrDenied},
		{"a manager on somebody of rank 50 who may more", holder(identity.Manager), ownRole(50, policy.AuditRead), nil},
		{"an own role on one of its rank", holderOf(ownRole(7)), ownRole(7), nil},
		{"an own role on the plainest built-in one", holderOf(ownRole(9)), policy.BuiltIn(identity.Member), policy.ErrDenied},
		{"an admin on a role nobody knows", holder(identity.Admin), identity.Role{}, policy.ErrDenied},
		{"a role nobody knows on a user", holder("root"), policy.BuiltIn(identity.Member), policy.ErrDenied},
		{"the operator on an admin", operator, policy.BuiltIn(identity.Admin), nil},
		{"the operator on a role nobody knows", operator, identity.Role{}, nil},
		{"nobody on a user", identity.Actor{}, policy.BuiltIn(identity.Member), policy.ErrSignIn},
	} {
		if err := policy.MayActOn(test.actor, test.target); !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", test.name, err, test.want)
		}
	}
}

// Who could become somebody must already be allowed all that they are.
//
// Proves: G3, 5.3
func TestMayActAs(t *testing.T) {
	desk := holderOf(ownRole(60, policy.UsersRead, policy.UsersCredentials))
	for _, test := range []struct {
		name   string
		actor  identity.Actor
		target identity.Role
		want   error
	}{
		{"an admin as an admin", holder(identity.Admin), policy.BuiltIn(identity.Admin), nil},
		{"an admin as a manager", holder(identity.Admin), policy.BuiltIn(identity.Manager), nil},
		{"a manager as a manager", holder(identity.Manager), policy.BuiltIn(identity.Manager), nil},
		{"a manager as a user", holder(identity.Manager), policy.BuiltIn(identity.Member), nil},
		{"a manager as an admin", holder(identity.Manager), policy.BuiltIn(identity.Admin), policy.ErrDenied},
		{"a manager as somebody of rank 51 who may nothing", holder(identity.Manager), ownRole(51), policy.ErrDenied},
		{"a manager as somebody of rank 50 who may more", holder(identity.Manager), ownRole(50, policy.AuditRead), policy.ErrDenied},
		{"a manager as somebody of rank 1 who may more", holder(identity.Manager), ownRole(1, policy.UsersRead, policy.AuditRead), policy.ErrDenied},
		{"an own role as a manager below it, who may more", desk, policy.BuiltIn(identity.Manager), policy.ErrDenied},
		{"an own role as one below it, who may less", desk, ownRole(59, policy.UsersRead), nil},
		{"an own role as one like it", desk, desk.Role, nil},
		{"an admin as a role nobody knows", holder(identity.Admin), identity.Role{}, policy.ErrDenied},
		{"a role nobody knows as a user", holder("root"), policy.BuiltIn(identity.Member), policy.ErrDenied},
		{"the operator as an admin", operator, policy.BuiltIn(identity.Admin), nil},
		{"the operator as a role nobody knows", operator, identity.Role{}, nil},
		{"nobody as a user", identity.Actor{}, policy.BuiltIn(identity.Member), policy.ErrSignIn},
	} {
		if err := policy.MayActAs(test.actor, test.target); !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", test.name, err, test.want)
		}
	}
}

// Rank and permissions both bind (G3), also for the roles of a tenant's own,
// where the one does not follow from the other.
//
// Proves: G3, 5.3
func TestMayGive(t *testing.T) {
	mine := holderOf(ownRole(50, policy.UsersRead, policy.UsersWrite))
	for _, test := range []struct {
		name  string
		actor identity.Actor
		role  identity.Role
		want  error
	}{
		{"an admin makes an admin", holder(identity.Admin), policy.BuiltIn(identity.Admin), nil},
		{"an admin makes a manager", holder(identity.Admin), policy.BuiltIn(identity.Manager), nil},
		{"a manager makes a manager", holder(identity.Manager), policy.BuiltIn(identity.Manager), nil},
		{"a manager makes a user", holder(identity.Manager), policy.BuiltIn(identity.Member), nil},
		{"a manager makes an admin", holder(identity.Manager), policy.BuiltIn(identity.Admin), policy.ErrDenied},
		{"a user makes a manager", holder(identity.Member), policy.BuiltIn(identity.Manager), policy.ErrDenied},
		{"an own role gives less of both", mine, ownRole(10, policy.UsersRead), nil},
		{"an own role gives as much of both", mine, ownRole(50, policy.UsersWrite, policy.UsersRead), nil},
		{"a higher rank without permissions", mine, ownRole(51), policy.ErrDenied},
		{"a lower rank with a permission one lacks", mine, ownRole(10, policy.UsersRead, policy.AuditRead), policy.ErrDenied},
		{"an admin gives a role nobody knows", holder(identity.Admin), identity.Role{}, policy.ErrNoRole},
		{"the operator gives a role nobody knows", operator, identity.Role{}, policy.ErrNoRole},
		{"the operator makes an admin", operator, policy.BuiltIn(identity.Admin), nil},
		{"nobody makes a user", identity.Actor{}, policy.BuiltIn(identity.Member), policy.ErrSignIn},
		{"a role nobody knows makes a user", holder("root"), policy.BuiltIn(identity.Member), policy.ErrDenied},
	} {
		if err := policy.MayGive(test.actor, test.role); !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", test.name, err, test.want)
		}
	}
}

// Proves: G3, 5.3
func TestMayEditRole(t *testing.T) {
	mine := identity.Role{Name: "lead", Rank: 60, Permissions: policy.SetOf(policy.RolesWrite, policy.UsersRead)}
	lead := holderOf(mine)
	same := mine
	same.Name = "other"
	for _, test := range []struct {
		name  string
		actor identity.Actor
		role  identity.Role
		want  error
	}{
		{"less of both", lead, ownRole(10, policy.UsersRead), nil},
		{"as much of both, under another name", lead, same, nil},
		{"a higher rank", lead, ownRole(61), policy.ErrDenied},
		{"a permission one lacks", lead, ownRole(1, policy.AuditRead), policy.ErrDenied},
		{"the role one holds", lead, mine, policy.ErrHeldRole},
		{"the role one holds, made smaller", lead, identity.Role{Name: "lead", Rank: 1}, policy.ErrHeldRole},
		{"a built-in role", holder(identity.Admin), policy.BuiltIn(identity.Member), policy.ErrBuiltInRole},
		{"an admin, the highest there may be", holder(identity.Admin), ownRole(99, policy.AuditExport), nil},
		{"the operator", operator, ownRole(99, policy.AuditExport), nil},
		{"the operator and a built-in role", operator, policy.BuiltIn(identity.Admin), policy.ErrBuiltInRole},
		{"nobody", identity.Actor{}, ownRole(1), policy.ErrSignIn},
		{"a role that is gone", holderOf(identity.Role{}), ownRole(1), policy.ErrDenied},
	} {
		if err := policy.MayEditRole(test.actor, test.role); !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", test.name, err, test.want)
		}
	}
}

func TestRolesAreBounded(t *testing.T) {
	for rank, allowed := range map[int]bool{0: false, 1: true, 99: true, 100: false, -1: false} {
		if err := policy.CheckRank(rank); (err == nil) != allowed {
			t.Errorf("rank %d: %v", rank, err)
		}
	}
	for title, allowed := range map[string]bool{"Desk": true, strings.Repeat("ä", 60): true, strings.Repeat("ä", 61): false, "": false, "a\nb": false, "\u202eevil": false} {
		if _, err := policy.ParseTitle(title); (err == nil) != allowed {
			t.Errorf("title %q: %v", title, err)
		}
	}
	for name, allowed := range map[string]bool{"desk": true, "a1": true, "a-b": true, "a": false, "-a": false, "a-": false, "Desk": false, " desk": false, "a b": false, "dësk": false, strings.Repeat("a", 41): false} {
		if _, err := identity.ParseRoleName(name); (err == nil) != allowed {
			t.Errorf("name %q: %v", name, err)
		}
	}
	set, err := policy.ParsePermissions([]string{"users.write", "users.read", "users.write"})
	if err != nil || set != "users.read users.write" {
		t.Errorf("%q, %v", set, err)
	}
	for _, one := range policy.AllPermissions() {
		if one.Needs == "" {
			continue
		}
		err := policy.CheckComplete(policy.SetOf(one.Permission))
		_, alone := policy.ParsePermissions([]string{string(one.Permission)})
		if said := fmt.Sprint(err); alone == nil || !strings.Contains(said, string(one.Permission)) || !strings.Contains(said, string(one.Needs)) {
			t.Errorf("%s without what it needs: %v", one.Permission, err)
		}
		if got := policy.Complete(policy.SetOf(one.Permission)); got != policy.SetOf(one.Permission, one.Needs) || policy.CheckComplete(got) != nil {
			t.Errorf("%s is completed to %q", one.Permission, got)
		}
	}
	for _, role := range policy.BuiltInRoles() {
		if err := policy.CheckComplete(role.Permissions); err != nil {
			t.Errorf("%s: %v", role.Name, err)
		}
	}
	for _, odd := range []string{"users.invent", "Users.Read", "", "users.read users.write"} {
		if _, err := policy.ParsePermissions([]string{odd}); err == nil {
			t.Errorf("the permission %q is taken", odd)
		}
	}
}
