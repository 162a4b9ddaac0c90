package web

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/vestibule-id/vestibule/internal/account"
	"github.com/vestibule-id/vestibule/internal/front"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/session"
)

// Where the settings are: all of them, and the part about the password alone.
const (
	settingsPath = "/settings"
	accountPath  = "/settings/account"
)

// doneName is in the address after something has been done: a key of settled.
const doneName = "done"

// settled is what the page says then, and in which of its parts.
var settled = map[string]struct{ part, says string }{
	"profile":  {"profile", "Your profile was saved."},
	"password": {"password", "Your password was changed. Everywhere else you have been signed out."},
	"region":   {"region", "Saved. Times are shown there from now on."},
	"session":  {"sessions", "The session has ended."},
	"sessions": {"sessions", "All your other sessions have ended."},
}

type settingsPage struct {
	frame
	Alone    bool   // the part about the password is all there is
	Parts    []tab  // on the left
	Done     string // a key of settled; may be empty
	Profile  part
	Password part
	Sessions []ownSession
	Region   region
	User     identity.User
	Pending  account.Pending // the address that waits to be confirmed
}

// A part is one form of the page.
type part struct {
	Title, Button string
	Fields        []field
	Problem       string // one sentence, where no field has one
	Wait          int    // seconds until trying again makes sense
}

// An ownSession is a line of the list of sessions.
type ownSession struct {
	identity.Session
	Device  string
	Current bool
}

// Said is the sentence about what has been done in a part.
func (pg settingsPage) Said(part string) string {
	if what := settled[pg.Done]; what.part == part {
		return what.says
	}
	return ""
}

// Themes are the choices of the part about how it looks.
func (settingsPage) Themes() []string { return []string{systemTheme, lightTheme, darkTheme} }

func (p *Pages) settings(w http.ResponseWriter, r *http.Request, v *front.Visit) error {
	v.Page = r.URL.Path // a form says nothing of what was done before
	pg, err := p.settingsPage(r, v, r.URL.Path == accountPath)
	if err != nil {
		return err
	}
	typed, err := p.refill(r, v, &pg.frame)
	if err != nil {
		return err
	}
	if typed.has("name") {
		pg.Profile.Fields[0].Value = typed["name"]
	}
	pg.Region = p.region(v, typed)
	pg.Done = only(r.URL.Query(), doneName)
	return render(w, http.StatusOK, pg)
}

func (p *Pages) settingsPage(r *http.Request, v *front.Visit, alone bool) (pg settingsPage, err error) {
	rules := p.Sessions.Effective(v.Live.Tenant)
	pg = settingsPage{
		frame: p.room("", v), Alone: alone, User: v.Live.User,
		Profile: part{Title: "Profile", Button: "Save", Fields: []field{
			{Name: "name", Label: "Name", Type: "text", Autocomplete: "name", Value: v.Live.User.Name}}},
		Password: passwordPart(v.Live.Tenant.Style, rules),
	}
	pg.Title = pg.SettingsWord()
	if alone {
		pg.Title = pg.Password.Title
		pg.Parts = append(settingsParts(pg.Tenant.Style, accountPath), adminTabs(v)...)
		return pg, nil
	}
	pg.Parts = append(settingsParts(pg.Tenant.Style, settingsPath), adminTabs(v)...)
	pg.Region = p.region(v, nil)
	if pg.Pending, err = p.Account.PendingAddress(r.Context(), v.Live); err != nil {
		return pg, err
	}
	list, err := p.Sessions.List(r.Context(), v.Live)
	for _, one := range list {
		pg.Sessions = append(pg.Sessions, ownSession{Session: one, Device: account.Device(one.Peer.UserAgent), Current: one.ID == v.Live.Session.ID})
	}
	return pg, err
}

// passwordPart has the words of the style's manual.
func passwordPart(style identity.Style, rules identity.Policy) part {
	words := part{Title: "Account Settings", Button: "Update"}
	current := "Existing Password"
	if style == identity.Extension {
		words = part{Title: "Change Password", Button: "Change Password"}
		current = "Current Password"
	}
	words.Fields = append([]field{{Name: "current_password", Label: current, Type: "password", Autocomplete: "current-password"}},
		newPasswordFields(rules)...)
	for i := range words.Fields {
		words.Fields[i].Focus = false
	}
	return words
}

