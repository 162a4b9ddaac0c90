package web

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/vestibule-id/vestibule/internal/account"
	"github.com/vestibule-id/vestibule/internal/admin"
	"github.com/vestibule-id/vestibule/internal/front"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/policy"
)

type userPage struct {
	frame
	admin.Look
	Called    string
	Fields    []field
	Roles     []choiceOfRole
	RoleSays  string // what is wrong with the role that was chosen; may be empty
	Languages []chosenWord
	Lines     []ownSession
	Happened  []ownEvent    // lately, for who may read the trail
	Own       bool          // the visitor's own
	Wait      time.Duration // until nobody waits any more
	Done      string
	Problem   string

	MayWrite, MayHelp, MayDelete, MayAudit, MayMail, MayResend bool
}

// Waiting says how long somebody has to wait yet, in words.
func (pg userPage) Waiting() string { return inWords(pg.Wait) }

func withName(says, name string) string { return strings.Replace(says, "%", name, 1) }

func (p *Pages) user(w http.ResponseWriter, r *http.Request, v *front.Visit) error {
	v.Page = r.URL.Path
	pg, err := p.userPage(r, v, identity.UserID(r.PathValue("id")))
	if err != nil {
		return err
	}
	typed, err := p.refill(r, v, &pg.frame)
	if err != nil {
		return err
	}
	pg.fill(v, typed)
	pg.Done = withName(userDone[only(r.URL.Query(), doneName)], pg.Called)
	return render(w, http.StatusOK, pg)
}

func (p *Pages) userPage(r *http.Request, v *front.Visit, id identity.UserID) (pg userPage, err error) {
	look, err := p.Admin.Look(r.Context(), p.office(v), v.Actor, id)
	if err != nil {
		return pg, err
	}
	roles, err := p.Admin.RolesSeen(r.Context(), p.office(v), v.Actor)
	if err != nil {
		return pg, err
	}
	u := look.User
	pg = userPage{
		frame: p.room(called(u), v), Look: look, Called: called(u), Own: u.ID == v.Actor.User, Roles: givable(v, roles, u.Role),
		Fields: userFields(v.Live.Tenant.Style, u), Languages: languageChoices("As the organization", u.Language),
		MayWrite: look.MayAct && allowed(v, policy.UsersWrite), MayHelp: look.MayAct && allowed(v, policy.UsersCredentials),
		MayDelete: look.MayAct && allowed(v, policy.UsersDelete), MayAudit: allowed(v, policy.AuditRead), MayMail: allowed(v, policy.MailsRead),
		MayResend: listed(v, u, roles).MayResend,
	}
	if pg.Own || !look.MayActAs { // one's own address is changed in one's own settings
		pg.Fields = slices.DeleteFunc(pg.Fields, func(f field) bool { return f.Name == "email" })
	}
	if !look.Until.IsZero() {
		pg.Wait = look.Until.Sub(p.Admin.Now())
	}
	for _, one := range look.Events {
		pg.Happened = append(pg.Happened, ownEvent{one})
	}
	for _, one := range look.Sessions {
		pg.Lines = append(pg.Lines, ownSession{Session: one, Device: account.Device(one.Peer.UserAgent), Current: one.ID == v.Live.Session.ID})
	}
	return pg, nil
}

// userFields are what a user is called and signs in with.
func userFields(style identity.Style, u identity.User) []field {
	name := field{Name: "name", Label: "Name", Type: "text", Autocomplete: "off", Value: u.Name}
	if name.Optional = u.Status == identity.Invited; name.Optional {
		name.Hint = "Whoever accepts the invitation says their own."
	}
	email := field{Name: "email", Label: "Email Address", Type: "email", Autocomplete: "off", Value: u.Email.Typed}
	extension := field{Name: "extension", Label: "Extension", Type: "text", Autocomplete: "off", Value: u.Extension}
	if style == identity.Extension {
		email.Optional, email.Hint = true, "Without one, a forgotten password is replaced by an administrator."
		return []field{name, extension, email}
	}
	if u.Extension == "" {
		return []field{name, email}
	}
	extension.Optional = true
	return []field{name, email, extension}
}

// fill puts in what was typed.
func (pg *userPage) fill(v *front.Visit, typed form) {
	for i, one := range pg.Fields {
		if typed.has(one.Name) {
			pg.Fields[i].Value = typed[one.Name]
		}
	}
	if typed.has("role") {
		choose(pg.Roles, typed["role"])
	}
	if typed.has("language") {
		pg.Languages = languageChoices(pg.Languages[0].Text, typed["language"])
	}
}

func choose(roles []choiceOfRole, name string) {
	for i := range roles {
		roles[i].Chosen = roles[i].Name == name
	}
}

