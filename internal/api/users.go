package api

import (
	"net/http"
	"time"

	"github.com/vestibule-id/vestibule/internal/admin"
	"github.com/vestibule-id/vestibule/internal/enroll"
	"github.com/vestibule-id/vestibule/internal/front"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/secret"
	"github.com/vestibule-id/vestibule/internal/session"
)

// userCalls are what administrators do for and with the people of their tenant.
func (a *API) userCalls() []call {
	may, read, write := front.Can(policy.UsersCredentials), front.Can(policy.UsersRead), front.Can(policy.UsersWrite)
	acted := []*problem.Problem{policy.ErrSignIn, session.ErrEnded, policy.ErrDenied, problem.NotFound}
	changed := append(bodyProblems(admin.ErrUser, admin.ErrTaken, policy.ErrNoRole, policy.ErrLetters), acted...)
	return []call{
		{front.Get("/api/v1/users", read, a.listUsers), "The tenant's users", usersQuery{}, usersAnswer{}, http.StatusOK,
			append(acted[:3:3], ErrPage, admin.ErrFilter)},
		{front.Post("/api/v1/users", write, a.createUser), "Create a user, with an initial password or by invitation", newUserBody{}, createdAnswer{}, http.StatusCreated,
			append(changed[:len(changed):len(changed)], enroll.ErrInvitee, policy.ErrPassword, secret.ErrPasswordText, secret.ErrBusy)},
		{front.Get("/api/v1/users/{id}", read, a.showUser), "A user", nil, userAnswer{}, http.StatusOK, acted},
		{front.Patch("/api/v1/users/{id}", write, a.changeUser), "Change what a user is called and may do", userChangesBody{}, userAnswer{}, http.StatusOK,
			append(changed[:len(changed):len(changed)], policy.ErrLastAdmin, admin.ErrOwnAddress)},
		{front.Delete("/api/v1/users/{id}", front.Can(policy.UsersDelete), a.deleteUser), "Delete a user", nil, nil, http.StatusNoContent, append(acted[:4:4], policy.ErrLastAdmin)},
		{front.Post("/api/v1/users/{id}/deactivate", write, a.deactivateUser), "Keep a user out and end its sessions", nil, nil, http.StatusNoContent, append(acted[:4:4], policy.ErrLastAdmin)},
		{front.Post("/api/v1/users/{id}/reactivate", write, a.reactivateUser), "Let a deactivated user in again", nil, nil, http.StatusNoContent, append(acted[:4:4], admin.ErrUser)},
		{front.Get("/api/v1/users/{id}/sessions", read, a.listUserSessions), "A user's sessions", pageQuery{}, sessionsAnswer{}, http.StatusOK, append(acted[:len(acted):len(acted)], ErrPage)},
		{front.Delete("/api/v1/users/{id}/sessions", may, a.endUserSessions), "End all sessions of a user; of one's own, this one stays", nil, nil, http.StatusNoContent, acted},
		{front.Post("/api/v1/users/{id}/password-reset", may, a.mailReset), "Mail a user a reset link", nil, nil, http.StatusNoContent,
			append(acted[:4:4], admin.ErrNoAddress, admin.ErrNotActive, policy.ErrLetters)},
		{front.Post("/api/v1/users/{id}/initial-password", may, a.giveInitial), "Give a user an initial password, shown once", nil, slipAnswer{}, http.StatusOK,
			append(acted[:4:4], admin.ErrOwn, admin.ErrMeantime, secret.ErrBusy)},
		{front.Post("/api/v1/users/{id}/unlock", may, a.unlock), "Forget the failed tries on a user", nil, nil, http.StatusNoContent, acted},
	}
}

type usersAnswer struct {
	Items      []userAnswer `json:"items"`
	NextCursor string       `json:"next_cursor"`
}

type usersQuery struct {
	pageQuery
	Search string `query:"q" doc:"A part of a name, an e-mail address or an extension."`
	Role   string `query:"role" doc:"The name of a role: only users who have it."`
	Status string `query:"status" enum:"invited,active,deactivated" doc:"Only users of this status; empty: any."`
	Sort   string `query:"sort" enum:"name,created_at,last_sign_in_at" default:"name" doc:"The order of the list; a cursor is good for the order it came from."`
}

