package api

import (
	"net/http"
	"time"

	"github.com/vestibule-id/vestibule/internal/admin"
	"github.com/vestibule-id/vestibule/internal/front"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/secret"
	"github.com/vestibule-id/vestibule/internal/session"
)

// userCalls are what administrators do for people who cannot get in.
func (a *API) userCalls() []call {
	may := front.Can(policy.UsersCredentials)
	acted := []*problem.Problem{policy.ErrSignIn, session.ErrEnded, policy.ErrDenied, problem.NotFound}
	return []call{
		{front.Post("/api/v1/users/{id}/password-reset", may, a.mailReset), "Mail a user a reset link", nil, nil, http.StatusNoContent,
			append(acted[:4:4], admin.ErrNoAddress, admin.ErrNotActive)},
		{front.Post("/api/v1/users/{id}/initial-password", may, a.giveInitial), "Give a user an initial password, shown once", nil, slipAnswer{}, http.StatusOK,
			append(acted[:4:4], admin.ErrOwn, admin.ErrMeantime, secret.ErrBusy)},
		{front.Post("/api/v1/users/{id}/unlock", may, a.unlock), "Forget the failed tries on a user", nil, nil, http.StatusNoContent, acted},
	}
}

func (a *API) mailReset(w http.ResponseWriter, r *http.Request, v *front.Visit) error {
	return done(w, a.Admin.MailReset(r.Context(), a.tenantOfVisit(v), v.Actor, identity.UserID(r.PathValue("id")), v.Peer))
}

func (a *API) unlock(w http.ResponseWriter, r *http.Request, v *front.Visit) error {
	return done(w, a.Admin.Unlock(r.Context(), a.tenantOfVisit(v), v.Actor, identity.UserID(r.PathValue("id")), v.Peer))
}

// slipAnswer is what is handed over to a user.
type slipAnswer struct {
	SignIn   string    `json:"sign_in" doc:"The address of the tenant's sign-in page."`
	Tenant   string    `json:"tenant" doc:"The tenant's slug."`
	Username string    `json:"username" doc:"What to type there: an e-mail address, or extension and tenant code."`
	Password string    `json:"password" doc:"Shown once."`
	Expires  time.Time `json:"expires_at" doc:"It is over then, unless somebody has signed in with it."`
}

func (a *API) giveInitial(w http.ResponseWriter, r *http.Request, v *front.Visit) error {
	slip, err := a.Admin.GiveInitial(r.Context(), a.tenantOfVisit(v), v.Actor, identity.UserID(r.PathValue("id")), v.Peer)
	if err != nil {
		return err
	}
	return Write(w, http.StatusOK, slipAnswer{SignIn: a.Sessions.Issuer + "/t/" + slip.Tenant.Slug + "/login", Tenant: slip.Tenant.Slug,
		Username: slip.Username, Password: slip.Password.Reveal(), Expires: slip.Until})
}
