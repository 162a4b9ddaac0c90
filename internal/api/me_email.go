package api

import (
	"net/http"
	"time"

	"github.com/vestibule-id/vestibule/internal/account"
	"github.com/vestibule-id/vestibule/internal/front"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/secret"
	"github.com/vestibule-id/vestibule/internal/session"
	"github.com/vestibule-id/vestibule/internal/signin"
)

// myEmailCalls are about one's own address, which changes when a link that was
// mailed to the new one is used.
func (a *API) myEmailCalls() []call {
	signedIn := []*problem.Problem{policy.ErrSignIn, session.ErrEnded}
	waits := append(signedIn[:2:2], account.ErrNoChange)
	asked := bodyProblems(policy.ErrSignIn, session.ErrEnded, identity.ErrEmail, account.ErrSameAddress, signin.ErrNotCurrent,
		secret.ErrPasswordText, policy.ErrWait, policy.ErrLetters, secret.ErrBusy)
	return []call{
		{front.Get("/api/v1/me/email", front.SignedIn, a.myEmail), "My e-mail address, and the one that waits to be confirmed", nil, myEmailAnswer{}, http.StatusOK, signedIn},
		{front.Post("/api/v1/me/email", front.SignedIn, a.askEmail), "Change my e-mail address: mail a link to the new one, which has to be opened there", emailBody{}, pendingAnswer{}, http.StatusAccepted, asked},
		{front.Post("/api/v1/me/email/resend", front.SignedIn, a.resendEmail), "Mail that link again", nil, pendingAnswer{}, http.StatusAccepted, append(waits[:3:3], policy.ErrLetters)},
		{front.Delete("/api/v1/me/email", front.SignedIn, a.cancelEmail), "Keep my address; the link that was mailed is over", nil, nil, http.StatusNoContent, waits},
	}
}

type emailBody struct {
	Email           string `json:"email"`
	CurrentPassword string `json:"current_password"`
}

type pendingAnswer struct {
	Email   string    `json:"email"`
	Expires time.Time `json:"expires_at" doc:"The link in the letter is over then."`
}

type myEmailAnswer struct {
	Email   string         `json:"email"`
	Pending *pendingAnswer `json:"pending" doc:"null: nothing waits to be confirmed."`
}

func (a *API) myEmail(w http.ResponseWriter, r *http.Request, v *front.Visit) error {
	answer := myEmailAnswer{Email: v.Live.User.Email.Typed}
	p, err := a.Account.PendingAddress(r.Context(), v.Live)
	if err != nil {
		return err
	}
	if p.Email != "" {
		answer.Pending = &pendingAnswer{p.Email, p.Expires}
	}
	return Write(w, http.StatusOK, answer)
}

func (a *API) askEmail(w http.ResponseWriter, r *http.Request, v *front.Visit) error {
	var b emailBody
	if err := Read(r, &b); err != nil {
		return err
	}
	p, err := a.Account.AskAddress(r.Context(), v.Live, account.AddressChange{Email: b.Email, Password: b.CurrentPassword, From: from(v), Once: v.Once})
	return accepted(w, p, err)
}

func (a *API) resendEmail(w http.ResponseWriter, r *http.Request, v *front.Visit) error {
	p, err := a.Account.ResendAddress(r.Context(), v.Live, v.Peer)
	return accepted(w, p, err)
}

func accepted(w http.ResponseWriter, p account.Pending, err error) error {
	if err != nil {
		return err
	}
	return Write(w, http.StatusAccepted, pendingAnswer{p.Email, p.Expires})
}

func (a *API) cancelEmail(w http.ResponseWriter, r *http.Request, v *front.Visit) error {
	return done(w, a.Account.CancelAddress(r.Context(), v.Live, v.Peer))
}
