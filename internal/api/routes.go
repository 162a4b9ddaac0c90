package api

import (
	"net/http"
	"slices"

	"github.com/vestibule-id/vestibule/internal/front"
	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/secret"
	"github.com/vestibule-id/vestibule/internal/session"
	"github.com/vestibule-id/vestibule/internal/signin"
)

// A call is a route with what its description says: In is the type of its body
// or, where its fields have names in the query, of its query; it answers Status
// with a body of Out's type, or one of Problems.
type call struct {
	front.Route
	Summary  string
	In, Out  any // nil: none
	Status   int
	Problems []*problem.Problem
}

func (a *API) calls() []call {
	anyBody := []*problem.Problem{front.ErrTooLarge, front.ErrContentType, ErrNotJSON, ErrBody}
	secondStep := append(anyBody, policy.ErrSuspended, policy.ErrPassword, secret.ErrPasswordText, secret.ErrBusy, signin.ErrStepOver)
	atDoor := append(anyBody, policy.ErrRefused, policy.ErrSuspended, policy.ErrChangeRequired,
		policy.ErrChoose, policy.ErrWait, secret.ErrPasswordText, secret.ErrBusy, signin.ErrStepOver)
	signedIn := []*problem.Problem{policy.ErrSignIn, session.ErrEnded}
	list := []call{
		{front.Post("/api/v1/sessions", front.Anyone, a.createSession), "Sign in", signInBody{}, grantAnswer{}, http.StatusCreated, atDoor},
		{front.Post("/api/v1/sessions/refresh", front.Anyone, a.refreshSession), "Renew a session", refreshBody{}, grantAnswer{}, http.StatusOK, append(anyBody, session.ErrEnded)},
		{front.Post("/api/v1/me/initial-password", front.Anyone, a.changeInitialPassword), "Replace an initial password and sign in", initialPasswordBody{}, grantAnswer{}, http.StatusCreated, secondStep},

		{front.Get("/api/v1/sessions/current", front.SignedIn, a.currentSession), "Who am I", nil, currentAnswer{}, http.StatusOK, signedIn},
		{front.Delete("/api/v1/sessions/current", front.SignedIn, a.signOut), "Sign out", nil, nil, http.StatusNoContent, signedIn},
		{front.Get("/api/v1/sessions", front.SignedIn, a.listSessions), "My sessions", pageQuery{}, sessionsAnswer{}, http.StatusOK, append(signedIn[:len(signedIn):len(signedIn)], ErrPage)},
		{front.Delete("/api/v1/sessions", front.SignedIn, a.endOtherSessions), "End all my other sessions", nil, nil, http.StatusNoContent, signedIn},
		{front.Delete("/api/v1/sessions/{id}", front.SignedIn, a.endSession), "End one of my sessions", nil, nil, http.StatusNoContent, append(signedIn, problem.NotFound)},
	}
	return a.withQueries(a.withKeys(slices.Concat(list, a.meCalls(), a.myEmailCalls(), a.resetCalls(), a.addressCalls(), a.invitationCalls(), a.userCalls(), a.userFileCalls(), a.mailCalls(), a.organizationCalls(), a.roleCalls(), a.auditCalls(), a.operatorCalls())))
}

// Routes is every call there is, and the documents about them.
func (a *API) Routes() []front.Route {
	calls := a.calls()
	routes := append(a.docRoutes(calls), front.Get("/.well-known/jwks.json", front.Anyone, a.keys))
	for _, c := range calls {
		routes = append(routes, c.Route)
	}
	return routes
}
