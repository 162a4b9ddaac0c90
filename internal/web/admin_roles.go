package web

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/vestibule-id/vestibule/internal/admin"
	"github.com/vestibule-id/vestibule/internal/front"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/problem"
)

const (
	rolesPath = "/admin/roles"
	seenName  = "seen" // in the form: when the role had been changed last
	boxStart  = "may." // before the name of a permission
)

func (p *Pages) roleRoutes() []front.Route {
	read, write := front.Can(policy.RolesRead), front.Can(policy.RolesWrite)
	return []front.Route{
		front.Get(rolesPath, read, p.opened(p.roles)),
		front.Get("/admin/roles/new", write, p.opened(p.newRole)),
		front.Post(rolesPath, write, p.sent(p.createRole)).Like("POST /api/v1/roles"),
		front.Get("/admin/roles/{name}", read, p.opened(p.role)),
		front.Post("/admin/roles/{name}", write, p.sent(p.changeRole)).Like("PATCH /api/v1/roles/{name}"),
		front.Post("/admin/roles/{name}/delete", write, p.sent(p.deleteRole)).Like("DELETE /api/v1/roles/{name}"),
	}
}

// rolesDone is what the pages say after something has been done.
var rolesDone = map[string]string{
	"created": "The role was made. It can be given to people now.", "saved": "The changes were saved. They hold from now on.", "deleted": "The role was deleted.",
}

type rolesPage struct {
	frame
	Roles       []admin.RoleLook
	Permissions []permissionLine
	Done        string
	Problem     string
	MayWrite    bool
}

// A permissionLine is a row of the table of permissions and roles.
type permissionLine struct {
	Words string
	Held  []bool // by each of the roles
}

func (p *Pages) roles(w http.ResponseWriter, r *http.Request, v *front.Visit) error {
	v.Page = rolesPath
	list, err := p.Admin.Roles(r.Context(), p.office(v), v.Actor)
	if err != nil {
		return err
	}
	pg := rolesPage{frame: p.room("Roles", v), Roles: list, Done: rolesDone[only(r.URL.Query(), doneName)], MayWrite: allowed(v, policy.RolesWrite)}
	for _, entry := range policy.AllPermissions() {
		line := permissionLine{Words: entry.Words}
		for _, one := range list {
			line.Held = append(line.Held, policy.Holds(one.Role, entry.Permission))
		}
		pg.Permissions = append(pg.Permissions, line)
	}
	return render(w, http.StatusOK, pg)
}

// Can is what a role lets people do, a sentence each.
func (rolesPage) Can(r identity.Role) (list []string) {
	for _, entry := range policy.AllPermissions() {
		if policy.Holds(r, entry.Permission) {
			list = append(list, entry.Words)
		}
	}
	return list
}

// A rolePage shows one role, or the form of a new one.
type rolePage struct {
	frame
	admin.RoleLook
	New     bool
	Own     bool // the visitor holds it
	Fields  []field
	Boxes   []permissionBox
	BoxSays string
	SeenAt  int64 // microseconds
	Done    string
	Problem string

	MayWrite, MayUsers bool
}

// A permissionBox is a permission of a role that can be given or taken away.
type permissionBox struct {
	Name, Words string
	Needs       string // in words, what it is given with only; may be empty
	Held        bool
	Mine        bool // the visitor holds it, so it is theirs to give
}

// rolePage is a role as it is or, of a form, as it was typed.
func (p *Pages) rolePage(v *front.Visit, look admin.RoleLook, f form) rolePage {
	isNew := look.Name == ""
	pg := rolePage{frame: p.room(look.Title, v), RoleLook: look, New: isNew, Own: look.Name == v.Actor.Role.Name,
		SeenAt: look.ChangedAt.UnixMicro(), MayWrite: look.MayEdit, MayUsers: allowed(v, policy.UsersRead)}
	rank := strconv.Itoa(look.Rank)
	if isNew {
		pg.Title, pg.MayWrite, rank = "New role", true, ""
		pg.Fields = append(pg.Fields, field{Name: "name", Label: "Name", Type: "text", Autocomplete: "off",
			Hint: "For programs and files: 2 to 40 of a to z, 0 to 9, and inner hyphens. It cannot be changed later."})
	}
	pg.Fields = append([]field{{Name: "title", Label: "Title", Type: "text", Autocomplete: "off", Value: look.Title, Focus: isNew, Hint: "What people read."}}, append(pg.Fields,
		field{Name: "rank", Label: "Rank", Type: "number", Autocomplete: "off", Value: rank,
			Hint: "From 1 to " + strconv.Itoa(min(policy.MaxRank, v.Actor.Role.Rank)) + ". Who has this role can act on people of the same or a lower rank only: Admin has 100, Manager 50, User 10."})...)
	if f.has("title") {
		keep(pg.Fields, f)
	}
	for _, entry := range policy.AllPermissions() {
		one := permissionBox{Name: boxStart + string(entry.Permission), Words: entry.Words, Needs: entry.Needs.Words(),
			Held: policy.Holds(look.Role, entry.Permission), Mine: policy.Holds(v.Actor.Role, entry.Permission)}
		if f.has("title") {
			one.Held = f.has(one.Name)
		}
		pg.Boxes = append(pg.Boxes, one)
	}
	return pg
}

