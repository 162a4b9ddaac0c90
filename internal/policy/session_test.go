package policy_test

import (
	"reflect"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/policy"
)

var noon = time.Date(2030, 1, 2, 12, 0, 0, 0, time.UTC)

func TestEnds(t *testing.T) {
	p := identity.Policy{IdleTimeout: identity.Duration(4 * time.Hour), SessionLifetime: identity.Duration(24 * time.Hour)}
	for _, test := range []struct {
		name           string
		interacted     time.Duration
		idle, absolute time.Duration
	}{
		{"at sign-in", 0, 4 * time.Hour, 24 * time.Hour},
		{"P4: an interaction starts the idle time again and moves nothing else", 3 * time.Hour, 7 * time.Hour, 24 * time.Hour},
		{"the idle end is never behind the absolute one", 23 * time.Hour, 24 * time.Hour, 24 * time.Hour},
	} {
		idle, absolute := policy.Ends(p, noon, noon.Add(test.interacted))
		if idle.Sub(noon) != test.idle || absolute.Sub(noon) != test.absolute {
			t.Errorf("%s: %v and %v", test.name, idle.Sub(noon), absolute.Sub(noon))
		}
	}
}

func TestTokenEnd(t *testing.T) {
	p := identity.Policy{AccessTokenTTL: identity.Duration(5 * time.Minute)}
	for _, test := range []struct {
		name                 string
		idle, absolute, want time.Duration
	}{
		{"its own five minutes", time.Hour, 2 * time.Hour, 5 * time.Minute},
		{"never after the idle end", time.Minute, 2 * time.Hour, time.Minute},
		{"never after the absolute end", time.Hour, 2 * time.Minute, 2 * time.Minute},
		{"the earliest of all", 3 * time.Minute, 2 * time.Minute, 2 * time.Minute},
	} {
		if got := policy.TokenEnd(p, noon, noon.Add(test.idle), noon.Add(test.absolute)).Sub(noon); got != test.want {
			t.Errorf("%s: %v, want %v", test.name, got, test.want)
		}
	}
}

func TestSpareInteraction(t *testing.T) {
	for _, test := range []struct {
		name       string
		idle, want time.Duration
	}{
		{"once a minute", 4 * time.Hour, time.Minute},
		{"a tenth of a short idle time", 5 * time.Minute, 30 * time.Second},
		{"a tenth of the shortest", time.Second, 100 * time.Millisecond},
	} {
		if got := policy.SpareInteraction(identity.Policy{IdleTimeout: identity.Duration(test.idle)}); got != test.want {
			t.Errorf("%s: %v, want %v", test.name, got, test.want)
		}
	}
}

// Proves: W11, 3.3
func TestWarnings(t *testing.T) {
	for _, test := range []struct {
		name              string
		idle, lifetime    time.Duration
		warnIdle, warnEnd time.Duration
	}{
		{"the usual", 4 * time.Hour, 168 * time.Hour, 2 * time.Minute, 5 * time.Minute},
		{"a third of what is short", 3 * time.Minute, 9 * time.Minute, time.Minute, 3 * time.Minute},
		{"a third of the shortest", 3 * time.Second, 6 * time.Second, time.Second, 2 * time.Second},
	} {
		idle, end := policy.Warnings(identity.Policy{IdleTimeout: identity.Duration(test.idle), SessionLifetime: identity.Duration(test.lifetime)})
		if idle != test.warnIdle || end != test.warnEnd {
			t.Errorf("%s: %v and %v, want %v and %v", test.name, idle, end, test.warnIdle, test.warnEnd)
		}
	}
}

func TestLanes(t *testing.T) {
	const quarter, day = 15 * time.Minute, 24 * time.Hour
	long := policy.Defaults()
	long.SignInWait = identity.Duration(48 * time.Hour)
	for _, test := range []struct {
		name  string
		p     identity.Policy
		known bool
		want  []policy.Lane
	}{
		{"P5: a known browser has five tries of its own", policy.Defaults(), true, []policy.Lane{
			{Name: "browser", Limit: 5, Wait: quarter, MaxWait: quarter},
		}},
		{"P5: any other counts by place, and strangers together", policy.Defaults(), false, []policy.Lane{
			{Name: "source", Limit: 50, Wait: quarter, MaxWait: quarter},
			{Name: "strangers", Limit: 20, Wait: quarter, MaxWait: day},
			{Name: "place", Limit: 5, Wait: quarter, MaxWait: quarter},
		}},
		{"a wait of two days is not shortened", long, false, []policy.Lane{
			{Name: "source", Limit: 50, Wait: 2 * day, MaxWait: 2 * day},
			{Name: "strangers", Limit: 20, Wait: 2 * day, MaxWait: 2 * day},
			{Name: "place", Limit: 5, Wait: 2 * day, MaxWait: 2 * day},
		}},
	} {
		if got := policy.Lanes(test.p, test.known); !reflect.DeepEqual(got, test.want) {
			t.Errorf("%s:\n%+v, want\n%+v", test.name, got, test.want)
		}
	}
}
