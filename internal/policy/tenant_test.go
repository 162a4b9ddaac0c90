package policy_test

import (
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/problem"
)

func TestSet(t *testing.T) {
	for _, test := range []struct {
		name, key, value string
		taken            bool
	}{
		{"a duration", "idle-timeout", "30m", true},
		{"one second, the shortest", "idle-timeout", "1s", true},
		{"less than a second", "idle-timeout", "999ms", false},
		{"less than nothing", "session-lifetime", "-1h", false},
		{"ten years, the longest", "session-lifetime", "87600h", true},
		{"more than ten years", "session-lifetime", "87601h", false},
		{"a number without a unit", "access-token-ttl", "300", false},
		{"a grace time", "refresh-grace", "10s", true},
		{"a link's life", "reset-link-ttl", "2h", true},
		{"an invitation's life", "invitation-ttl", "72h", true},
		{"a wait", "sign-in-wait", "1m", true},
		{"attempts", "sign-in-attempts", "1", true},
		{"no attempts", "sign-in-attempts", "0", false},
		{"half an attempt", "stranger-attempts", "1.5", false},
		{"too many attempts", "source-attempts", "1000001", false},
		{"eight characters, the fewest", "password-min-length", "8", true},
		{"seven characters", "password-min-length", "7", false},
		{"sixty-four characters, the most", "password-min-length", "64", true},
		{"sixty-five characters", "password-min-length", "65", false},
		{"a contact", "support-contact", "Help desk, help@example.test", true},
		{"a contact on two lines", "support-contact", "Help\r\nBcc: eve@evil.test", false},
		{"a contact of 201 characters", "support-contact", strings.Repeat("x", 201), false},
		{"a landing page", "landing", "/phone", true},
		{"the other landing page", "landing", "/home", true},
		{"a page that is none to land on", "landing", "/", false},
		{"a landing page with a query", "landing", "/home?x=1", false},
		{"another host", "landing", "//evil.test", false},
		{"another host by a backslash", "landing", `/\evil.test`, false},
		{"another host by its whole address", "landing", "https://evil.test/", false},
		{"another host by a tab", "landing", "/\t/evil.test", false},
		{"another header", "landing", "/home\r\nSet-Cookie: a=b", false},
		{"script", "landing", "javascript:alert(1)", false},
		{"no slash", "landing", "home", false},
		{"a path that never ends", "landing", "/" + strings.Repeat("x", 200), false},
		{"English", "language", "en", true},
		{"Indonesian", "language", "id", true},
		{"a language nobody wrote", "language", "tlh", false},
		{"a time zone", "time-zone", "Asia/Jakarta", true},
		{"the machine's own", "time-zone", "Local", false},
		{"a file", "time-zone", "../UTC", false},
		{"a colour", "accent", "#0A66c2", true},
		{"a short colour", "accent", "#fff", false},
		{"a colour by name", "accent", "red", false},
		{"more than a colour", "accent", "#0a66c2;}body{display:none", false},
		{"a colour and a newline", "accent", "#0a66c2\n", false},
		{"Q6: passwords in the web only", "password-changes", "web", true},
		{"Q6: passwords by the API too", "password-changes", "web+api", true},
		{"Q6: by the API alone", "password-changes", "api", false},
		{"P1: initial passwords are changed", "change-initial", "yes", true},
		{"P1: initial passwords are kept", "change-initial", "no", true},
		{"P1: neither", "change-initial", "maybe", false},
		{"W6: classes of characters", "password-classes", "digit,lower", true},
		{"W6: all of them", "password-classes", "lower,upper,digit,special", true},
		{"W6: another class", "password-classes", "emoji", false},
		{"W6: a blank between", "password-classes", "lower, upper", false},
		{"G7: an imprint", "imprint", "https://acme.test/imprint?lang=de#top", true},
		{"G7: a script for an imprint", "imprint", "javascript:alert(1)", false},
		{"G7: a page that can be listened to", "privacy", "http://acme.test/privacy", false},
		{"G7: a local path", "privacy", "/privacy", false},
		{"G7: no host", "privacy", "https:///privacy", false},
		{"G7: a page behind a name", "privacy", "https://acme.test@evil.test/", false},
		{"G7: markup in an address", "privacy", "https://acme.test/\"><script>", false},
		{"G7: a blank in an address", "privacy", "https://acme.test/a b", false},
		{"G7: a sender", "mail-sender", "Acme Support", true},
		{"G7: a sender that looks like an address", "mail-sender", "security@bank.test", false},
		{"G7: a sender of two lines", "mail-sender", "Acme\r\nBcc: a", false},
		{"a style", "style", "extension", true},
		{"a style nobody has", "style", "fax", false},
		{"no style", "style", "", false},
		{"a name", "name", " Wicked Sprockets ", true},
		{"no name", "name", "", false},
		{"a name that turns around", "name", "abc\u202edef", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			var tenant identity.Tenant
			err := policy.Set(&tenant, test.key, test.value)
			if unchanged := reflect.DeepEqual(tenant, identity.Tenant{}); unchanged == test.taken {
				t.Errorf("tenant %+v", tenant)
			}
			if test.taken {
				if err != nil {
					t.Errorf("refused: %v", err)
				}
				return
			}
			if !errors.Is(err, policy.ErrValue) {
				t.Fatalf("error %v", err)
			}
			p := problem.Of(err)
			if p.Kind != problem.Invalid || !strings.HasPrefix(p.Message, test.key+":") || p.Fields[0].Location != test.key {
				t.Errorf("problem %+v", p)
			}
			if len(test.value) > 4 && strings.Contains(p.Message, test.value) {
				t.Error("the sentence repeats the value")
			}
		})
	}
}

