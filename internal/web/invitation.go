package web

import (
	"errors"
	"net/http"
	"net/url"

	"github.com/vestibule-id/vestibule/internal/enroll"
	"github.com/vestibule-id/vestibule/internal/front"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/problem"
)

type invitationPage struct {
	frame
	newPassword
	Role string
	Slug string
}

// showInvitation asks for name and password, if the invitation would be taken.
// That somebody has looked is noted, and nothing spent.
func (p *Pages) showInvitation(w http.ResponseWriter, r *http.Request, v *front.Visit) error {
	_, token := flow(r)
	if r.Method == http.MethodGet && !prefetch(r) {
		if o, err := p.Invitations.Open(r.Context(), token); err == nil {
			if err := p.Invitations.MarkOpened(r.Context(), o); err != nil {
				return err
			}
		}
	}
	return p.invitationPage(w, r, v, token, form{}, nil)
}

func (p *Pages) invitationFields(at place, f form) []field {
	fields := append([]field{{Name: "name", Label: "Your Name", Type: "text", Autocomplete: "name"}}, p.choosing(at)...)
	keep(fields, f)
	return fields
}

func (p *Pages) invitationPage(w http.ResponseWriter, r *http.Request, v *front.Visit, token string, f form, about *problem.Problem) error {
	o, err := p.Invitations.Open(r.Context(), token)
	if errors.Is(err, policy.ErrLink) {
		return p.showGone(w, r, v, identity.InvitationLink, token)
	} else if err != nil {
		return err
	}
	if !f.has("name") {
		f["name"] = o.User.Name
	}
	v.Page = localPath(r.URL.Path)
	at := place{tenant: o.Tenant, style: o.Tenant.Style, usual: p.Style}
	pg := invitationPage{frame: p.door("Invitation", v, o.Tenant), Role: o.Role.Title, Slug: o.Tenant.Slug, newPassword: newPassword{
		Action: r.URL.Path, Username: usernameOf(o.Tenant, o.User), Fields: p.invitationFields(at, f),
	}}
	return render(w, pg.refused(w, about), pg)
}

// accept makes the account and leads to sign-in, with the slug filled in (W7).
// Whatever else is in the form is nobody's business here: the role is the
// inviter's.
func (p *Pages) accept(w http.ResponseWriter, r *http.Request, v *front.Visit) error {
	f, err := readForm(w, r)
	if err != nil {
		return err
	}
	cookie, token := flow(r)
	if token == "" {
		return p.showGone(w, r, v, identity.InvitationLink, "")
	}
	by := visitFrom(r, v)
	var o enroll.Opened
	if err = checkNew(p.invitationFields(place{style: p.Style}, form{}), f); err == nil {
		o, err = p.Invitations.Accept(r.Context(), enroll.Acceptance{
			Token: token, Name: f["name"], Password: f["new_password"], Peer: by.Peer, Browser: by.Browser,
		})
	}
	switch about := problem.Of(err); {
	case err == nil:
		front.SetBrowserCookie(w, by.Browser)
		return leaveFlow(w, r, cookie, p.firstSignIn(o.Tenant))
	case errors.Is(err, policy.ErrLink):
		return p.showGone(w, r, v, identity.InvitationLink, token)
	case worthTyping(about) || errors.Is(err, enroll.ErrInvitee):
		return p.invitationPage(w, r, v, token, form{"name": f["name"]}, about)
	}
	return err
}

// firstSignIn is where a new account is tried out: in the workspace style on
// the page that asks for the slug, with the slug in it, for this is what the
// person will have to know.
func (p *Pages) firstSignIn(t identity.Tenant) string {
	if t.Style != identity.Workspace {
		return "/t/" + t.Slug + "/login?notice=invitation-accepted"
	}
	query := url.Values{"tenant": {t.Slug}, "notice": {"invitation-accepted"}}
	if p.Style != identity.Workspace {
		query.Set("style", string(identity.Workspace))
	}
	return "/login?" + query.Encode()
}
