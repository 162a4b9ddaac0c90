package api

import (
	"errors"
	"net/http"
	"time"

	"github.com/vestibule-id/vestibule/internal/front"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/session"
	"github.com/vestibule-id/vestibule/internal/signin"
)

// signInBody is the fields of one of the styles, or of the choice between
// tenants. Which go together says check.
type signInBody struct {
	Tenant      string `json:"tenant,omitempty" doc:"The tenant's slug: in the workspace style, with a bare extension, and for the choice."`
	Email       string `json:"email,omitempty" doc:"Workspace and e-mail style."`
	Username    string `json:"username,omitempty" doc:"Extension style: 201-tenantcode, or 201 with tenant."`
	Password    string `json:"password,omitempty"`
	ChoiceToken string `json:"choice_token,omitempty" doc:"From tenant_choice_required; goes with tenant alone."`
}

func (b signInBody) check() error {
	var wrong []problem.Field
	need := func(name, value string) {
		if value == "" {
			wrong = append(wrong, problem.Field{Location: "body." + name, Message: "This field is needed here."})
		}
	}
	spare := func(name, value string) {
		if value != "" {
			wrong = append(wrong, problem.Field{Location: "body." + name, Message: "This field does not go with the others."})
		}
	}
	switch {
	case b.ChoiceToken != "":
		need("tenant", b.Tenant)
		spare("email", b.Email)
		spare("username", b.Username)
		spare("password", b.Password)
	case b.Username != "":
		need("password", b.Password)
		spare("email", b.Email)
	default:
		need("email", b.Email)
		need("password", b.Password)
	}
	for name, value := range map[string]string{"tenant": b.Tenant, "email": b.Email, "username": b.Username} {
		if len(value) > maxName {
			wrong = append(wrong, problem.Field{Location: "body." + name, Message: "This field is too long."})
		}
	}
	if len(wrong) > 0 {
		return ErrBody.Because("Send tenant, email and password, or username and password, or email and password.").In(wrong...)
	}
	return nil
}

// maxName is more than any slug, address or username has bytes.
const maxName = 320

type refreshBody struct {
	RefreshToken string `json:"refresh_token"`
	Interaction  *bool  `json:"interaction,omitempty" doc:"false marks a renewal from the background, which does not move the idle end. Default true."`
}

type initialPasswordBody struct {
	ChangeToken string `json:"change_token" doc:"From password_change_required."`
	NewPassword string `json:"new_password"`
}

type grantAnswer struct {
	AccessToken  string        `json:"access_token"`
	TokenType    string        `json:"token_type"`
	ExpiresIn    int64         `json:"expires_in" doc:"Seconds."`
	RefreshToken string        `json:"refresh_token"`
	Session      sessionAnswer `json:"session"`
	User         userAnswer    `json:"user"`
	Tenant       tenantAnswer  `json:"tenant"`
}

func (a *API) createSession(w http.ResponseWriter, r *http.Request, v *front.Visit) error {
	var b signInBody
	if err := Read(r, &b); err != nil {
		return err
	}
	if err := b.check(); err != nil {
		return err
	}
	var out signin.Outcome
	var err error
	if b.ChoiceToken != "" {
		out, err = a.SignIn.Choose(r.Context(), b.ChoiceToken, b.Tenant, from(v))
	} else {
		out, err = a.SignIn.SignIn(r.Context(), signin.Try{
			Tenant: b.Tenant, Email: b.Email, Username: b.Username, Password: b.Password, From: from(v),
		})
	}
	return a.signedIn(w, v, out, err)
}

func (a *API) changeInitialPassword(w http.ResponseWriter, r *http.Request, v *front.Visit) error {
	var b initialPasswordBody
	if err := Read(r, &b); err != nil {
		return err
	}
	out, err := a.SignIn.ChangeInitial(r.Context(), b.ChangeToken, b.NewPassword, from(v))
	return a.signedIn(w, v, out, err)
}

// from is where an API call comes from: the limiter counts a program as an
// unknown browser.
func from(v *front.Visit) signin.From {
	return signin.From{Kind: identity.Program, Peer: v.Peer, Source: front.Source(v.Peer.Address)}
}

func (a *API) signedIn(w http.ResponseWriter, v *front.Visit, out signin.Outcome, err error) error {
	switch {
	case errors.Is(err, policy.ErrChangeRequired):
		return with(err, problemAnswer{ChangeToken: string(out.Change)})
	case errors.Is(err, policy.ErrChoose):
		return with(err, problemAnswer{ChoiceToken: string(out.Choice), Choices: out.Choices})
	case err != nil:
		return err
	}
	v.SignedIn(out.Live)
	return a.grant(w, http.StatusCreated, out.Grant)
}

func (a *API) refreshSession(w http.ResponseWriter, r *http.Request, v *front.Visit) error {
	var b refreshBody
	if err := Read(r, &b); err != nil {
		return err
	}
	g, err := a.Sessions.Refresh(r.Context(), b.RefreshToken, b.Interaction == nil || *b.Interaction, v.Peer)
	if err != nil {
		return err
	}
	v.SignedIn(g.Live)
	return a.grant(w, http.StatusOK, g)
}

func (a *API) grant(w http.ResponseWriter, status int, g session.Grant) error {
	left := g.ExpiresAt.Sub(a.Sessions.Now())
	return Write(w, status, grantAnswer{
		AccessToken: g.AccessToken, TokenType: "Bearer", ExpiresIn: max(int64(left/time.Second), 0), RefreshToken: string(g.Refresh),
		Session: sessionOf(g.Session, true), User: userOf(g.User), Tenant: tenantOf(g.Tenant),
	})
}

func (a *API) listSessions(w http.ResponseWriter, r *http.Request, v *front.Visit) error {
	list, err := a.Sessions.List(r.Context(), v.Live)
	if err != nil {
		return err
	}
	return writeSessions(w, r, v, list)
}

func writeSessions(w http.ResponseWriter, r *http.Request, v *front.Visit, list []identity.Session) error {
	list, next, err := pageOf(list, queryOf[pageQuery](r), func(one identity.Session) string { return string(one.ID) })
	if err != nil {
		return err
	}
	answer := sessionsAnswer{Items: []sessionAnswer{}, NextCursor: next}
	for _, one := range list {
		answer.Items = append(answer.Items, sessionOf(one, one.ID == v.Live.Session.ID))
	}
	return Write(w, http.StatusOK, answer)
}

func (a *API) signOut(w http.ResponseWriter, r *http.Request, v *front.Visit) error {
	return done(w, a.Sessions.SignOut(r.Context(), v.Live, v.Peer))
}

func (a *API) endSession(w http.ResponseWriter, r *http.Request, v *front.Visit) error {
	return done(w, a.Sessions.End(r.Context(), v.Live, identity.SessionID(r.PathValue("id")), v.Peer))
}

func (a *API) endOtherSessions(w http.ResponseWriter, r *http.Request, v *front.Visit) error {
	_, err := a.Sessions.EndOthers(r.Context(), v.Live, v.Peer)
	return done(w, err)
}

func done(w http.ResponseWriter, err error) error {
	if err == nil {
		w.WriteHeader(http.StatusNoContent)
	}
	return err
}

func (a *API) keys(w http.ResponseWriter, _ *http.Request, _ *front.Visit) error {
	w.Header().Set("Content-Type", "application/jwk-set+json")
	w.Header().Set("Cache-Control", "public, max-age=300")
	_, err := w.Write(a.Sessions.Ring.JWKS())
	return err
}
