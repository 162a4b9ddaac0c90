package web

import (
	"net/http"
	"slices"
	"time"

	"github.com/vestibule-id/vestibule/internal/account"
	"github.com/vestibule-id/vestibule/internal/front"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/policy"
)

// languageWords are the languages in their own words.
var languageWords = map[string]string{"en": "English", "id": "Bahasa Indonesia"}

// A region is where somebody lives and what they read.
type region struct {
	part
	Languages, Zones []chosenWord
	Now              time.Time
}

func regionOf(rules identity.Policy, u identity.User, now time.Time) region {
	offered := identity.TimeZones()
	if u.TimeZone != "" && !slices.Contains(offered, u.TimeZone) {
		offered = append(offered, u.TimeZone)
	}
	zones := []chosenWord{{Text: "As your organization: " + identity.Zone(rules.TimeZone).String(), Chosen: u.TimeZone == ""}}
	for _, name := range offered {
		zones = append(zones, chosenWord{Value: name, Text: name, Chosen: name == u.TimeZone})
	}
	return region{part: part{Title: "Language and Time Zone", Button: "Apply"}, Now: now,
		Languages: languageChoices("As your organization: "+languageWords[rules.Language], u.Language), Zones: zones}
}

// languageChoices are none, in the words given, and every language.
func languageChoices(none, chosen string) []chosenWord {
	list := []chosenWord{{Text: none, Chosen: chosen == ""}}
	for _, tag := range identity.Languages {
		list = append(list, chosenWord{Value: tag, Text: languageWords[tag], Chosen: tag == chosen})
	}
	return list
}

// region is the part of the settings with what somebody chose or, of a form,
// what was sent.
func (p *Pages) region(v *front.Visit, typed form) region {
	u := v.Live.User
	if typed.has("language") {
		u.Language = typed["language"]
	}
	if zone, err := identity.ParseTimeZone(typed["time_zone"]); typed.has("time_zone") && err == nil {
		u.TimeZone = zone
	}
	return regionOf(p.Sessions.Effective(v.Live.Tenant), u, p.Sessions.Now())
}

func (p *Pages) changeRegion(w http.ResponseWriter, r *http.Request, v *front.Visit, f form) error {
	var chosen account.Profile
	for name, to := range map[string]**string{"language": &chosen.Language, "time_zone": &chosen.TimeZone} {
		if text, there := f[name]; there {
			*to = &text
		}
	}
	if _, err := p.Account.SetProfile(r.Context(), v.Live, chosen, v.Peer); err != nil {
		return p.settingsAgain(w, r, v, f, func(pg *settingsPage) *part { return &pg.Region.part }, err)
	}
	return settle(w, r, v, "region")
}

// Zone is where a person's times are shown.
func (p *Pages) zone(v *front.Visit) *time.Location {
	return policy.Zone(p.Sessions.Effective(v.Live.Tenant), v.Live.User)
}

// In is a time where the reader of the page is.
func (f frame) In(t time.Time) time.Time {
	if f.Zone == nil {
		return t.UTC()
	}
	return t.In(f.Zone)
}
