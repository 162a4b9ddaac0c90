package web

import (
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/vestibule-id/vestibule/internal/front"
	"github.com/vestibule-id/vestibule/internal/identity"
)

// A frame is what stands around every page.
type frame struct {
	Title   string          // the tenant's or the product's name follows it
	Tenant  identity.Tenant // zero where the address tells none
	Brand   string          // the tenant's name, else the product's
	Letter  string          // for the logo; "" for the product's own
	Style   string          // the address of the stylesheet
	Theme   string          // light, dark, or "" for what the system has
	Product string
	Support string         // whom to ask; may be empty
	Here    string         // the local path of the page, for its forms
	Note    string         // stands above the page; may be empty
	Zone    *time.Location // of its times

	Wide      bool // a bar with tabs, though nobody is signed in
	SignedIn  bool // the rest is for people who are
	Person    string
	Known     string // how their organization knows them: an address or a username
	Initials  string
	Home      string // where their landing page is
	Tabs      []tab
	Office    []tab // the administration's, in a menu of their own; none for most
	FormToken string
	Leaving   bool   // the page itself is about signing out
	State     string // JSON, for the module; see state
	once      string // what Once tells; "" for a new value each time
}

// A tab is a line of the navigation bar.
type tab struct {
	Text, To string
	Current  bool
}

// door is the frame of pages for people who are not signed in. The tenant is
// the one the address tells, or zero.
func (p *Pages) door(title string, v *front.Visit, t identity.Tenant) frame {
	f := frame{
		Title: title, Tenant: t, Brand: p.Product, Style: styleAddress(t.Policy.Accent), Theme: themeOf(v),
		Product: p.Product, Support: p.SupportContact, Here: v.Page,
		Zone: identity.Zone(t.Policy.TimeZone),
	}
	if t.ID != "" {
		f.Brand, f.Letter = t.Name, initials(t.Name, 1)
	}
	if t.Policy.SupportContact != "" {
		f.Support = t.Policy.SupportContact
	}
	return f
}

// room is the frame of pages for people who are signed in.
func (p *Pages) room(title string, v *front.Visit) frame {
	f := p.door(title, v, v.Live.Tenant)
	f.SignedIn = true
	f.Person = called(v.Live.User)
	f.Known = v.Live.User.Email.Typed
	if f.Known == "" {
		f.Known = v.Live.User.Extension + "-" + v.Live.Tenant.Slug
	}
	f.Initials = initials(f.Person, 2)
	f.Zone = p.zone(v)
	f.Home = p.landing(v.Live.Tenant)
	f.Tabs, f.Office = current(v, tabs(v)), current(v, adminTabs(v))
	f.FormToken = p.formToken(v)
	f.State = p.stateText(v)
	return f
}

// SettingsWord is what the manual of a tenant's style calls its settings.
func (f frame) SettingsWord() string {
	if f.Tenant.Style == identity.Extension {
		return "Settings"
	}
	return "Profile Settings"
}

// SettingsTab reports whether the settings are among the tabs: they are where
// their manual says so.
func (f frame) SettingsTab() bool { return f.Tenant.Style == identity.Extension }

// tabs are the pages that a visitor's navigation bar leads to.
func tabs(v *front.Visit) []tab {
	list := []tab{{Text: "Home", To: "/home"}}
	if v.Live.Tenant.Style == identity.Extension {
		list = append(list, tab{Text: "Phone", To: "/phone"}, tab{Text: "Settings", To: "/settings"})
	}
	return list
}

// current marks where the visitor is.
func current(v *front.Visit, list []tab) []tab {
	path, _, _ := strings.Cut(v.Page, "?")
	for i := range list {
		list[i].Current = path == list[i].To || strings.HasPrefix(path, list[i].To+"/")
	}
	return list
}

// InOffice reports whether the page is one of the administration's.
func (f frame) InOffice() bool {
	return slices.ContainsFunc(f.Office, func(t tab) bool { return t.Current })
}

// called is what a page calls somebody who may have left out their name.
func called(u identity.User) string {
	for _, word := range []string{u.Name, u.Email.Shown(), u.Extension} {
		if word != "" {
			return word
		}
	}
	return "you"
}

// initials are the first letters of a name's first and last words, n at most:
// "AL" for Ann Lee. Of a long number the last digits tell people apart.
func initials(name string, n int) string {
	words := strings.FieldsFunc(name, func(c rune) bool { return !unicode.IsLetter(c) && !unicode.IsDigit(c) })
	if len(words) == 0 {
		return "•"
	}
	letters := []rune(words[0])
	first := letters[0]
	switch {
	case n == 1:
		return string(unicode.ToUpper(first))
	case len(words) > 1 && !strings.Contains(name, "@"):
		last, _ := utf8.DecodeRuneInString(words[len(words)-1])
		return string(unicode.ToUpper(first)) + string(unicode.ToUpper(last))
	case unicode.IsDigit(first) && len(letters) <= 3:
		return words[0]
	case unicode.IsDigit(first):
		return string(letters[len(letters)-2:])
	}
	return string(unicode.ToUpper(first))
}
