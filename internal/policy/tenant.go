package policy

import (
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/problem"
)

// Values of identity.Policy's fields that are words.
const (
	yes       = "yes"
	no        = "no"
	WebOnly   = "web"     // PasswordChanges: in the pages only
	WebAndAPI = "web+api" // PasswordChanges: by programs too
)

// What is wrong with a setting.
var (
	ErrKey   = problem.New(problem.Invalid, "unknown_setting", "There is no such setting.")
	ErrValue = problem.New(problem.Invalid, "invalid_setting", "That value will not do.")

	ErrStyleShuts = problem.New(problem.Conflict, "style_shuts_out", "Some users could not sign in any more.")
)

// Defaults is the operator's policy where the operator chose nothing.
func Defaults() identity.Policy {
	return identity.Policy{
		IdleTimeout:       identity.Duration(4 * time.Hour),
		SessionLifetime:   identity.Duration(7 * 24 * time.Hour),
		AccessTokenTTL:    identity.Duration(5 * time.Minute),
		SignInAttempts:    5,
		SignInWait:        identity.Duration(15 * time.Minute),
		StrangerAttempts:  20,
		SourceAttempts:    50,
		RefreshGrace:      identity.Duration(10 * time.Second),
		ResetLinkTTL:      identity.Duration(time.Hour),
		InvitationTTL:     identity.Duration(7 * 24 * time.Hour),
		PasswordMinLength: 8,
		AuditRetention:    identity.Duration(2 * 365 * 24 * time.Hour),
		Language:          "en",
		TimeZone:          "UTC",
		PasswordChanges:   WebOnly,
		ChangeInitial:     yes,
	}
}

// Effective is the policy that holds for a tenant: what it chose, and the
// operator's choice where it chose nothing; never laxer than the operator's floor.
func Effective(operator, tenant identity.Policy) identity.Policy {
	effective := reflect.ValueOf(&operator).Elem()
	chosen := reflect.ValueOf(tenant)
	for i := range chosen.NumField() {
		if !chosen.Field(i).IsZero() {
			effective.Field(i).Set(chosen.Field(i))
		}
	}
	hold(&operator)
	return operator
}

// Landing is the local path where a tenant's people arrive after signing in:
// the tenant's choice, else the phone for those who sign in by extension (P3).
func Landing(t identity.Tenant) string {
	switch {
	case t.Policy.Landing != "":
		return t.Policy.Landing
	case t.Style == identity.Extension:
		return "/phone"
	}
	return "/home"
}

// A setting is one key of "tenant set". Its set gets a value that is not empty
// and answers with what is wanted, or "" when it is content.
type setting struct {
	key string
	set func(t *identity.Tenant, value string) (wanted string)
}

var settings = []setting{
	{"idle-timeout", duration(func(p *identity.Policy) *identity.Duration { return &p.IdleTimeout })},
	{"session-lifetime", duration(func(p *identity.Policy) *identity.Duration { return &p.SessionLifetime })},
	{"access-token-ttl", duration(func(p *identity.Policy) *identity.Duration { return &p.AccessTokenTTL })},
	{"sign-in-attempts", number(1, maxCount, func(p *identity.Policy) *int { return &p.SignInAttempts })},
	{"sign-in-wait", duration(func(p *identity.Policy) *identity.Duration { return &p.SignInWait })},
	{"stranger-attempts", number(1, maxCount, func(p *identity.Policy) *int { return &p.StrangerAttempts })},
	{"source-attempts", number(1, maxCount, func(p *identity.Policy) *int { return &p.SourceAttempts })},
	{"refresh-grace", duration(func(p *identity.Policy) *identity.Duration { return &p.RefreshGrace })},
	{"reset-link-ttl", duration(func(p *identity.Policy) *identity.Duration { return &p.ResetLinkTTL })},
	{"invitation-ttl", duration(func(p *identity.Policy) *identity.Duration { return &p.InvitationTTL })},
	{"audit-retention", duration(func(p *identity.Policy) *identity.Duration { return &p.AuditRetention })},
	{"password-min-length", number(8, 64, func(p *identity.Policy) *int { return &p.PasswordMinLength })},
	{"support-contact", contact},
	{"landing", oneOf(func(p *identity.Policy) *string { return &p.Landing }, "/home", "/phone")},
	{"language", oneOf(func(p *identity.Policy) *string { return &p.Language }, identity.Languages...)},
	{"time-zone", timeZone},
	{"accent", accent},
	{"password-changes", oneOf(func(p *identity.Policy) *string { return &p.PasswordChanges }, WebOnly, WebAndAPI)},
	{"password-classes", classes},
	{"change-initial", oneOf(func(p *identity.Policy) *string { return &p.ChangeInitial }, yes, no)},
	{"imprint", address(func(p *identity.Policy) *string { return &p.Imprint })},
	{"privacy", address(func(p *identity.Policy) *string { return &p.Privacy })},
	{"mail-sender", sender},
	{"style", style},
	{"name", name},
}

// Bounds of what a tenant may choose.
const (
	maxCount    = 1_000_000
	maxDuration = 10 * 365 * 24 * time.Hour
)

// Keys lists the keys that Set takes.
func Keys() []string {
	keys := make([]string, len(settings))
	for i, s := range settings {
		keys[i] = s.key
	}
	return keys
}