func (p *Pages) changeUser(w http.ResponseWriter, r *http.Request, v *front.Visit, f form) error {
	id := identity.UserID(r.PathValue("id"))
	if strings.TrimSpace(f["name"]) == "" && p.stillInvited(r, v, id) {
		delete(f, "name")
	}
	_, err := p.Admin.Set(r.Context(), p.office(v), v.Actor, id, changesIn(f), v.Peer)
	about := again(err)
	if about == nil {
		return p.done(w, r, v, "saved", err)
	}
	v.Page = usersPath + "/" + string(id)
	pg, err := p.userPage(r, v, id)
	if err != nil {
		return err
	}
	pg.fill(v, f)
	pg.RoleSays = messagesFor(about, "role")
	if !fault(pg.Fields, about) && pg.RoleSays == "" {
		pg.Problem = sentence(about)
	}
	return render(w, front.Status(about.Kind), pg)
}

// stillInvited reports whether a user may be without a name yet.
func (p *Pages) stillInvited(r *http.Request, v *front.Visit, id identity.UserID) bool {
	u, err := p.Admin.User(r.Context(), p.office(v), v.Actor, id)
	return err == nil && u.Status == identity.Invited
}

// changesIn is what a form wants to be different: what it has no field for
// stays as it is.
func changesIn(f form) (c admin.Changes) {
	for name, to := range map[string]**string{"name": &c.Name, "email": &c.Email, "extension": &c.Extension, "role": &c.Role, "language": &c.Language} {
		if text, there := f[name]; there {
			*to = &text
		}
	}
	return c
}

func (p *Pages) mailReset(w http.ResponseWriter, r *http.Request, v *front.Visit, _ form) error {
	return p.done(w, r, v, "reset", p.Admin.MailReset(r.Context(), p.office(v), v.Actor, identity.UserID(r.PathValue("id")), v.Peer))
}

// resendTo mails somebody's invitation, again or for the first time.
func (p *Pages) resendTo(w http.ResponseWriter, r *http.Request, v *front.Visit, _ form) error {
	_, made, err := p.Invitations.ResendTo(r.Context(), p.office(v), v.Actor, identity.UserID(r.PathValue("id")), v.Peer)
	if made {
		return p.done(w, r, v, "invited", err)
	}
	return p.done(w, r, v, "resent", err)
}

func (p *Pages) unlockUser(w http.ResponseWriter, r *http.Request, v *front.Visit, _ form) error {
	return p.done(w, r, v, "unlocked", p.Admin.Unlock(r.Context(), p.office(v), v.Actor, identity.UserID(r.PathValue("id")), v.Peer))
}

func (p *Pages) endSessionsOf(w http.ResponseWriter, r *http.Request, v *front.Visit, _ form) error {
	return p.done(w, r, v, "sessions", p.Admin.EndSessions(r.Context(), p.office(v), v.Actor, identity.UserID(r.PathValue("id")), v.Peer))
}

func (p *Pages) deactivateUser(w http.ResponseWriter, r *http.Request, v *front.Visit, _ form) error {
	return p.done(w, r, v, "deactivated", p.Admin.Deactivate(r.Context(), p.office(v), v.Actor, identity.UserID(r.PathValue("id")), v.Peer))
}

func (p *Pages) reactivateUser(w http.ResponseWriter, r *http.Request, v *front.Visit, _ form) error {
	return p.done(w, r, v, "reactivated", p.Admin.Reactivate(r.Context(), p.office(v), v.Actor, identity.UserID(r.PathValue("id")), v.Peer))
}

func (p *Pages) deleteUser(w http.ResponseWriter, r *http.Request, v *front.Visit, _ form) error {
	err := p.Admin.Delete(r.Context(), p.office(v), v.Actor, identity.UserID(r.PathValue("id")), v.Peer)
	if err == nil {
		return turned(w, r, usersPath, "deleted")
	}
	return p.done(w, r, v, "deleted", err)
}

// done leads back to the page a form stands on, the list or the user's own,
// which says what was done, or shows it again with what could not be.
func (p *Pages) done(w http.ResponseWriter, r *http.Request, v *front.Visit, what string, err error) error {
	id := r.PathValue("id")
	path, text, _ := strings.Cut(v.Page, "?")
	about := again(err)
	switch {
	case err != nil && about == nil:
		return err
	case err == nil && path == usersPath:
		return turned(w, r, v.Page, what, ofName, id)
	case err == nil:
		return turned(w, r, usersPath+"/"+id, what)
	case path == usersPath:
		query, _ := url.ParseQuery(text) // what cannot be read is left out
		pg, err := p.usersPage(r, v, query)
		if err != nil {
			return err
		}
		pg.Problem = sentence(about)
		retryAfter(w, about)
		return render(w, front.Status(about.Kind), pg)
	}
	v.Page = usersPath + "/" + id
	pg, err := p.userPage(r, v, identity.UserID(id))
	if err != nil {
		return err
	}
	pg.Problem = sentence(about)
	retryAfter(w, about)
	return render(w, front.Status(about.Kind), pg)
}
