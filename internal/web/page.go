package web

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"net/http"
	"strconv"
	"sync"

	"github.com/vestibule-id/vestibule/internal/front"
	"github.com/vestibule-id/vestibule/internal/identity"
)

//go:embed pages/*.html
var pageFiles embed.FS

// A page is a struct; its template is pages/<name>.html inside
// pages/layout.html. The struct's fields are all a template can use.
type page interface{ name() string }

func (signInPage) name() string          { return "sign_in" }
func (choicePage) name() string          { return "choice" }
func (initialPasswordPage) name() string { return "initial_password" }
func (signOutPage) name() string         { return "sign_out" }
func (homePage) name() string            { return "home" }
func (phonePage) name() string           { return "phone" }
func (settingsPage) name() string        { return "settings" }
func (problemPage) name() string         { return "problem" }
func (forgotPage) name() string          { return "forgot" }
func (askedPage) name() string           { return "asked" }
func (resetPage) name() string           { return "reset" }
func (invitationPage) name() string      { return "invitation" }
func (gonePage) name() string            { return "gone" }
func (undoPage) name() string            { return "undo" }
func (confirmPage) name() string         { return "confirm_address" }
func (emailPage) name() string           { return "settings_email" }
func (devPage) name() string             { return "dev" }
func (inboxPage) name() string           { return "inbox" }
func (letterPage) name() string          { return "letter" }
func (usersPage) name() string           { return "admin_users" }
func (userPage) name() string            { return "admin_user" }
func (auditPage) name() string           { return "admin_audit" }
func (rolesPage) name() string           { return "admin_roles" }
func (rolePage) name() string            { return "admin_role" }
func (mailPage) name() string            { return "admin_mail" }
func (organizationPage) name() string    { return "admin_organization" }
func (newUserPage) name() string         { return "admin_new_user" }
func (slipPage) name() string            { return "admin_slip" }
func (invitationsPage) name() string     { return "admin_invitations" }
func (importPage) name() string          { return "admin_import" }

// templates parses the template of a page when it is first shown: a command
// shows none, and a server only those its people use.
var templates = func() map[string]func() *template.Template {
	all := map[string]func() *template.Template{}
	for _, pg := range []page{signInPage{}, choicePage{}, initialPasswordPage{}, signOutPage{}, homePage{}, phonePage{}, settingsPage{}, problemPage{},
		forgotPage{}, askedPage{}, resetPage{}, invitationPage{}, gonePage{}, undoPage{}, confirmPage{}, emailPage{}, devPage{}, inboxPage{}, letterPage{},
		usersPage{}, userPage{}, auditPage{}, rolesPage{}, rolePage{}, mailPage{}, organizationPage{}, newUserPage{}, slipPage{}, invitationsPage{}, importPage{}} {
		all[pg.name()] = sync.OnceValue(func() *template.Template {
			return template.Must(template.Must(layout().Clone()).ParseFS(pageFiles, "pages/"+pg.name()+".html"))
		})
	}
	return all
}()

var layout = sync.OnceValue(func() *template.Template {
	return template.Must(template.New("layout.html").Funcs(template.FuncMap{"asset": assetAddress, "zone": identity.ZoneWord, "readable": identity.Readable}).
		ParseFS(pageFiles, "pages/layout.html", "pages/watch.html", "pages/password_advice.html", "pages/link.html", "pages/admin_parts.html"))
})

// render writes a whole page or, if its template fails, nothing.
func render(w http.ResponseWriter, status int, pg page) error {
	return renderWith(w, status, pg, front.PageCSP)
}

// renderWith is render with a content security policy of the page's own.
func renderWith(w http.ResponseWriter, status int, pg page, csp string) error {
	var text bytes.Buffer
	if err := templates[pg.name()]().Execute(&text, pg); err != nil {
		return fmt.Errorf("render %s: %w", pg.name(), err)
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", csp)
	w.Header().Set("Content-Length", strconv.Itoa(text.Len()))
	w.WriteHeader(status)
	_, err := text.WriteTo(w)
	return err
}

// renderSmall is render, compressed. It is for pages that hold nothing secret
// and nothing of a person but what the request itself brought
// (docs/decisions/0016).
func renderSmall(w http.ResponseWriter, r *http.Request, status int, pg page) (err error) {
	compressed(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		err = render(w, status, pg)
	})).ServeHTTP(w, r)
	return err
}