// Set does what "tenant set KEY=VALUE" asks for. The empty value takes a
// choice back, so that the operator's holds; style and name cannot be taken
// back. Errors are ErrKey and ErrValue, naming the key and what is wanted; t
// is unchanged then.
func Set(t *identity.Tenant, key, value string) error {
	for _, s := range settings {
		if s.key != key {
			continue
		}
		if value == "" && key != "style" && key != "name" {
			takeBack(&t.Policy, key)
			return nil
		}
		if wanted := s.set(t, value); wanted != "" {
			message := key + ": must be " + wanted + "."
			return ErrValue.Because("%s", message).In(problem.Field{Location: key, Message: message})
		}
		return nil
	}
	return noSetting(key)
}

// StyleShuts refuses a style (ErrStyleShuts) in which some of a tenant's users,
// of whom so many lack an address and so many an extension, would have nothing
// to sign in with.
func StyleShuts(style identity.Style, noEmail, noExtension int64) error {
	lacking, what := noEmail, "e-mail address"
	if style == identity.Extension {
		lacking, what = noExtension, "extension"
	}
	if lacking == 0 {
		return nil
	}
	return ErrStyleShuts.Because("In the style %s people sign in with an %s, and %d of the organization’s users have none. Give them one or deactivate them first.", style, what, lacking)
}

// takeBack finds the field by its JSON name, which is the key.
func takeBack(p *identity.Policy, key string) {
	fields := reflect.ValueOf(p).Elem()
	for i := range fields.NumField() {
		if tag, _, _ := strings.Cut(fields.Type().Field(i).Tag.Get("json"), ","); tag == key {
			fields.Field(i).SetZero()
		}
	}
}

func duration(field func(*identity.Policy) *identity.Duration) func(*identity.Tenant, string) string {
	return func(t *identity.Tenant, value string) string {
		d, err := time.ParseDuration(value)
		if err != nil || d < time.Second || d > maxDuration {
			return "a duration from 1s to " + strconv.Itoa(int(maxDuration.Hours())) + "h, like 90s, 30m or 4h"
		}
		*field(&t.Policy) = identity.Duration(d)
		return ""
	}
}

func number(least, most int, field func(*identity.Policy) *int) func(*identity.Tenant, string) string {
	return func(t *identity.Tenant, value string) string {
		n, err := strconv.Atoi(value)
		if err != nil || n < least || n > most {
			return "a number from " + strconv.Itoa(least) + " to " + strconv.Itoa(most)
		}
		*field(&t.Policy) = n
		return ""
	}
}

func oneOf(field func(*identity.Policy) *string, words ...string) func(*identity.Tenant, string) string {
	return func(t *identity.Tenant, value string) string {
		for _, word := range words {
			if value == word {
				*field(&t.Policy) = value
				return ""
			}
		}
		return strings.Join(words, " or ")
	}
}

// classes are kept in one order, each once.
func classes(t *identity.Tenant, value string) string {
	for word := range strings.SplitSeq(value, ",") {
		if !slices.Contains(passwordClasses, word) {
			return "some of " + strings.Join(passwordClasses, ",")
		}
	}
	t.Policy.PasswordClasses = inOrder(value)
	return ""
}

var colour = regexp.MustCompile(`^#[0-9A-Fa-f]{6}$`)

// accent ends up in a stylesheet, so nothing but the colour itself may pass.
func accent(t *identity.Tenant, value string) string {
	if !colour.MatchString(value) {
		return "a colour, like #0a66c2"
	}
	t.Policy.Accent = value
	return ""
}

// contact is shown to strangers as plain text, so the rules are a name's.
func contact(t *identity.Tenant, value string) string {
	plain, err := identity.ParseName(value)
	if err != nil {
		return "plain text of at most 200 characters on one line"
	}
	t.Policy.SupportContact = plain
	return ""
}

// address is a link on pages for strangers, so that nothing but a web page may
// be behind it.
func address(field func(*identity.Policy) *string) func(*identity.Tenant, string) string {
	return func(t *identity.Tenant, value string) string {
		u, err := url.Parse(value)
		odd := strings.ContainsFunc(value, func(r rune) bool { return r <= ' ' || r >= 0x7f || strings.ContainsRune(`"<>\^`+"`", r) })
		if err != nil || odd || len(value) > 500 || u.Scheme != "https" || u.Hostname() == "" || u.User != nil || u.Opaque != "" {
			return "the address of a web page, like https://example.com/imprint"
		}
		*field(&t.Policy) = value
		return ""
	}
}

// timeZone is where times are shown to people who have chosen none.
func timeZone(t *identity.Tenant, value string) string {
	name, err := identity.ParseTimeZone(value)
	if err != nil {
		return "a time zone, like Europe/Berlin or UTC"
	}
	t.Policy.TimeZone = name
	return ""
}

// Zone is where a user's times are shown, by the effective policy: in the zone
// of their own, else in their tenant's.
func Zone(p identity.Policy, u identity.User) *time.Location {
	if u.TimeZone != "" {
		return identity.Zone(u.TimeZone)
	}
	return identity.Zone(p.TimeZone)
}

// sender is the name that letters come from. Programs show it in place of the
// address, so it must not look like one.
func sender(t *identity.Tenant, value string) string {
	plain, err := identity.ParseName(value)
	if err != nil || strings.ContainsAny(plain, "@＠<>\"") {
		return "a name of at most 200 characters on one line, no address"
	}
	t.Policy.MailSender = plain
	return ""
}

func style(t *identity.Tenant, value string) string {
	switch s := identity.Style(value); s {
	case identity.Workspace, identity.Extension, identity.Email:
		t.Style = s
		return ""
	}
	return "workspace, extension or email"
}

func name(t *identity.Tenant, value string) string {
	plain, err := identity.ParseName(value)
	if err != nil {
		return "a name of 1 to 200 characters on one line"
	}
	t.Name = plain
	return ""
}
