package web

import (
	"net/http"

	"github.com/vestibule-id/vestibule/internal/front"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/signin"
)

type choicePage struct {
	frame
	Action  string
	Token   string
	Choices []signin.Choice
}

// showChoice lets somebody choose between tenants their password was right for.
func (p *Pages) showChoice(w http.ResponseWriter, v *front.Visit, at place, out signin.Outcome) error {
	v.Page = at.address("")
	return render(w, http.StatusOK, choicePage{
		frame: p.door("Choose an organization", v, at.tenant), Action: at.address("/choice"),
		Token: string(out.Choice), Choices: out.Choices,
	})
}

func (p *Pages) choose(w http.ResponseWriter, r *http.Request, v *front.Visit) error {
	at, err := p.place(r)
	if err != nil {
		return err
	}
	at.style = identity.Email
	f, err := readForm(w, r)
	if err != nil {
		return err
	}
	by := from(r, v)
	out, err := p.SignIn.Choose(r.Context(), f["choice_token"], f["tenant"], by)
	return p.next(w, r, v, at, step{form: form{}, from: by, out: out, err: err})
}
