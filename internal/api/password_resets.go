package api

import (
	"net/http"

	"github.com/vestibule-id/vestibule/internal/front"
	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/recovery"
	"github.com/vestibule-id/vestibule/internal/secret"
)

func (a *API) resetCalls() []call {
	asked := bodyProblems(recovery.ErrAddress, policy.ErrWait)
	redeemed := bodyProblems(policy.ErrLink, policy.ErrWebOnly, policy.ErrSuspended, policy.ErrPassword, secret.ErrPasswordText, secret.ErrBusy)
	return []call{
		{front.Post("/api/v1/password-resets", front.Anyone, a.askReset), "Ask for a reset link by mail", askResetBody{}, askedAnswer{}, http.StatusAccepted, asked},
		{front.Post("/api/v1/password-resets/redeem", front.Anyone, a.redeemReset), "Set a new password with a reset link, where the tenant lets programs", redeemResetBody{}, nil, http.StatusNoContent, redeemed},
	}
}

// bodyProblems are what any call with a body may answer, and some.
func bodyProblems(more ...*problem.Problem) []*problem.Problem {
	return append([]*problem.Problem{front.ErrTooLarge, front.ErrContentType, ErrNotJSON, ErrBody}, more...)
}

// askResetBody is the fields of one of the styles, without the password.
type askResetBody struct {
	Tenant   string `json:"tenant,omitempty" doc:"The tenant's slug: in the workspace style, and with a bare extension."`
	Email    string `json:"email,omitempty" doc:"Workspace and e-mail style."`
	Username string `json:"username,omitempty" doc:"Extension style: 201-tenantcode, or 201 with tenant."`
}

func (b askResetBody) check() error {
	var wrong []problem.Field
	switch {
	case b.Username != "" && b.Email != "":
		wrong = append(wrong, problem.Field{Location: "body.email", Message: "This field does not go with the others."})
	case b.Username == "" && b.Email == "":
		wrong = append(wrong, problem.Field{Location: "body.email", Message: "This field is needed here."})
	}
	for _, one := range []struct{ name, value string }{{"tenant", b.Tenant}, {"email", b.Email}, {"username", b.Username}} {
		if len(one.value) > maxName {
			wrong = append(wrong, problem.Field{Location: "body." + one.name, Message: "This field is too long."})
		}
	}
	if len(wrong) > 0 {
		return ErrBody.Because("Send tenant and email, or username, or email.").In(wrong...)
	}
	return nil
}

// askedAnswer is the same whoever exists.
type askedAnswer struct {
	Message string `json:"message"`
}

var asked = askedAnswer{"If there is such an account and it has an e-mail address, a link is on its way there. Otherwise the system administrator can help."}

func (a *API) askReset(w http.ResponseWriter, r *http.Request, v *front.Visit) error {
	var b askResetBody
	if err := Read(r, &b); err != nil {
		return err
	}
	if err := b.check(); err != nil {
		return err
	}
	err := a.Recovery.Ask(r.Context(), recovery.Wish{Tenant: b.Tenant, Email: b.Email, Username: b.Username}, asking(v))
	if err != nil {
		return err
	}
	return Write(w, http.StatusAccepted, asked)
}

func asking(v *front.Visit) recovery.From {
	return recovery.From{Peer: v.Peer, Source: front.Source(v.Peer.Address)}
}

type redeemResetBody struct {
	Token       string `json:"token" doc:"From the link in the mail: rst_…"`
	NewPassword string `json:"new_password"`
}

func (a *API) redeemReset(w http.ResponseWriter, r *http.Request, v *front.Visit) error {
	var b redeemResetBody
	if err := Read(r, &b); err != nil {
		return err
	}
	_, err := a.Recovery.Redeem(r.Context(), recovery.Reset{Token: b.Token, Password: b.NewPassword, From: asking(v), Program: true})
	return done(w, err)
}
