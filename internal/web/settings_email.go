package web

import (
	"errors"
	"net/http"
	"time"

	"github.com/vestibule-id/vestibule/internal/account"
	"github.com/vestibule-id/vestibule/internal/front"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/session"
)

// emailPath is where one's own address is changed.
const emailPath = "/settings/email"

// emailDone is what the page says after something has been done.
var emailDone = map[string]string{
	"asked":     "The letter is on its way. Open the link in it to confirm the new address.",
	"resent":    "The letter is on its way again.",
	"cancelled": "Your address stays as it is. The link in the letter does not work any more.",
	"confirmed": "Your e-mail address was changed.",
}

type emailPage struct {
	frame
	Parts   []tab // on the left
	Done    string
	Address string // the present one; may be empty
	Pending account.Pending
	Email   part
}

func (p *Pages) showEmail(w http.ResponseWriter, r *http.Request, v *front.Visit) error {
	v.Page = emailPath
	pg, err := p.emailPage(r, v)
	if err != nil {
		return err
	}
	typed, err := p.refill(r, v, &pg.frame)
	if err != nil {
		return err
	}
	pg.Email.Fields[0].Value = typed["email"]
	pg.Done = emailDone[only(r.URL.Query(), doneName)]
	return render(w, http.StatusOK, pg)
}

func (p *Pages) emailPage(r *http.Request, v *front.Visit) (pg emailPage, err error) {
	pg = emailPage{frame: p.room("Email Address", v), Address: v.Live.User.Email.Typed, Email: emailPart()}
	pg.Parts = append(settingsParts(v.Live.Tenant.Style, emailPath), adminTabs(v)...)
	pg.Pending, err = p.Account.PendingAddress(r.Context(), v.Live)
	return pg, err
}

func emailPart() part {
	return part{Title: "Email Address", Button: "Change Email Address", Fields: []field{
		{Name: "email", Label: "New Email Address", Type: "email", Autocomplete: "email"},
		{Name: "current_password", Label: "Your Password", Type: "password", Autocomplete: "current-password"},
	}}
}

func (p *Pages) askEmail(w http.ResponseWriter, r *http.Request, v *front.Visit, f form) error {
	err := checkFields(emailPart().Fields, f)
	if err == nil {
		_, err = p.Account.AskAddress(r.Context(), v.Live, account.AddressChange{Email: f["email"], Password: f["current_password"], From: from(r, v)})
	}
	return p.emailSettled(w, r, v, f, "asked", err)
}

func (p *Pages) resendEmail(w http.ResponseWriter, r *http.Request, v *front.Visit, f form) error {
	_, err := p.Account.ResendAddress(r.Context(), v.Live, v.Peer)
	return p.emailSettled(w, r, v, f, "resent", err)
}

func (p *Pages) cancelEmail(w http.ResponseWriter, r *http.Request, v *front.Visit, f form) error {
	return p.emailSettled(w, r, v, f, "cancelled", p.Account.CancelAddress(r.Context(), v.Live, v.Peer))
}

// emailSettled leads back to the page, or shows it with what is wrong.
func (p *Pages) emailSettled(w http.ResponseWriter, r *http.Request, v *front.Visit, f form, done string, err error) error {
	about := problem.Of(err)
	switch {
	case err == nil:
		http.Redirect(w, r, emailPath+"?"+doneName+"="+done, http.StatusSeeOther)
		return nil
	case about == nil || errors.Is(err, session.ErrEnded):
		return err
	}
	v.Page = emailPath
	pg, err := p.emailPage(r, v)
	if err != nil {
		return err
	}
	pg.Email.explain(f, about)
	retryAfter(w, about)
	return render(w, front.Status(about.Kind), pg)
}

type confirmPage struct {
	frame
	Action string
	Email  string // the new address: whoever is here has it
	Until  time.Time
}

// showConfirm asks whether a new address is to be confirmed. It spends nothing.
func (p *Pages) showConfirm(w http.ResponseWriter, r *http.Request, v *front.Visit) error {
	_, token := flow(r)
	o, err := p.Recovery.OpenAddress(r.Context(), token)
	if errors.Is(err, policy.ErrLink) {
		return p.showGone(w, r, v, identity.AddressLink, token)
	} else if err != nil {
		return err
	}
	v.Page = localPath(r.URL.Path)
	return render(w, http.StatusOK, confirmPage{frame: p.door("New e-mail address", v, o.Tenant), Action: r.URL.Path, Email: o.Link.Data, Until: o.Link.ExpiresAt})
}

// confirm makes the address that of its user, and leads on: to the settings who
// is signed in here, others to where they sign in.
func (p *Pages) confirmEmail(w http.ResponseWriter, r *http.Request, v *front.Visit) error {
	if _, err := readForm(w, r); err != nil {
		return err
	}
	cookie, token := flow(r)
	o, err := p.Recovery.ConfirmAddress(r.Context(), token, visitFrom(r, v))
	if errors.Is(err, policy.ErrLink) {
		return p.showGone(w, r, v, identity.AddressLink, token)
	} else if err != nil {
		return err
	}
	to := "/t/" + o.Tenant.Slug + "/login?notice=address-confirmed"
	if v.Live.Tenant.ID == o.Tenant.ID && v.Live.User.ID == o.User.ID {
		to = emailPath + "?" + doneName + "=confirmed"
	}
	return leaveFlow(w, r, cookie, to)
}
