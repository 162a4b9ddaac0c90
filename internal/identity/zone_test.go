package identity_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/internal/identity"
)

// Proves: G5
func TestParseTimeZone(t *testing.T) {
	for _, test := range []struct {
		name, text string
		taken      bool
	}{
		{"a place", "Europe/Berlin", true},
		{"one of three parts", "America/Argentina/Buenos_Aires", true},
		{"universal time", "UTC", true},
		{"a former name, which some browsers still say", "Asia/Calcutta", true},
		{"nothing", "", true},
		{"another spelling", "europe/berlin", false},
		{"an abbreviation of many", "IST", false},
		{"an offset", "+02:00", false},
		{"whatever this machine has", "Local", false},
		{"a file of this machine", "localtime", false},
		{"a way out of the folder", "../../etc/passwd", false},
		{"one with leap seconds", "right/Europe/Berlin", false},
		{"none", "Europe/Atlantis", false},
		{"blanks", " UTC", false},
		{"markup", "<b>", false},
	} {
		got, err := identity.ParseTimeZone(test.text)
		if test.taken && (err != nil || got != test.text) || !test.taken && (!errors.Is(err, identity.ErrTimeZone) || got != "") {
			t.Errorf("%s: %q, %v", test.name, got, err)
		}
	}
}

// Every zone that is taken is there, wherever the program runs.
//
// Proves: G5
func TestZones(t *testing.T) {
	offered := identity.TimeZones()
	if len(offered) < 300 || offered[0] != "UTC" || slices.Contains(offered, "US/Pacific") {
		t.Errorf("%d zones are offered, from %s on", len(offered), offered[0])
	}
	for _, name := range offered {
		if zone := identity.Zone(name); zone.String() != name {
			t.Errorf("%s is %s", name, zone)
		}
	}
	for _, unknown := range []string{"", "Local", "Europe/Atlantis"} {
		if zone := identity.Zone(unknown); zone != time.UTC {
			t.Errorf("%q is %s", unknown, zone)
		}
	}
}

// Proves: G5
func TestZoneWord(t *testing.T) {
	summer := time.Date(2030, 7, 1, 12, 0, 0, 0, time.UTC)
	for name, want := range map[string]string{"UTC": "UTC", "Europe/Berlin": "CEST", "Asia/Jakarta": "WIB", "Asia/Dubai": "UTC+04", "America/Sao_Paulo": "UTC-03"} {
		if got := identity.ZoneWord(summer.In(identity.Zone(name))); got != want {
			t.Errorf("%s is called %s, want %s", name, got, want)
		}
	}
}

// Proves: G5
func TestParseLanguage(t *testing.T) {
	for text, taken := range map[string]bool{"en": true, "id": true, "": true, "tlh": false, "EN": false, "en-US": false, "../id": false} {
		if got, err := identity.ParseLanguage(text); taken != (err == nil) || taken && got != text {
			t.Errorf("%q: %q, %v", text, got, err)
		}
	}
}