func (p *Pages) newRole(w http.ResponseWriter, r *http.Request, v *front.Visit) error {
	v.Page = r.URL.Path
	return p.showRole(w, r, v, admin.RoleLook{})
}

func (p *Pages) role(w http.ResponseWriter, r *http.Request, v *front.Visit) error {
	v.Page = r.URL.Path
	look, err := p.Admin.Role(r.Context(), p.office(v), v.Actor, r.PathValue("name"))
	if err != nil {
		return err
	}
	return p.showRole(w, r, v, look)
}

func (p *Pages) showRole(w http.ResponseWriter, r *http.Request, v *front.Visit, look admin.RoleLook) error {
	var noted frame
	typed, err := p.refill(r, v, &noted)
	if err != nil {
		return err
	}
	pg := p.rolePage(v, look, typed)
	pg.Note, pg.Done = noted.Note, rolesDone[only(r.URL.Query(), doneName)]
	return render(w, http.StatusOK, pg)
}

// permissions are those whose boxes are ticked.
func (f form) permissions() []string {
	list := []string{}
	for _, entry := range policy.AllPermissions() {
		if f.has(boxStart + string(entry.Permission)) {
			list = append(list, string(entry.Permission))
		}
	}
	return list
}

// rank is the number that was typed; what is none is none of the ranks.
func (f form) rank() int {
	n, err := strconv.Atoi(strings.TrimSpace(f["rank"]))
	if err != nil {
		return 0
	}
	return n
}

func (p *Pages) createRole(w http.ResponseWriter, r *http.Request, v *front.Visit, f form) error {
	wanted := admin.NewRole{Name: f["name"], Title: f["title"], Rank: f.rank(), Permissions: f.permissions()}
	made, err := p.Admin.CreateRole(r.Context(), p.office(v), v.Actor, wanted, v.Peer)
	switch about := again(err); {
	case err == nil:
		return turned(w, r, rolesPath+"/"+made.Name, "created")
	case about == nil:
		return err
	default:
		v.Page = rolesPath + "/new"
		return p.roleAgain(w, v, admin.RoleLook{}, f, about)
	}
}

func (p *Pages) changeRole(w http.ResponseWriter, r *http.Request, v *front.Visit, f form) error {
	name := r.PathValue("name")
	title, rank, permissions := f["title"], f.rank(), f.permissions()
	changes := admin.RoleChanges{Title: &title, Rank: &rank, Permissions: &permissions}
	if micros, err := strconv.ParseInt(f[seenName], 10, 64); err == nil {
		changes.Seen = time.UnixMicro(micros).UTC()
	}
	_, err := p.Admin.SetRole(r.Context(), p.office(v), v.Actor, name, changes, v.Peer)
	return p.roleDone(w, r, v, f, "saved", rolesPath+"/"+name, err)
}

func (p *Pages) deleteRole(w http.ResponseWriter, r *http.Request, v *front.Visit, _ form) error {
	err := p.Admin.DeleteRole(r.Context(), p.office(v), v.Actor, r.PathValue("name"), v.Peer)
	return p.roleDone(w, r, v, form{}, "deleted", rolesPath, err)
}

// roleDone leads to where what was done is said, or shows the role again with
// what is wrong.
func (p *Pages) roleDone(w http.ResponseWriter, r *http.Request, v *front.Visit, f form, done, to string, err error) error {
	about := again(err)
	switch {
	case err == nil:
		return turned(w, r, to, done)
	case about == nil:
		return err
	}
	look, err := p.Admin.Role(r.Context(), p.office(v), v.Actor, r.PathValue("name"))
	if err != nil {
		return err
	}
	v.Page = rolesPath + "/" + look.Name
	return p.roleAgain(w, v, look, f, about)
}

func (p *Pages) roleAgain(w http.ResponseWriter, v *front.Visit, look admin.RoleLook, f form, about *problem.Problem) error {
	pg := p.rolePage(v, look, f)
	pg.BoxSays = messagesFor(about, "permissions")
	if !fault(pg.Fields, about) && pg.BoxSays == "" {
		pg.Problem = sentence(about)
	}
	return render(w, front.Status(about.Kind), pg)
}