func (a *API) listUsers(w http.ResponseWriter, r *http.Request, v *front.Visit) error {
	query := queryOf[usersQuery](r)
	f := admin.Filter{Limit: query.Limit, Cursor: query.Cursor, Search: query.Search, Role: query.Role, Status: query.Status, Sort: query.Sort}
	p, err := a.Admin.List(r.Context(), a.tenantOfVisit(v), v.Actor, f)
	if err != nil {
		return err
	}
	answer := usersAnswer{Items: make([]userAnswer, 0, len(p.Users)), NextCursor: p.Next}
	for _, u := range p.Users {
		answer.Items = append(answer.Items, userOf(u))
	}
	return Write(w, http.StatusOK, answer)
}

type newUserBody struct {
	Name      string `json:"name,omitempty" doc:"Needed, unless the user is invited: then they say it."`
	Email     string `json:"email,omitempty" doc:"Optional in the extension style, but not for an invitation."`
	Extension string `json:"extension,omitempty" doc:"Needed in the extension style."`
	Role      string `json:"role" doc:"At most one's own, in rank and permissions."`

	InitialPassword string `json:"initial_password,omitempty" doc:"To be handed over. Without any the user gets an invitation by mail."`
	MakePassword    bool   `json:"make_initial_password,omitempty" doc:"Have one made, which is answered once."`
}

// A UserAnswer is embedded by this name: under its other one the description
// would pass its members over.
type UserAnswer = userAnswer

type createdAnswer struct {
	UserAnswer
	Slip *slipAnswer `json:"initial_password,omitempty" doc:"Where one was to be made."`
}

func (a *API) createUser(w http.ResponseWriter, r *http.Request, v *front.Visit) error {
	var b newUserBody
	if err := Read(r, &b); err != nil {
		return err
	}
	if b.MakePassword && b.InitialPassword != "" {
		return ErrBody.In(problem.Field{Location: "body.initial_password", Message: "This field does not go with make_initial_password."})
	}
	answer, err := a.created(r, v, b)
	if err != nil {
		return err
	}
	return Write(w, http.StatusCreated, answer)
}

func (a *API) created(r *http.Request, v *front.Visit, b newUserBody) (answer createdAnswer, err error) {
	t, u := a.tenantOfVisit(v), identity.User{}
	wanted := admin.NewUser{Email: b.Email, Extension: b.Extension, Name: b.Name, Role: b.Role, MustChange: true}
	switch {
	case b.MakePassword:
		slip, serr := a.Admin.CreateInitial(r.Context(), t, v.Actor, wanted, v.Peer)
		shown := a.slipOf(slip)
		u, answer.Slip, err = slip.User, &shown, serr
	case b.InitialPassword != "":
		if wanted.Password, err = secret.NewPassword(b.InitialPassword); err == nil {
			u, err = a.Admin.Create(r.Context(), t, v.Actor, wanted, v.Peer)
		}
	default:
		invitee := enroll.Invitee{Email: b.Email, Extension: b.Extension, Name: b.Name, Role: b.Role}
		i, ierr := a.Invitations.Invite(r.Context(), t, v.Actor, invitee, false, v.Peer)
		if ierr != nil {
			return answer, ierr
		}
		u, err = t.User(r.Context(), i.User)
	}
	answer.UserAnswer = userOf(u)
	return answer, err
}

func (a *API) showUser(w http.ResponseWriter, r *http.Request, v *front.Visit) error {
	u, err := a.Admin.User(r.Context(), a.tenantOfVisit(v), v.Actor, identity.UserID(r.PathValue("id")))
	if err != nil {
		return err
	}
	return Write(w, http.StatusOK, userOf(u))
}

