package web

import (
	"errors"
	"net/http"
	"net/url"

	"github.com/vestibule-id/vestibule/internal/admin"
	"github.com/vestibule-id/vestibule/internal/front"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/store"
)

const (
	usersPath = "/admin/users"
	ofName    = "of" // in the address: the user something was done with
	pageUsers = 50   // on one page of the list
)

func (p *Pages) userRoutes() []front.Route {
	read, write, credentials := front.Can(policy.UsersRead), front.Can(policy.UsersWrite), front.Can(policy.UsersCredentials)
	return []front.Route{
		front.Get(usersPath, read, p.opened(p.users)),
		front.Get("/admin/users/new", write, p.opened(p.newUser)),
		front.Get(importPath, write, p.opened(p.showImport)),
		front.Post(importPath, write, p.uploaded(p.importUsers)).Like("POST /api/v1/users/import"),
		front.Post("/admin/users/export", front.Can(policy.UsersExport), p.sent(p.exportUsers)).Like("POST /api/v1/users/export"),
		front.Post(usersPath, write, p.sent(p.createUser)).Like("POST /api/v1/users"),
		front.Get("/admin/users/{id}", read, p.opened(p.user)),
		front.Post("/admin/users/{id}", write, p.sent(p.changeUser)).Like("PATCH /api/v1/users/{id}"),
		front.Post("/admin/users/{id}/password-reset", credentials, p.sent(p.mailReset)).Like("POST /api/v1/users/{id}/password-reset"),
		front.Post("/admin/users/{id}/invitation", front.Can(policy.InvitationsWrite), p.sent(p.resendTo)).Like("POST /api/v1/users/{id}/invitation"),
		front.Post("/admin/users/{id}/initial-password", credentials, p.sent(p.giveInitial)).Like("POST /api/v1/users/{id}/initial-password"),
		front.Post("/admin/users/{id}/unlock", credentials, p.sent(p.unlockUser)).Like("POST /api/v1/users/{id}/unlock"),
		front.Post("/admin/users/{id}/sessions/end", credentials, p.sent(p.endSessionsOf)).Like("DELETE /api/v1/users/{id}/sessions"),
		front.Post("/admin/users/{id}/deactivate", write, p.sent(p.deactivateUser)).Like("POST /api/v1/users/{id}/deactivate"),
		front.Post("/admin/users/{id}/reactivate", write, p.sent(p.reactivateUser)).Like("POST /api/v1/users/{id}/reactivate"),
		front.Post("/admin/users/{id}/delete", front.Can(policy.UsersDelete), p.sent(p.deleteUser)).Like("DELETE /api/v1/users/{id}"),
	}
}

type usersPage struct {
	frame
	Counts  store.UserCounts
	Filter  admin.Filter
	Roles   []choiceOfRole
	Users   []listedUser
	Next    string // the address of the next page; "" on the last
	First   string // of the first; "" on it
	Done    string // what was done; may be empty
	Problem string // what could not be; may be empty

	MayCreate, MayExport bool
	MayReset             bool // or resend: there are buttons on the right
}

// A listedUser is a line of the list.
type listedUser struct {
	identity.User
	Called    string
	RoleTitle string
	MayReset  bool // as far as rank goes
	MayResend bool // the invitation of somebody who has not accepted it yet
}

// Statuses are the choices of the filter.
func (usersPage) Statuses() []identity.UserStatus {
	return []identity.UserStatus{identity.Active, identity.Invited, identity.Deactivated}
}

// Sorts are the orders of the list, with their words.
func (usersPage) Sorts() []tab {
	return []tab{{Text: "Name", To: string(store.ByName)}, {Text: "Newest first", To: string(store.ByAge)}, {Text: "Last sign-in", To: string(store.BySeen)}}
}

func (p *Pages) users(w http.ResponseWriter, r *http.Request, v *front.Visit) error {
	v.Page = settledPage(r, ofName)
	pg, err := p.usersPage(r, v, r.URL.Query())
	if err != nil {
		return err
	}
	if _, err := p.refill(r, v, &pg.frame); err != nil {
		return err
	}
	if pg.Done, err = p.doneWith(r, v); err != nil {
		return err
	}
	return render(w, http.StatusOK, pg)
}

