package web

import (
	"net/http"

	"github.com/vestibule-id/vestibule/internal/admin"
	"github.com/vestibule-id/vestibule/internal/enroll"
	"github.com/vestibule-id/vestibule/internal/front"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/secret"
	"github.com/vestibule-id/vestibule/internal/store"
)

// How a new user gets in.
const (
	byPassword   = "password"   // an initial one, handed over
	byInvitation = "invitation" // mailed
)

type newUserPage struct {
	frame
	Fields    []field
	Roles     []choiceOfRole
	RoleSays  string
	Access    string // how they get in
	Password  field
	MayInvite bool
	Problem   string
}

func (p *Pages) newUserPage(r *http.Request, v *front.Visit, f form) (pg newUserPage, err error) {
	style := v.Live.Tenant.Style
	roles, err := p.Admin.RolesSeen(r.Context(), p.office(v), v.Actor)
	if err != nil {
		return pg, err
	}
	pg = newUserPage{
		frame: p.room("New user", v), Fields: userFields(style, identity.User{}), Roles: givable(v, roles, ""), Access: f["access"],
		MayInvite: allowed(v, policy.InvitationsWrite),
		Password: field{Name: "initial_password", Label: "Initial Password", Type: "password", Autocomplete: "new-password", Optional: true,
			Hint: "Leave it empty to have one made. Either way it is shown once, to be handed over."},
	}
	for i := range pg.Fields {
		pg.Fields[i].Value = f[pg.Fields[i].Name]
		pg.Fields[i].Focus = i == 0
	}
	if choose(pg.Roles, identity.Member); f.has("role") {
		choose(pg.Roles, f["role"])
	}
	if pg.Access != byPassword && pg.Access != byInvitation {
		pg.Access = byInvitation
		if style == identity.Extension || !pg.MayInvite {
			pg.Access = byPassword
		}
	}
	return pg, nil
}

func (p *Pages) newUser(w http.ResponseWriter, r *http.Request, v *front.Visit) error {
	v.Page = r.URL.Path
	var noted frame
	typed, err := p.refill(r, v, &noted)
	if err != nil {
		return err
	}
	pg, err := p.newUserPage(r, v, typed)
	if err != nil {
		return err
	}
	pg.Note = noted.Note
	return render(w, http.StatusOK, pg)
}

func (p *Pages) createUser(w http.ResponseWriter, r *http.Request, v *front.Visit, f form) error {
	err := p.create(w, r, v, f)
	about := again(err)
	if about == nil {
		return err
	}
	v.Page = usersPath + "/new"
	pg, err := p.newUserPage(r, v, f)
	if err != nil {
		return err
	}
	pg.RoleSays = messagesFor(about, "role")
	pg.Password.Error = messagesFor(about, "new_password")
	pg.Password.Wrong = pg.Password.Error != ""
	if !fault(pg.Fields, about) && pg.RoleSays == "" && !pg.Password.Wrong {
		pg.Problem = sentence(about)
	}
	pg.sentAgain(f, about)
	retryAfter(w, about)
	return render(w, front.Status(about.Kind), pg)
}

func (p *Pages) create(w http.ResponseWriter, r *http.Request, v *front.Visit, f form) error {
	if f["access"] == byInvitation {
		i, err := p.Invitations.Invite(r.Context(), p.office(v), v.Actor,
			enroll.Invitee{Email: f["email"], Extension: f["extension"], Name: f["name"], Role: f["role"]}, false, v.Peer)
		if err != nil {
			return err
		}
		return turned(w, r, usersPath, "invited", ofName, string(i.User))
	}
	wanted := admin.NewUser{Email: f["email"], Extension: f["extension"], Name: f["name"], Role: f["role"]}
	if typed := f["initial_password"]; typed != "" {
		var err error
		if wanted.Password, err = secret.NewPassword(typed); err != nil {
			return admin.ErrUser.In(problem.Field{Location: "body.new_password", Message: problem.Of(err).Message})
		}
	}
	return p.slipOnce(w, r, v, f, func(t store.Tenant) (admin.Slip, error) {
		return p.Admin.CreateInitial(r.Context(), t, v.Actor, wanted, v.Peer)
	})
}
