// Package web serves the hosted pages: it reads forms, calls the use cases, and
// shows a page or leads to one. It decides nothing.
//
//	GET  ─► a page                     changes nothing
//	POST ─► form ─► use case ─► 303    or the form again, with one sentence
//
// routes.go is the table of pages, page.go shows one. A browser carries its
// session in a cookie; everything works without a script.
package web

import (
	"net/http"
	"slices"

	"github.com/vestibule-id/vestibule/internal/account"
	"github.com/vestibule-id/vestibule/internal/admin"
	"github.com/vestibule-id/vestibule/internal/audit"
	"github.com/vestibule-id/vestibule/internal/enroll"
	"github.com/vestibule-id/vestibule/internal/front"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/recovery"
	"github.com/vestibule-id/vestibule/internal/session"
	"github.com/vestibule-id/vestibule/internal/signin"
	"github.com/vestibule-id/vestibule/internal/store"
)

// Pages holds what the pages need.
type Pages struct {
	SignIn         *signin.Service
	Sessions       *session.Service
	Account        *account.Service
	Product        string         // what the pages call the product
	SupportContact string         // the operator's, where no tenant's is known; may be empty
	Style          identity.Style // of /login, where the address does not tell

	Recovery    *recovery.Service
	Invitations *enroll.Invitations
	Admin       *admin.Service
	Audit       *audit.Service

	Demo *Demo // nil: this is no demo
}

// Routes is every page there is, and the files they use.
func (p *Pages) Routes() []front.Route {
	return slices.Concat(p.devRoutes(), p.organizationRoutes(), p.userRoutes(), p.auditRoutes(), p.roleRoutes(), p.mailRoutes(), p.invitationRoutes(), []front.Route{
		front.Get("/{$}", front.Anyone, p.start),
		front.Get("/assets/{file}", front.Anyone, serveAsset),

		front.Post("/theme", front.Anyone, p.chooseTheme).Only("a browser’s choice, no account’s"),

		front.Get("/login", front.Anyone, p.showSignIn),
		front.Post("/login", front.Anyone, p.signIn).Like("POST /api/v1/sessions"),
		front.Post("/login/choice", front.Anyone, p.choose).Like("POST /api/v1/sessions"),
		front.Post("/login/initial-password", front.Anyone, p.changeInitial).Like("POST /api/v1/me/initial-password"),
		front.Get("/t/{slug}/login", front.Anyone, p.showSignIn),
		front.Post("/t/{slug}/login", front.Anyone, p.signIn).Like("POST /api/v1/sessions"),
		front.Post("/t/{slug}/login/initial-password", front.Anyone, p.changeInitial).Like("POST /api/v1/me/initial-password"),

		front.Get("/forgot-password", front.Anyone, p.showForgot),
		front.Post("/forgot-password", front.Anyone, p.forgot).Like("POST /api/v1/password-resets"),
		front.Get("/t/{slug}/forgot-password", front.Anyone, p.showForgot),
		front.Post("/t/{slug}/forgot-password", front.Anyone, p.forgot).Like("POST /api/v1/password-resets"),
		front.Get("/reset-password", front.Anyone, p.enter("/reset-password")),
		front.Get("/reset-password/{flow}", front.Anyone, p.showReset),
		front.Post("/reset-password/{flow}", front.Anyone, p.reset).Like("POST /api/v1/password-resets/redeem"),
		front.Get("/invitation", front.Anyone, p.enter("/invitation")),
		front.Get("/invitation/{flow}", front.Anyone, p.showInvitation),
		front.Post("/invitation/{flow}", front.Anyone, p.accept).Like("POST /api/v1/invitations/accept"),
		front.Get("/undo-address", front.Anyone, p.enter("/undo-address")),
		front.Get("/undo-address/{flow}", front.Anyone, p.showUndo),
		front.Post("/undo-address/{flow}", front.Anyone, p.undo).Like("POST /api/v1/address-changes/undo"),

		front.Get("/confirm-address", front.Anyone, p.enter("/confirm-address")),
		front.Get("/confirm-address/{flow}", front.Anyone, p.showConfirm),
		front.Post("/confirm-address/{flow}", front.Anyone, p.confirmEmail).Like("POST /api/v1/address-changes/confirm"),

		front.Get("/logout", front.Anyone, p.opened(p.askSignOut)),
		front.Post("/logout", front.Anyone, p.signOut).Like("DELETE /api/v1/sessions/current"),

		front.Get("/session/state", front.Anyone, p.showState),
		front.Post("/session/renew", front.Anyone, p.renew).Only("of cookies; a program has POST /api/v1/sessions/refresh"),
		front.Post("/session/password", front.Anyone, p.confirm).Only("in an open page; a program signs in again"),
		front.Get("/.well-known/change-password", front.Anyone, p.changePassword),

		front.Get("/home", front.SignedIn, p.opened(p.home)),
		front.Get("/phone", front.SignedIn, p.opened(p.phone)),

		front.Get("/settings", front.SignedIn, p.opened(p.settings)),
		front.Get("/settings/account", front.SignedIn, p.opened(p.settings)),
		front.Post("/settings/profile", front.SignedIn, p.sent(p.changeProfile)).Like("PATCH /api/v1/me"),
		front.Post("/settings/region", front.SignedIn, p.sent(p.changeRegion)).Like("PATCH /api/v1/me"),
		front.Get(emailPath, front.SignedIn, p.opened(p.showEmail)),
		front.Post(emailPath, front.SignedIn, p.sent(p.askEmail)).Like("POST /api/v1/me/email"),
		front.Post("/settings/email/resend", front.SignedIn, p.sent(p.resendEmail)).Like("POST /api/v1/me/email/resend"),
		front.Post("/settings/email/cancel", front.SignedIn, p.sent(p.cancelEmail)).Like("DELETE /api/v1/me/email"),
		front.Post("/settings/password", front.SignedIn, p.sent(p.changeOwnPassword)).Like("PUT /api/v1/me/password"),
		front.Post("/settings/sessions/{id}/end", front.SignedIn, p.sent(p.endOwnSession)).Like("DELETE /api/v1/sessions/{id}"),
		front.Post("/settings/sessions/end-others", front.SignedIn, p.sent(p.endOtherSessions)).Like("DELETE /api/v1/sessions"),
	})
}

// Who finds the session behind the session cookie. The access cookie is made
// from it, and nobody has one without the other.
func (p *Pages) Who(r *http.Request) (live store.Live, ok bool, err error) {
	cookie := front.ReadCookie(r, front.SessionCookie)
	if cookie == "" {
		return live, false, nil
	}
	live, err = p.Sessions.CheckCookie(r.Context(), cookie)
	return live, true, err
}
