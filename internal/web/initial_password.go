package web

import (
	"errors"
	"net/http"

	"github.com/vestibule-id/vestibule/internal/front"
	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/secret"
	"github.com/vestibule-id/vestibule/internal/signin"
)

var errUnlike = ErrForm.Because("The two new passwords are not the same.").
	In(problem.Field{Location: "body.confirm_password", Message: "The two new passwords are not the same."})

type initialPasswordPage struct {
	frame
	Action  string
	Token   string
	Fields  []field
	Reasons []string // why a password was refused, a sentence each

	Username string // as typed, for programs that keep passwords
}

// showInitialPassword asks for a password of one's own; about, where there is
// one, says why the last one was refused.
func (p *Pages) showInitialPassword(w http.ResponseWriter, v *front.Visit, at place, f form, about *problem.Problem) error {
	v.Page = at.address("")
	pg := initialPasswordPage{
		frame: p.door("Choose your password", v, at.tenant), Action: at.address("/initial-password"),
		Token: f["change_token"], Fields: p.newPasswordFields(at), Username: f["username"],
	}
	if about == nil {
		return render(w, http.StatusOK, pg)
	}
	for _, f := range about.Fields {
		pg.Reasons = append(pg.Reasons, f.Message)
	}
	if len(about.Fields) == 0 || errors.Is(about, ErrForm) {
		pg.Reasons = []string{sentence(about)}
	}
	for i := range pg.Fields {
		pg.Fields[i].Wrong = messageFor(about, pg.Fields[i].Name) != ""
	}
	retryAfter(w, about)
	return render(w, front.Status(about.Kind), pg)
}

func (p *Pages) newPasswordFields(at place) []field {
	fields := newPasswordFields(p.Sessions.Effective(at.tenant).PasswordMinLength)
	keep(fields, form{})
	return fields
}

// newPasswordFields ask for a new password twice; it has at least so many
// characters.
func newPasswordFields(least int) []field {
	return []field{
		{Name: "new_password", Label: "New Password", Type: "password", Autocomplete: "new-password", Advice: max(least, 8)},
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
	about := problem.Of(err)
	for _, again := range []error{ErrForm, policy.ErrPassword, signin.ErrSame, secret.ErrPasswordText, secret.ErrBusy} {
		if about != nil && errors.Is(err, again) {
			return p.showInitialPassword(w, v, at, f, about)
		}
	}
	return p.next(w, r, v, at, step{form: form{}, from: by, out: out, err: err})
}

func (p *Pages) changed(r *http.Request, at place, f form, by signin.From) (out signin.Outcome, err error) {
	if err := checkFields(p.newPasswordFields(at), f); err != nil {
		return out, err
	}
	if f["new_password"] != f["confirm_password"] {
		return out, errUnlike
	}
	return p.SignIn.ChangeInitial(r.Context(), f["change_token"], f["new_password"], by)
}
