package policy_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/problem"
)

// A tenant may be stricter than the operator's floor, never laxer; what it
// chose before there was one does not hold any more.
//
// Proves: G7, 5.5
func TestFloors(t *testing.T) {
	for _, row := range []struct {
		floor, key, value string
		allowed           bool
		holds             string
	}{
		{"idle-timeout=1h", "idle-timeout", "30m", true, "30m"},
		{"idle-timeout=1h", "idle-timeout", "1h", true, "1h"},
		{"idle-timeout=1h", "idle-timeout", "61m", false, "1h"},
		{"session-lifetime=24h", "session-lifetime", "25h", false, "24h"},
		{"access-token-ttl=2m", "access-token-ttl", "3m", false, "2m"},
		{"refresh-grace=5s", "refresh-grace", "6s", false, "5s"},
		{"sign-in-attempts=4", "sign-in-attempts", "5", false, "4"},
		{"sign-in-attempts=4", "sign-in-attempts", "3", true, "3"},
		{"stranger-attempts=10", "stranger-attempts", "11", false, "10"},
		{"source-attempts=10", "source-attempts", "11", false, "10"},
		{"sign-in-wait=10m", "sign-in-wait", "9m", false, "10m"},
		{"sign-in-wait=10m", "sign-in-wait", "11m", true, "11m"},
		{"reset-link-ttl=20m", "reset-link-ttl", "1h", false, "20m"},
		{"invitation-ttl=24h", "invitation-ttl", "25h", false, "24h"},
		{"password-min-length=12", "password-min-length", "11", false, "12"},
		{"password-min-length=12", "password-min-length", "15", true, "15"},
		{"password-classes=digit,upper", "password-classes", "digit", false, "upper,digit"},
		{"password-classes=digit,upper", "password-classes", "special,digit,upper", true, "upper,digit,special"},
		{"password-changes=web", "password-changes", "web+api", false, "web"},
		{"change-initial=yes", "change-initial", "no", false, "yes"},
		{"idle-timeout=1h", "support-contact", "the desk", true, "the desk"},
		{"idle-timeout=1h", "sign-in-attempts", "9", true, "9"},
	} {
		bounds, err := policy.ParseFloors(strings.Split(row.floor, ","))
		if err != nil {
			t.Fatalf("%s: %v", row.floor, err)
		}
		operator := policy.Above(policy.Defaults(), bounds)
		var tenant identity.Tenant
		err = policy.SetWithin(operator, &tenant, row.key, row.value)
		if (err == nil) != row.allowed || err != nil && (!errors.Is(err, policy.ErrFloor) || tenant != (identity.Tenant{})) {
			t.Errorf("%s: %s=%s: %v, %+v", row.floor, row.key, row.value, err, tenant)
		}
		if err != nil && !strings.Contains(problem.Of(err).Message, row.holds) {
			t.Errorf("%v does not name the floor %s", err, row.holds)
		}
		earlier := identity.Tenant{}
		if err := policy.Set(&earlier, row.key, row.value); err != nil {
			t.Fatal(err)
		}
		effective := policy.Effective(operator, earlier.Policy)
		if got := policy.Chosen(identity.Tenant{Policy: effective})[row.key]; got != row.holds {
			t.Errorf("%s: of %s=%s holds %s, want %s", row.floor, row.key, row.value, got, row.holds)
		}
		if err := policy.SetWithin(operator, &earlier, "landing", "/home"); err != nil {
			t.Errorf("an earlier choice keeps the tenant from another: %v", err)
		}
		if err := policy.SetWithin(operator, &earlier, row.key, ""); err != nil {
			t.Errorf("it cannot be taken back: %v", err)
		}
	}
}

// The operator's own defaults are held to the floor too.
//
// Proves: G7, 5.5
func TestFloorsOfTheOperator(t *testing.T) {
	bounds, err := policy.ParseFloors([]string{"idle-timeout=1h", "password-min-length=10", "password-classes=lower", "digit"})
	if err != nil {
		t.Fatal(err)
	}
	operator := policy.Above(policy.Defaults(), bounds)
	p := policy.Effective(operator, identity.Policy{})
	if time.Duration(p.IdleTimeout) != time.Hour || p.PasswordMinLength != 10 || p.PasswordClasses != "lower,digit" || p != operator {
		t.Errorf("%+v", p)
	}
	for key, want := range map[string]string{"idle-timeout": "at most 1h", "password-min-length": "at least 10", "password-classes": "at least lower,digit", "landing": ""} {
		if got := policy.FloorText(operator, key); got != want {
			t.Errorf("%s: %q, want %q", key, got, want)
		}
	}
	if policy.FloorText(policy.Defaults(), "idle-timeout") != "" {
		t.Error("there is a floor that nobody set")
	}
}

func TestParseFloorsRefuses(t *testing.T) {
	for _, texts := range [][]string{
		{"landing=/home"}, {"name=Acme"}, {"idle-timeout"}, {"idle-timeout="}, {"idle-timeout=soon"}, {"idle-timeout=1h", "idle-timeout=2h"},
		{"password-min-length=7"}, {"password-changes=web+api"}, {"change-initial=no"}, {"logo=x"}, {"=1"}, {""},
	} {
		if _, err := policy.ParseFloors(texts); err == nil {
			t.Errorf("%q was taken", texts)
		}
	}
}

// Proves: G7
func TestDifferences(t *testing.T) {
	before := identity.Tenant{Name: "Acme", Style: identity.Email, Policy: identity.Policy{SignInAttempts: 3, Logo: "aa"}}
	after := identity.Tenant{Name: "Acme", Style: identity.Workspace, Policy: identity.Policy{IdleTimeout: identity.Duration(time.Hour), SignInAttempts: 3}}
	got := policy.Differences(before, after)
	want := map[string]string{"style.from": "email", "style.to": "workspace", "idle-timeout.from": "", "idle-timeout.to": "1h0m0s", "logo.from": "aa", "logo.to": ""}
	if len(got) != len(want) {
		t.Errorf("%v", got)
	}
	for key, value := range want {
		if got[key] != value {
			t.Errorf("%s is %q, want %q", key, got[key], value)
		}
	}
}
