package web

import (
	"errors"
	"net/http"

	"github.com/vestibule-id/vestibule/internal/front"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/recovery"
	"github.com/vestibule-id/vestibule/internal/secret"
)

type resetPage struct {
	frame
	newPassword
}

// showReset asks for a new password, if the link would be taken. It spends
// nothing.
func (p *Pages) showReset(w http.ResponseWriter, r *http.Request, v *front.Visit) error {
	_, token := flow(r)
	return p.resetPage(w, r, v, token, nil)
}

func (p *Pages) resetPage(w http.ResponseWriter, r *http.Request, v *front.Visit, token string, about *problem.Problem) error {
	o, err := p.Recovery.Open(r.Context(), token)
	if errors.Is(err, policy.ErrLink) {
		return p.showGone(w, r, v, identity.ResetLink, token)
	} else if err != nil {
		return err
	}
	v.Page = localPath(r.URL.Path)
	at := place{tenant: o.Tenant, style: o.Tenant.Style, usual: p.Style}
	pg := resetPage{frame: p.door("Reset password", v, o.Tenant), newPassword: newPassword{
		Action: r.URL.Path, Username: usernameOf(o.Tenant, o.User), Fields: p.choosing(at),
	}}
	return render(w, pg.refused(w, about), pg)
}

// reset sets the password and leads to sign-in: whoever holds a link is not
// signed in by it.
func (p *Pages) reset(w http.ResponseWriter, r *http.Request, v *front.Visit) error {
	f, err := readForm(w, r)
	if err != nil {
		return err
	}
	cookie, token := flow(r)
	if token == "" {
		return p.showGone(w, r, v, identity.ResetLink, "")
	}
	by := visitFrom(r, v)
	var o recovery.Opened
	if err = checkNew(p.choosing(place{style: p.Style}), f); err == nil {
		o, err = p.Recovery.Redeem(r.Context(), recovery.Reset{Token: token, Password: f["new_password"], From: by})
	}
	switch about := problem.Of(err); {
	case err == nil:
		front.SetBrowserCookie(w, by.Browser)
		return leaveFlow(w, r, cookie, "/t/"+o.Tenant.Slug+"/login?notice=password-reset")
	case errors.Is(err, policy.ErrLink):
		return p.showGone(w, r, v, identity.ResetLink, token)
	case worthTyping(about):
		return p.resetPage(w, r, v, token, about)
	}
	return err
}

// worthTyping reports whether a problem goes away when something else is typed,
// or the same a little later.
func worthTyping(about *problem.Problem) bool {
	for _, again := range []*problem.Problem{ErrForm, policy.ErrPassword, secret.ErrPasswordText, secret.ErrBusy} {
		if about != nil && errors.Is(about, again) {
			return true
		}
	}
	return false
}