func (p *Pages) usersPage(r *http.Request, v *front.Visit, query url.Values) (pg usersPage, err error) {
	pg = usersPage{
		frame: p.room("Users", v), MayCreate: allowed(v, policy.UsersWrite),
		MayReset: allowed(v, policy.UsersCredentials) || allowed(v, policy.InvitationsWrite), MayExport: allowed(v, policy.UsersExport),
		Filter: admin.Filter{Search: only(query, "q"), Role: only(query, "role"), Status: only(query, "status"),
			Sort: only(query, "sort"), Cursor: only(query, "cursor"), Limit: pageUsers},
	}
	roles, err := p.Admin.RolesSeen(r.Context(), p.office(v), v.Actor)
	if err != nil {
		return pg, err
	}
	for _, role := range roles {
		pg.Roles = append(pg.Roles, choiceOfRole{Name: role.Name, Title: role.Title, Chosen: role.Name == pg.Filter.Role})
	}
	if pg.Counts, err = p.Admin.Count(r.Context(), p.office(v), v.Actor); err != nil {
		return pg, err
	}
	list, err := p.Admin.List(r.Context(), p.office(v), v.Actor, pg.Filter)
	if err != nil {
		return pg, err
	}
	for _, u := range list.Users {
		pg.Users = append(pg.Users, listed(v, u, roles))
	}
	if list.Next != "" {
		pg.Next = pg.address(list.Next)
	}
	if pg.Filter.Cursor != "" {
		pg.First = pg.address("")
	}
	return pg, nil
}

// listed is a line with the button that helps its user: somebody invited has
// no password yet that could be reset.
func listed(v *front.Visit, u identity.User, roles identity.Roles) listedUser {
	role := roles.Named(u.Role)
	line := listedUser{User: u, Called: called(u), RoleTitle: roles.Title(u.Role)}
	if u.Status == identity.Invited {
		line.MayResend = policy.MayGive(v.Actor, role) == nil && u.Email.Folded != "" && allowed(v, policy.InvitationsWrite)
	} else {
		line.MayReset = policy.MayActOn(v.Actor, role) == nil && allowed(v, policy.UsersCredentials)
	}
	return line
}

// address is where the same list is, from a place on.
func (pg usersPage) address(cursor string) string {
	query := url.Values{}
	for name, value := range map[string]string{"q": pg.Filter.Search, "role": pg.Filter.Role, "status": pg.Filter.Status, "sort": pg.Filter.Sort, "cursor": cursor} {
		if value != "" {
			query.Set(name, value)
		}
	}
	if len(query) == 0 {
		return usersPath
	}
	return usersPath + "?" + query.Encode()
}

// userDone is what a page says when something was done with a user.
var userDone = map[string]string{
	"saved":       "The changes were saved.",
	"reset":       "A link to choose a new password was mailed to %.",
	"unlocked":    "% need not wait any more.",
	"sessions":    "All sessions of % have ended.",
	"deactivated": "% was deactivated and cannot sign in.",
	"reactivated": "% was reactivated.",
	"deleted":     "The user was deleted.",
	"invited":     "An invitation was mailed to %.",
	"shown":       "An initial password for % was shown once and cannot be shown again. “New Initial Password” makes another, which ends that one.",
	"resent":      "The invitation was mailed to % again.",
}

// doneWith is the sentence about what was done, which the address names.
func (p *Pages) doneWith(r *http.Request, v *front.Visit) (string, error) {
	says, id := userDone[only(r.URL.Query(), doneName)], identity.UserID(only(r.URL.Query(), ofName))
	if says == "" || id == "" {
		return says, nil
	}
	u, err := p.Admin.User(r.Context(), p.office(v), v.Actor, id)
	if errors.Is(err, problem.NotFound) {
		return "", nil
	}
	return withName(says, called(u)), err
}
