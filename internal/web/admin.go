package web

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/vestibule-id/vestibule/internal/front"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/store"
)

// adminPages are the pages of a tenant's administration, and what somebody
// needs to open them.
var adminPages = []struct {
	text, to string
	needs    policy.Permission
}{
	{"Users", "/admin/users", policy.UsersRead},
	{"Invitations", "/admin/invitations", policy.InvitationsRead},
	{"Roles", rolesPath, policy.RolesRead},
	{"Audit", "/admin/audit", policy.AuditRead},
	{"Mail", mailPath, policy.MailsRead},
	{"Organization", "/admin/organization", policy.OrganizationRead},
}

// adminTabs lead to those a visitor may open.
func adminTabs(v *front.Visit) (list []tab) {
	for _, one := range adminPages {
		if allowed(v, one.needs) {
			list = append(list, tab{Text: one.text, To: one.to})
		}
	}
	return list
}

// allowed reports whether a visitor holds a permission, for what a page offers; the
// use cases ask again.
func allowed(v *front.Visit, needs policy.Permission) bool {
	return policy.Allow(v.Actor, needs) == nil
}

// office is the tenant of whoever visits; there is no way to another one.
func (p *Pages) office(v *front.Visit) store.Tenant { return p.Sessions.Scope(v.Live) }

// givable are the roles a visitor may give, and the one that somebody has.
func givable(v *front.Visit, roles identity.Roles, has string) (list []choiceOfRole) {
	for _, role := range roles {
		if role.Name == has || policy.MayGive(v.Actor, role) == nil {
			list = append(list, choiceOfRole{Name: role.Name, Title: role.Title, Chosen: role.Name == has})
		}
	}
	return list
}

// A choiceOfRole is an option of a list of roles.
type choiceOfRole struct {
	Name, Title string
	Chosen      bool
}

// again reports whether a page shows what went wrong in itself, beside the form
// that was sent: what a person can put right there.
func again(err error) *problem.Problem {
	about := problem.Of(err)
	if about != nil && (about.Kind == problem.Conflict || about.Kind == problem.Invalid || about.Kind == problem.Busy || about.Kind == problem.TooMany) {
		return about
	}
	return nil
}

// turned leads to a page that says what was done: done is a key of its words.
func turned(w http.ResponseWriter, r *http.Request, page, done string, more ...string) error {
	path, text, _ := strings.Cut(page, "?")
	query, err := url.ParseQuery(text)
	if err != nil {
		query = url.Values{}
	}
	query.Set(doneName, done)
	for i := 0; i+1 < len(more); i += 2 {
		query.Set(more[i], more[i+1])
	}
	http.Redirect(w, r, path+"?"+query.Encode(), http.StatusSeeOther)
	return nil
}

// settledPage is the local path of a page without what it says was done.
func settledPage(r *http.Request, names ...string) string {
	query := r.URL.Query()
	for _, name := range append([]string{doneName, keptName}, names...) {
		query.Del(name)
	}
	if text := query.Encode(); text != "" {
		return r.URL.Path + "?" + text
	}
	return r.URL.Path
}

// fault puts what is wrong beside the fields it is about, and reports whether
// any has been found.
func fault(fields []field, about *problem.Problem) (found bool) {
	for i := range fields {
		fields[i].Error = messagesFor(about, fields[i].Name)
		fields[i].Wrong = fields[i].Error != ""
		fields[i].Focus = fields[i].Wrong && !found
		found = found || fields[i].Wrong
	}
	return found
}