type userChangesBody struct {
	Name      *string `json:"name,omitempty"`
	Email     *string `json:"email,omitempty" doc:"Empty takes it away where the tenant's style does not need it."`
	Extension *string `json:"extension,omitempty" doc:"Likewise."`
	Role      *string `json:"role,omitempty" doc:"At most one's own, in rank and permissions."`
	Language  *string `json:"language,omitempty" doc:"Of letters; empty is the tenant's."`
}

func (a *API) changeUser(w http.ResponseWriter, r *http.Request, v *front.Visit) error {
	var b userChangesBody
	if err := Read(r, &b); err != nil {
		return err
	}
	changes := admin.Changes{Email: b.Email, Extension: b.Extension, Name: b.Name, Role: b.Role, Language: b.Language}
	u, err := a.Admin.Set(r.Context(), a.tenantOfVisit(v), v.Actor, identity.UserID(r.PathValue("id")), changes, v.Peer)
	if err != nil {
		return err
	}
	return Write(w, http.StatusOK, userOf(u))
}

func (a *API) deleteUser(w http.ResponseWriter, r *http.Request, v *front.Visit) error {
	return done(w, a.Admin.Delete(r.Context(), a.tenantOfVisit(v), v.Actor, identity.UserID(r.PathValue("id")), v.Peer))
}

func (a *API) deactivateUser(w http.ResponseWriter, r *http.Request, v *front.Visit) error {
	return done(w, a.Admin.Deactivate(r.Context(), a.tenantOfVisit(v), v.Actor, identity.UserID(r.PathValue("id")), v.Peer))
}

func (a *API) reactivateUser(w http.ResponseWriter, r *http.Request, v *front.Visit) error {
	return done(w, a.Admin.Reactivate(r.Context(), a.tenantOfVisit(v), v.Actor, identity.UserID(r.PathValue("id")), v.Peer))
}

func (a *API) listUserSessions(w http.ResponseWriter, r *http.Request, v *front.Visit) error {
	list, err := a.Admin.SessionsOf(r.Context(), a.tenantOfVisit(v), v.Actor, identity.UserID(r.PathValue("id")))
	if err != nil {
		return err
	}
	return writeSessions(w, r, v, list)
}

func (a *API) endUserSessions(w http.ResponseWriter, r *http.Request, v *front.Visit) error {
	return done(w, a.Admin.EndSessions(r.Context(), a.tenantOfVisit(v), v.Actor, identity.UserID(r.PathValue("id")), v.Peer))
}

func (a *API) mailReset(w http.ResponseWriter, r *http.Request, v *front.Visit) error {
	return done(w, a.Admin.MailReset(r.Context(), a.tenantOfVisit(v), v.Actor, identity.UserID(r.PathValue("id")), v.Peer))
}

func (a *API) unlock(w http.ResponseWriter, r *http.Request, v *front.Visit) error {
	return done(w, a.Admin.Unlock(r.Context(), a.tenantOfVisit(v), v.Actor, identity.UserID(r.PathValue("id")), v.Peer))
}

// slipAnswer is what is handed over to a user.
type slipAnswer struct {
	SignIn   string    `json:"sign_in" doc:"The address of the tenant's sign-in page."`
	Tenant   string    `json:"tenant" doc:"The tenant's slug."`
	Username string    `json:"username" doc:"What to type there: an e-mail address, or extension and tenant code."`
	Password string    `json:"password" doc:"Shown once."`
	Expires  time.Time `json:"expires_at" doc:"It is over then, unless somebody has signed in with it."`
}

func (a *API) giveInitial(w http.ResponseWriter, r *http.Request, v *front.Visit) error {
	slip, err := a.Admin.GiveInitial(r.Context(), a.tenantOfVisit(v), v.Actor, identity.UserID(r.PathValue("id")), v.Peer)
	if err != nil {
		return err
	}
	return Write(w, http.StatusOK, a.slipOf(slip))
}

func (a *API) slipOf(s admin.Slip) slipAnswer {
	return slipAnswer{SignIn: a.Sessions.Issuer + "/t/" + s.Tenant.Slug + "/login", Tenant: s.Tenant.Slug,
		Username: s.Username, Password: s.Password.Reveal(), Expires: s.Until}
}
