package admin_test

import (
	"errors"
	"testing"

	"github.com/vestibule-id/vestibule/internal/admin"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/store/storetest"
)

// What became of letters is for who may see it, whichever way they look.
//
// Proves: Q7, G3, 5.2
func TestWhoSeesLetters(t *testing.T) {
	tenant := storetest.AddTenant(t, storetest.SQLite(t), "acme", identity.Workspace)
	people(t, tenant, cast)
	svc := service()
	for role, want := range map[string]error{identity.Admin: nil, identity.Manager: policy.ErrDenied, identity.Member: policy.ErrDenied} {
		if _, err := svc.Mails(t.Context(), tenant, identity.Actor{User: "usr_x", Role: policy.BuiltIn(role)}, admin.MailFilter{Limit: 9}); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", role, err, want)
		}
	}
	if _, err := svc.Mails(t.Context(), tenant, identity.Actor{}, admin.MailFilter{Limit: 9}); !errors.Is(err, policy.ErrSignIn) {
		t.Errorf("nobody: %v", err)
	}
	boss := identity.Actor{User: "usr_x", Role: policy.BuiltIn(identity.Admin)}
	for name, test := range map[string]struct {
		f    admin.MailFilter
		want error
	}{
		"a state there is not": {admin.MailFilter{State: "lost", Limit: 9}, admin.ErrFilter},
		"not UTF-8":            {admin.MailFilter{Search: "\xff", Limit: 9}, admin.ErrFilter},
		"a place that is gone": {admin.MailFilter{Cursor: "tsk_none", Limit: 9}, problem.NotFound},
	} {
		if _, err := svc.Mails(t.Context(), tenant, boss, test.f); !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", name, err, test.want)
		}
	}
}
