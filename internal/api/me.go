package api

import (
	"net/http"

	"github.com/vestibule-id/vestibule/internal/account"
	"github.com/vestibule-id/vestibule/internal/front"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/secret"
	"github.com/vestibule-id/vestibule/internal/session"
	"github.com/vestibule-id/vestibule/internal/signin"
)

// meCalls are what people do to their own accounts.
func (a *API) meCalls() []call {
	signedIn := []*problem.Problem{policy.ErrSignIn, session.ErrEnded}
	sent := []*problem.Problem{policy.ErrSignIn, session.ErrEnded, front.ErrTooLarge, front.ErrContentType, ErrNotJSON, ErrBody}
	return []call{
		{front.Get("/api/v1/me", front.SignedIn, a.me), "My profile", nil, userAnswer{}, http.StatusOK, signedIn},
		{front.Patch("/api/v1/me", front.SignedIn, a.changeMe), "Change my profile", profileBody{}, userAnswer{}, http.StatusOK, append(sent[:6:6], identity.ErrName, identity.ErrLanguage, identity.ErrTimeZone)},
		{front.Put("/api/v1/me/password", front.SignedIn, a.changeMyPassword), "Change my password; every other session of mine ends", passwordBody{}, nil, http.StatusNoContent,
			append(sent[:6:6], policy.ErrWebOnly, signin.ErrNotCurrent, policy.ErrPassword, secret.ErrPasswordText, policy.ErrWait, secret.ErrBusy)},
	}
}

type profileBody struct {
	Name     *string `json:"name,omitempty"`
	Language *string `json:"language,omitempty" doc:"Of letters; empty is the tenant's."`
	TimeZone *string `json:"time_zone,omitempty" doc:"A name of the IANA database, like Europe/Berlin; empty is the tenant's."`
}

type passwordBody struct {
	CurrentPassword string `json:"current_password"`
	NewPassword     string `json:"new_password"`
}

func (a *API) me(w http.ResponseWriter, _ *http.Request, v *front.Visit) error {
	return Write(w, http.StatusOK, userOf(v.Live.User))
}

func (a *API) changeMe(w http.ResponseWriter, r *http.Request, v *front.Visit) error {
	var b profileBody
	if err := Read(r, &b); err != nil {
		return err
	}
	u, err := a.Account.SetProfile(r.Context(), v.Live, account.Profile{Name: b.Name, Language: b.Language, TimeZone: b.TimeZone}, v.Peer)
	if err != nil {
		return err
	}
	return Write(w, http.StatusOK, userOf(u))
}

func (a *API) changeMyPassword(w http.ResponseWriter, r *http.Request, v *front.Visit) error {
	var b passwordBody
	if err := Read(r, &b); err != nil {
		return err
	}
	_, err := a.Account.ChangePassword(r.Context(), v.Live, account.PasswordChange{Current: b.CurrentPassword, New: b.NewPassword, From: from(v)})
	return done(w, err)
}