// settingsParts is the list on the left. What the manuals call a page of its
// own has one; the rest is a place on the page.
func settingsParts(style identity.Style, at string) []tab {
	base := settingsPath
	if at == settingsPath {
		base = ""
	}
	password := tab{Text: passwordPart(style, identity.Policy{}).Title, To: accountPath, Current: at == accountPath}
	if at == settingsPath && style == identity.Extension {
		password.To = "#password"
	}
	return []tab{{Text: "Profile", To: base + "#profile"}, {Text: "Email Address", To: emailPath, Current: at == emailPath}, password,
		{Text: "Sessions", To: base + "#sessions"}, {Text: "Language and Time Zone", To: base + "#region"}, {Text: "Appearance", To: base + "#appearance"}}
}

// settingsAgain shows the page with what is wrong with one of its forms; an
// accident is for the door.
func (p *Pages) settingsAgain(w http.ResponseWriter, r *http.Request, v *front.Visit, f form, which func(*settingsPage) *part, err error) error {
	about := problem.Of(err)
	if about == nil || errors.Is(err, session.ErrEnded) {
		return err
	}
	path, _, _ := strings.Cut(v.Page, "?")
	pg, err := p.settingsPage(r, v, path == accountPath)
	if err != nil {
		return err
	}
	which(&pg).explain(f, about)
	retryAfter(w, about)
	return render(w, front.Status(about.Kind), pg)
}

// explain fills in what was typed but for passwords, and puts what is wrong
// beside the fields it is about.
func (pt *part) explain(f form, about *problem.Problem) {
	first := -1
	for i := range pt.Fields {
		one := &pt.Fields[i]
		if one.Type != "password" {
			one.Value = f[one.Name]
		}
		one.Error = messagesFor(about, one.Name)
		one.Wrong = one.Error != ""
		if one.Wrong && first < 0 {
			first = i
		}
	}
	if first < 0 {
		pt.Problem, pt.Wait = sentence(about), int(up(about.RetryAfter, time.Second)/time.Second)
	}
	if len(pt.Fields) > 0 {
		pt.Fields[max(first, 0)].Focus = true
	}
}

// messagesFor is all that a problem says of a field.
func messagesFor(p *problem.Problem, field string) string {
	var messages []string
	for _, f := range p.Fields {
		if f.Location == "body."+field {
			messages = append(messages, f.Message)
		}
	}
	return strings.Join(messages, " ")
}

func (p *Pages) changeProfile(w http.ResponseWriter, r *http.Request, v *front.Visit, f form) error {
	name := f["name"]
	if _, err := p.Account.SetProfile(r.Context(), v.Live, account.Profile{Name: &name}, v.Peer); err != nil {
		return p.settingsAgain(w, r, v, f, func(pg *settingsPage) *part { return &pg.Profile }, err)
	}
	return settle(w, r, v, "profile")
}

func (p *Pages) changeOwnPassword(w http.ResponseWriter, r *http.Request, v *front.Visit, f form) error {
	by := from(r, v)
	g, err := p.changedOwn(r, v, f, account.PasswordChange{Current: f["current_password"], New: f["new_password"], From: by})
	if err != nil {
		return p.settingsAgain(w, r, v, f, func(pg *settingsPage) *part { return &pg.Password }, err)
	}
	v.Live = g.Live
	front.SetSessionCookie(w, string(g.Cookie))
	front.SetBrowserCookie(w, by.Browser)
	p.hand(w, v, g)
	return settle(w, r, v, "password")
}

func (p *Pages) changedOwn(r *http.Request, v *front.Visit, f form, c account.PasswordChange) (g session.Grant, err error) {
	if err := checkFields(passwordPart(v.Live.Tenant.Style, identity.Policy{}).Fields, f); err != nil {
		return g, err
	}
	if f["new_password"] != f["confirm_password"] {
		return g, errUnlike
	}
	return p.Account.ChangePassword(r.Context(), v.Live, c)
}

func (p *Pages) endOwnSession(w http.ResponseWriter, r *http.Request, v *front.Visit, _ form) error {
	if err := p.Sessions.End(r.Context(), v.Live, identity.SessionID(r.PathValue("id")), v.Peer); err != nil {
		return err
	}
	return settle(w, r, v, "session")
}

func (p *Pages) endOtherSessions(w http.ResponseWriter, r *http.Request, v *front.Visit, _ form) error {
	if _, err := p.Sessions.EndOthers(r.Context(), v.Live, v.Peer); err != nil {
		return err
	}
	return settle(w, r, v, "sessions")
}

// settle leads back to the page a form stands on, which says what has been
// done where it was done.
func settle(w http.ResponseWriter, r *http.Request, v *front.Visit, what string) error {
	to := settingsPath
	if path, _, _ := strings.Cut(v.Page, "?"); path == accountPath && what == "password" {
		to = accountPath
	}
	http.Redirect(w, r, to+"?"+doneName+"="+what+"#"+settled[what].part, http.StatusSeeOther)
	return nil
}
