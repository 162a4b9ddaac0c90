package identity

import (
	_ "embed" // the names of time zones
	"slices"
	"strings"
	"sync"
	"time"
	_ "time/tzdata" // for machines that have no time zones

	"github.com/vestibule-id/vestibule/internal/problem"
)

// What is wrong with what people choose of language and time zone.
var (
	ErrTimeZone = problem.New(problem.Invalid, "invalid_time_zone", "A time zone is a name like Europe/Berlin or UTC.")
	ErrLanguage = problem.New(problem.Invalid, "invalid_language", "That is none of the languages: en, id.")
)

// Languages are those that letters are written in (BCP 47).
var Languages = []string{"en", "id"}

// ParseLanguage takes one of Languages, or nothing.
func ParseLanguage(text string) (string, error) {
	if text == "" || slices.Contains(Languages, text) {
		return text, nil
	}
	return "", ErrLanguage
}

// The names of the IANA time zone database: those in use, one for each region,
// and after an empty line the former and the technical ones. The list decides,
// not what a machine happens to have: every node must know every zone.
//
//go:embed zones.txt
var zoneNames string

var zones = sync.OnceValue(func() (z struct{ offered, all []string }) {
	inUse, others, _ := strings.Cut(zoneNames, "\n\n")
	z.offered = strings.Fields(inUse)
	z.all = slices.Concat(z.offered, strings.Fields(others))
	slices.Sort(z.all)
	return z
})

// TimeZones are the zones to offer somebody who chooses: UTC, then by name.
func TimeZones() []string { return slices.Clone(zones().offered) }

// ParseTimeZone takes a name of the IANA database, in its own spelling, or
// nothing.
func ParseTimeZone(text string) (string, error) {
	if text == "" {
		return "", nil
	}
	if _, known := slices.BinarySearch(zones().all, text); !known {
		return "", ErrTimeZone
	}
	return text, nil
}

// locations keeps what Zone has read; there are no more than names.
var locations sync.Map

// Zone is what ParseTimeZone took. It is UTC for anything else.
func Zone(name string) *time.Location {
	if known, ok := locations.Load(name); ok {
		return known.(*time.Location)
	}
	zone := time.UTC
	if parsed, err := ParseTimeZone(name); err != nil || parsed == "" {
		return zone
	}
	if found, err := time.LoadLocation(name); err == nil {
		zone = found
	}
	locations.Store(name, zone)
	return zone
}

// ZoneWord is what a time's zone is called at that time: “WIB”, “CEST”, or
// “UTC+04” where people have no word for it.
func ZoneWord(t time.Time) string {
	word := t.Format("MST")
	if strings.ContainsAny(word, "+-") {
		return "UTC" + word
	}
	return word
}
