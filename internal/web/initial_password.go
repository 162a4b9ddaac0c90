package web

import (
	"errors"
	"net/http"

	"github.com/vestibule-id/vestibule/internal/front"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/signin"
)

var errUnlike = ErrForm.Because("The two new passwords are not the same.").
	In(problem.Field{Location: "body.confirm_password", Message: "The two new passwords are not the same."})

type initialPasswordPage struct {
	frame
	newPassword
	Token string
}

// showInitialPassword asks for a password of one's own; about, where there is
// one, says why the last one was refused.
func (p *Pages) showInitialPassword(w http.ResponseWriter, v *front.Visit, at place, f form, about *problem.Problem) error {
	v.Page = at.address("")
	pg := initialPasswordPage{
		frame: p.door("Choose your password", v, at.tenant), Token: f["change_token"],
		newPassword: newPassword{Action: at.address("/initial-password"), Fields: p.choosing(at), Username: f["username"]},
	}
	return render(w, pg.refused(w, about), pg)
}

// choosing are the fields where somebody of a place chooses a password.
func (p *Pages) choosing(at place) []field {
	fields := newPasswordFields(p.Sessions.Effective(at.tenant))
	keep(fields, form{})
	return fields
}

// newPasswordFields ask for a new password twice, with what the effective
// policy wants of it.
func newPasswordFields(rules identity.Policy) []field {
	return []field{
		{Name: "new_password", Label: "New Password", Type: "password", Autocomplete: "new-password", Advice: adviceFor(rules)},
		{Name: "confirm_password", Label: "Confirm New Password", Type: "password", Autocomplete: "new-password"},
	}
}

func (p *Pages) changeInitial(w http.ResponseWriter, r *http.Request, v *front.Visit) error {
	at, err := p.place(r)
	if err != nil {
		return err
	}
	f, err := readForm(w, r)
	if err != nil {
		return err
	}
	by := from(r, v)
	out, err := p.changed(r, at, f, by)
	if about := problem.Of(err); worthTyping(about) || errors.Is(err, signin.ErrSame) {
		return p.showInitialPassword(w, v, at, f, about)
	}
	return p.next(w, r, v, at, step{form: form{}, from: by, out: out, err: err})
}

func (p *Pages) changed(r *http.Request, at place, f form, by signin.From) (out signin.Outcome, err error) {
	if err := checkNew(p.choosing(at), f); err != nil {
		return out, err
	}
	return p.SignIn.ChangeInitial(r.Context(), f["change_token"], f["new_password"], by)
}