func TestSetUnknownKey(t *testing.T) {
	for _, key := range []string{"idle_timeout", "Idle-Timeout", "slug", "status", ""} {
		var tenant identity.Tenant
		err := policy.Set(&tenant, key, "1h")
		if !errors.Is(err, policy.ErrKey) || !strings.Contains(problem.Of(err).Message, key) || problem.Of(err).Fields[0].Location != key {
			t.Errorf("%q: %v", key, err)
		}
	}
	for _, key := range []string{strings.Repeat("x", 41), "a b", "<b>", "hunter2!", "a\x1b"} {
		p := problem.Of(policy.Set(&identity.Tenant{}, key, "1h"))
		if strings.Contains(p.Message, key) || p.Fields[0].Location != "" || strings.Contains(p.Fields[0].Message, key) {
			t.Errorf("what can be no key is told: %+v", p)
		}
	}
}

// The keys are the JSON names of the policy, and style and name; an empty
// value takes each choice of the policy back.
func TestKeys(t *testing.T) {
	example := map[string]string{
		"password-min-length": "12", "support-contact": "desk", "landing": "/phone", "language": "id", "time-zone": "Asia/Jakarta",
		"accent": "#123456", "password-changes": "web+api", "change-initial": "no", "password-classes": "upper,digit",
		"imprint": "https://acme.test/imprint", "privacy": "https://acme.test/privacy", "mail-sender": "Acme",
	}
	var want []string
	fields := reflect.TypeFor[identity.Policy]()
	for i := range fields.NumField() {
		key, _, _ := strings.Cut(fields.Field(i).Tag.Get("json"), ",")
		if key == "logo" || key == "-" {
			continue // comes with its picture; is no tenant's
		}
		want = append(want, key)
		value := example[key]
		if value == "" && fields.Field(i).Type.Kind() == reflect.Int {
			value = "7"
		} else if value == "" {
			value = "7s"
		}
		tenant := identity.Tenant{Name: "kept", Style: identity.Email}
		if err := policy.Set(&tenant, key, value); err != nil {
			t.Errorf("%s: %v", key, err)
		}
		var stored map[string]any
		if raw, err := json.Marshal(tenant.Policy); err != nil || json.Unmarshal(raw, &stored) != nil {
			t.Fatal(err)
		}
		if len(stored) != 1 || stored[key] == nil {
			t.Errorf("%s set %v", key, stored)
		}
		if err := policy.Set(&tenant, key, ""); err != nil || tenant.Policy != (identity.Policy{}) || tenant.Name != "kept" {
			t.Errorf("%s taken back: %v, %+v", key, err, tenant)
		}
	}
	want = append(want, "style", "name")
	got := slices.Clone(policy.Keys())
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("keys %v, want %v", got, want)
	}
}

func TestEffective(t *testing.T) {
	operator := policy.Defaults()
	tenant := identity.Policy{SignInAttempts: 3, Language: "id"}
	got := policy.Effective(operator, tenant)
	want := policy.Defaults()
	want.SignInAttempts, want.Language = 3, "id"
	if got != want {
		t.Errorf("the tenant's choices stand above the operator's: %+v", got)
	}
	if operator != policy.Defaults() {
		t.Error("the operator's policy was changed")
	}
	if policy.Effective(operator, identity.Policy{}) != operator {
		t.Error("a tenant that chose nothing does not follow the operator")
	}
}

func TestDefaults(t *testing.T) {
	raw, err := json.Marshal(policy.Defaults())
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"idle-timeout":"4h0m0s","session-lifetime":"168h0m0s","access-token-ttl":"5m0s",` +
		`"sign-in-attempts":5,"sign-in-wait":"15m0s","stranger-attempts":20,"source-attempts":50,` +
		`"refresh-grace":"10s","reset-link-ttl":"1h0m0s","invitation-ttl":"168h0m0s","password-min-length":8,` +
		`"audit-retention":"17520h0m0s","language":"en","time-zone":"UTC","password-changes":"web","change-initial":"yes"}`
	if string(raw) != want {
		t.Errorf("defaults\n%s, want\n%s", raw, want)
	}
}

func TestLanding(t *testing.T) {
	for _, test := range []struct {
		name   string
		tenant identity.Tenant
		want   string
	}{
		{"the home page", identity.Tenant{Style: identity.Workspace}, "/home"},
		{"P3: the phone, by extension", identity.Tenant{Style: identity.Extension}, "/phone"},
		{"where the tenant wants", identity.Tenant{Style: identity.Extension, Policy: identity.Policy{Landing: "/x"}}, "/x"},
	} {
		if got := policy.Landing(test.tenant); got != test.want {
			t.Errorf("%s: %s", test.name, got)
		}
	}
}

// Proves: G5, G7
func TestZone(t *testing.T) {
	for _, test := range []struct{ name, tenants, own, want string }{
		{"one's own", "Europe/Berlin", "Asia/Jakarta", "Asia/Jakarta"},
		{"else the tenant's", "Europe/Berlin", "", "Europe/Berlin"},
		{"else universal time", "", "", "UTC"},
		{"one that was taken away", "Europe/Berlin", "Europe/Atlantis", "UTC"},
	} {
		if zone := policy.Zone(identity.Policy{TimeZone: test.tenants}, identity.User{TimeZone: test.own}); zone.String() != test.want {
			t.Errorf("%s: %s, want %s", test.name, zone, test.want)
		}
	}
}
