package policy_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/problem"
)

func holder(role string) identity.Actor { return identity.Actor{User: "usr_1", Role: role} }

var operator = identity.Actor{Operator: true}

// The table of interface.md, "Permissions".
func TestAllow(t *testing.T) {
	for _, test := range []struct {
		permission           policy.Permission
		admin, manager, user bool
	}{
		{"users.read", true, true, false},
		{"users.write", true, true, false},
		{"users.delete", true, false, false},
		{"users.export", true, false, false},
		{"users.credentials", true, true, false},
		{"invitations.read", true, true, false},
		{"invitations.write", true, true, false},
		{"invitations.link", true, false, false},
		{"roles.read", true, true, false},
		{"roles.write", true, false, false},
		{"audit.read", true, false, false},
		{"audit.export", true, false, false},
		{"organization.read", true, true, false},
		{"organization.write", true, false, false},
		{"mails.read", true, false, false},
	} {
		for _, who := range []struct {
			name    string
			actor   identity.Actor
			allowed bool
			refusal error
		}{
			{"the operator", operator, true, nil},
			{"an admin", holder(identity.Admin), test.admin, policy.ErrDenied},
			{"a manager", holder(identity.Manager), test.manager, policy.ErrDenied},
			{"a user", holder(identity.Member), test.user, policy.ErrDenied},
			{"a role nobody knows", holder("root"), false, policy.ErrDenied},
			{"no role", holder(""), false, policy.ErrDenied},
			{"nobody", identity.Actor{}, false, policy.ErrSignIn},
			{"nobody with a role", identity.Actor{Role: identity.Admin}, false, policy.ErrSignIn},
		} {
			want := who.refusal
			if who.allowed {
				want = nil
			}
			if err := policy.Allow(who.actor, test.permission); !errors.Is(err, want) {
				t.Errorf("%s and %s: %v, want %v", who.name, test.permission, err, want)
			}
		}
	}
	if err := policy.Allow(holder(identity.Admin), "users.invent"); !errors.Is(err, policy.ErrDenied) {
		t.Errorf("an unknown permission: %v", err)
	}
}

func TestRoles(t *testing.T) {
	ranks := map[string]int{identity.Admin: 100, identity.Manager: 50, identity.Member: 10}
	roles := policy.Roles()
	if len(roles) != len(ranks) {
		t.Fatalf("%d roles", len(roles))
	}
	for _, role := range roles {
		if role.Rank != ranks[role.Name] {
			t.Errorf("%s ranks %d", role.Name, role.Rank)
		}
		if found, ok := policy.RoleOf(role.Name); !ok || found.Rank != role.Rank {
			t.Errorf("%s is not found", role.Name)
		}
	}
	if !slices.IsSortedFunc(roles, func(a, b policy.Role) int { return b.Rank - a.Rank }) {
		t.Error("the highest role does not come first")
	}
	if _, ok := policy.RoleOf("root"); ok {
		t.Error("a role nobody made is found")
	}
	roles[0].Permissions[0] = "broken"
	if err := policy.Allow(holder(identity.Admin), policy.UsersRead); err != nil {
		t.Error("who gets the list can change the table")
	}
}

func TestMayActOn(t *testing.T) {
	for _, test := range []struct {
		name   string
		actor  identity.Actor
		target string
		want   error
	}{
		{"an admin on an admin", holder(identity.Admin), identity.Admin, nil},
		{"an admin on a user", holder(identity.Admin), identity.Member, nil},
		{"a manager on a manager", holder(identity.Manager), identity.Manager, nil},
		{"a manager on a user", holder(identity.Manager), identity.Member, nil},
		{"a manager on an admin", holder(identity.Manager), identity.Admin, policy.ErrDenied},
		{"a user on a manager", holder(identity.Member), identity.Manager, policy.ErrDenied},
		{"an admin on a role nobody knows", holder(identity.Admin), "root", policy.ErrDenied},
		{"a role nobody knows on a user", holder("root"), identity.Member, policy.ErrDenied},
		{"the operator on an admin", operator, identity.Admin, nil},
		{"the operator on a role nobody knows", operator, "root", nil},
		{"nobody on a user", identity.Actor{}, identity.Member, policy.ErrSignIn},
	} {
		if err := policy.MayActOn(test.actor, test.target); !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", test.name, err, test.want)
		}
	}
}

func TestMayGive(t *testing.T) {
	for _, test := range []struct {
		name  string
		actor identity.Actor
		role  string
		want  error
	}{
		{"an admin makes an admin", holder(identity.Admin), identity.Admin, nil},
		{"an admin makes a manager", holder(identity.Admin), identity.Manager, nil},
		{"a manager makes a manager", holder(identity.Manager), identity.Manager, nil},
		{"a manager makes a user", holder(identity.Manager), identity.Member, nil},
		{"a manager makes an admin", holder(identity.Manager), identity.Admin, policy.ErrDenied},
		{"a user makes a manager", holder(identity.Member), identity.Manager, policy.ErrDenied},
		{"an admin gives a role nobody knows", holder(identity.Admin), "root", policy.ErrNoRole},
		{"the operator gives a role nobody knows", operator, "root", policy.ErrNoRole},
		{"the operator makes an admin", operator, identity.Admin, nil},
		{"nobody makes a user", identity.Actor{}, identity.Member, policy.ErrSignIn},
		{"a role nobody knows makes a user", holder("root"), identity.Member, policy.ErrDenied},
	} {
		if err := policy.MayGive(test.actor, test.role); !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", test.name, err, test.want)
		}
	}
}

// Codes are what programs rely on.
func TestCodes(t *testing.T) {
	for _, test := range []struct {
		p    *problem.Problem
		kind problem.Kind
		code string
	}{
		{policy.ErrSignIn, problem.Unauthenticated, "sign_in_required"},
		{policy.ErrDenied, problem.Denied, "denied"},
		{policy.ErrLastAdmin, problem.Conflict, "last_admin"},
		{policy.ErrRefused, problem.Unauthenticated, "invalid_credentials"},
		{policy.ErrSuspended, problem.Denied, "tenant_suspended"},
		{policy.ErrChangeRequired, problem.Denied, "password_change_required"},
		{policy.ErrChoose, problem.Conflict, "tenant_choice_required"},
		{policy.ErrWait, problem.TooMany, "too_many_attempts"},
		{policy.ErrPassword, problem.Invalid, "password_refused"},
	} {
		if test.p.Kind != test.kind || test.p.Code != test.code || test.p.Message == "" {
			t.Errorf("%+v, want %s %s", test.p, test.kind, test.code)
		}
	}
}
