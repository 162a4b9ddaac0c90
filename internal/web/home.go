package web

import (
	"net/http"
	"time"

	"github.com/vestibule-id/vestibule/internal/front"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/policy"
)

// start leads from the bare address to where there is something to do.
func (p *Pages) start(w http.ResponseWriter, r *http.Request, v *front.Visit) error {
	to := p.signInAddress(r)
	if v.Actor.SignedIn() {
		to = p.landing(v.Live.Tenant)
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
	return nil
}

type homePage struct {
	frame
	User    identity.User
	Session identity.Session
	Role    string
	May     []string // what the role lets them do
	All     bool     // there is nothing more to be allowed
	Idle    string   // how long nothing may happen
}

func (p *Pages) home(w http.ResponseWriter, _ *http.Request, v *front.Visit) error {
	idle := time.Duration(p.Sessions.Effective(v.Live.Tenant).IdleTimeout)
	return render(w, http.StatusOK, homePage{
		frame: p.room("Home", v), User: v.Live.User, Session: v.Live.Session,
		Role: v.Live.Role.Title, May: may(v.Live.Role), Idle: inWords(idle),
		All: v.Live.Role.Permissions == policy.BuiltIn(identity.Admin).Permissions,
	})
}

type phonePage struct {
	frame
	MaySet bool // the tenant's settings: nobody else here could be asked
}

func (p *Pages) phone(w http.ResponseWriter, _ *http.Request, v *front.Visit) error {
	return render(w, http.StatusOK, phonePage{frame: p.room("Phone", v), MaySet: allowed(v, policy.OrganizationWrite)})
}
