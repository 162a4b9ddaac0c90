package policy_test

import (
	"errors"
	"testing"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/problem"
)

func holder(role string) identity.Actor {
	return identity.Actor{User: "usr_1", Role: policy.BuiltIn(role)}
}

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
			{"nobody with a role", identity.Actor{Role: policy.BuiltIn(identity.Admin)}, false, policy.ErrSignIn},
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
