package api

import (
	"net/http"
	"slices"
	"time"

	"github.com/vestibule-id/vestibule/internal/admin"
	"github.com/vestibule-id/vestibule/internal/front"
	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/session"
)

// roleCalls are about the roles of a tenant.
func (a *API) roleCalls() []call {
	read, write := front.Can(policy.RolesRead), front.Can(policy.RolesWrite)
	may := []*problem.Problem{policy.ErrSignIn, session.ErrEnded, policy.ErrDenied}
	about := append(may[:3:3], problem.NotFound)
	written := append(bodyProblems(admin.ErrRole, admin.ErrRoleTaken), about...)
	edited := []*problem.Problem{policy.ErrBuiltInRole, policy.ErrHeldRole}
	return []call{
		{front.Get("/api/v1/roles", read, a.listRoles), "The roles there are, the highest first", pageQuery{}, rolesAnswer{}, http.StatusOK, append(may[:len(may):len(may)], ErrPage)},
		{front.Post("/api/v1/roles", write, a.createRole), "Make a role, within one's own rank and permissions", newRoleBody{}, roleAnswer{}, http.StatusCreated,
			slices.Concat(written, []*problem.Problem{policy.ErrBuiltInRole, admin.ErrTooManyOwn})},
		{front.Get("/api/v1/roles/{name}", read, a.showRole), "A role", nil, roleAnswer{}, http.StatusOK, about},
		{front.Patch("/api/v1/roles/{name}", write, a.changeRole), "Change a role for everybody who has it", roleChangesBody{}, roleAnswer{}, http.StatusOK, slices.Concat(written, edited)},
		{front.Delete("/api/v1/roles/{name}", write, a.deleteRole), "Delete a role that nobody has", nil, nil, http.StatusNoContent,
			slices.Concat(about, edited, []*problem.Problem{admin.ErrRoleInUse})},
		{front.Get("/api/v1/permissions", read, a.listPermissions), "The permissions there are", pageQuery{}, permissionsAnswer{}, http.StatusOK, append(may[:len(may):len(may)], ErrPage)},
	}
}

type roleAnswer struct {
	Name        string     `json:"name" doc:"What users, invitations and files call it."`
	Title       string     `json:"title" doc:"What people read."`
	Rank        int        `json:"rank" doc:"To act on somebody one needs a rank at least theirs."`
	Permissions []string   `json:"permissions"`
	BuiltIn     bool       `json:"built_in" doc:"It is the same in every organization and cannot be changed."`
	Users       int64      `json:"users" doc:"How many have it."`
	Invited     int64      `json:"invited" doc:"How many are invited to it."`
	CreatedAt   *time.Time `json:"created_at"`
	ChangedAt   *time.Time `json:"changed_at"`
}

type rolesAnswer struct {
	Items      []roleAnswer `json:"items"`
	NextCursor string       `json:"next_cursor"`
}

type permissionAnswer struct {
	Name  string `json:"name"`
	Words string `json:"words" doc:"What it lets somebody do."`
	Needs string `json:"needs" doc:"The permission a role must have beside it; may be empty."`
}

type permissionsAnswer struct {
	Items      []permissionAnswer `json:"items"`
	NextCursor string             `json:"next_cursor"`
}

func roleOf(l admin.RoleLook) roleAnswer {
	answer := roleAnswer{Name: l.Name, Title: l.Title, Rank: l.Rank, Permissions: slices.AppendSeq([]string{}, l.Permissions.All()),
		BuiltIn: l.BuiltIn, Users: l.Holders.Users, Invited: l.Holders.Invited}
	if !l.BuiltIn {
		answer.CreatedAt, answer.ChangedAt = &l.CreatedAt, &l.ChangedAt
	}
	return answer
}

func (a *API) listRoles(w http.ResponseWriter, r *http.Request, v *front.Visit) error {
	list, err := a.Admin.Roles(r.Context(), a.tenantOfVisit(v), v.Actor)
	if err != nil {
		return err
	}
	list, next, err := pageOf(list, queryOf[pageQuery](r), func(one admin.RoleLook) string { return one.Name })
	if err != nil {
		return err
	}
	answer := rolesAnswer{Items: []roleAnswer{}, NextCursor: next}
	for _, one := range list {
		answer.Items = append(answer.Items, roleOf(one))
	}
	return Write(w, http.StatusOK, answer)
}

func (a *API) showRole(w http.ResponseWriter, r *http.Request, v *front.Visit) error {
	look, err := a.Admin.Role(r.Context(), a.tenantOfVisit(v), v.Actor, r.PathValue("name"))
	if err != nil {
		return err
	}
	return Write(w, http.StatusOK, roleOf(look))
}

type newRoleBody struct {
	Name        string   `json:"name" doc:"2 to 40 characters: a to z, 0 to 9, and inner hyphens. It never changes."`
	Title       string   `json:"title" doc:"At most 60 characters."`
	Rank        int      `json:"rank" doc:"From 1 to 99, at most one's own."`
	Permissions []string `json:"permissions" doc:"Of those one has, each with what it needs."`
}

func (a *API) createRole(w http.ResponseWriter, r *http.Request, v *front.Visit) error {
	var b newRoleBody
	if err := Read(r, &b); err != nil {
		return err
	}
	wanted := admin.NewRole{Name: b.Name, Title: b.Title, Rank: b.Rank, Permissions: b.Permissions}
	made, err := a.Admin.CreateRole(r.Context(), a.tenantOfVisit(v), v.Actor, wanted, v.Peer)
	if err != nil {
		return err
	}
	return Write(w, http.StatusCreated, roleOf(admin.RoleLook{Role: made}))
}

type roleChangesBody struct {
	Title       *string   `json:"title,omitempty"`
	Rank        *int      `json:"rank,omitempty"`
	Permissions *[]string `json:"permissions,omitempty" doc:"All it is to have."`
}

func (a *API) changeRole(w http.ResponseWriter, r *http.Request, v *front.Visit) error {
	var b roleChangesBody
	if err := Read(r, &b); err != nil {
		return err
	}
	changes := admin.RoleChanges{Title: b.Title, Rank: b.Rank, Permissions: b.Permissions}
	look, err := a.Admin.SetRole(r.Context(), a.tenantOfVisit(v), v.Actor, r.PathValue("name"), changes, v.Peer)
	if err != nil {
		return err
	}
	return Write(w, http.StatusOK, roleOf(look))
}

func (a *API) deleteRole(w http.ResponseWriter, r *http.Request, v *front.Visit) error {
	return done(w, a.Admin.DeleteRole(r.Context(), a.tenantOfVisit(v), v.Actor, r.PathValue("name"), v.Peer))
}

func (a *API) listPermissions(w http.ResponseWriter, r *http.Request, _ *front.Visit) error {
	list, next, err := pageOf(policy.AllPermissions(), queryOf[pageQuery](r), func(p policy.Described) string { return string(p.Permission) })
	if err != nil {
		return err
	}
	answer := permissionsAnswer{Items: []permissionAnswer{}, NextCursor: next}
	for _, p := range list {
		answer.Items = append(answer.Items, permissionAnswer{string(p.Permission), p.Words, string(p.Needs)})
	}
	return Write(w, http.StatusOK, answer)
}
