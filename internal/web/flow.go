package web

import (
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/vestibule-id/vestibule/internal/front"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/secret"
)

// A link that was mailed leads to an address with a token in it. What it opens
// leaves the token in a cookie of its own and goes to a clean address, so that
// the token is in no history, no log and no Referer, and two links in two tabs
// do not mix.
//
//	GET /reset-password?token= ─► 303, __Host-flow-<id> ─► GET /reset-password/<id> ─► POST
//
// All of it may be fetched, by mail scanners too, as often as they like: only
// what a person sends spends a link, and only with the cookie.

// How long a page behind a link may stay open, and how many a browser has at
// most.
const (
	flowAge  = time.Hour
	maxFlows = 10
)

var (
	flowID    = regexp.MustCompile(`^[A-Z2-7]{26}$`)
	linkToken = regexp.MustCompile(`^[a-z]{3}_[A-Za-z0-9_-]{1,200}$`)
)

// enter takes the token out of the address. HEAD gets the same answer but no
// cookie: nobody is there.
func (p *Pages) enter(path string) front.Handler {
	return func(w http.ResponseWriter, r *http.Request, _ *front.Visit) error {
		id := secret.NewTokenID()
		token := only(r.URL.Query(), "token")
		if r.Method == http.MethodGet && linkToken.MatchString(token) {
			front.ForgetFlows(w, r, maxFlows-1)
			front.SetCookie(w, front.FlowCookie+id, token, flowAge)
		}
		w.Header().Set("Referrer-Policy", "no-referrer")
		w.Header().Set("X-Robots-Tag", "noindex")
		http.Redirect(w, r, path+"/"+id, http.StatusSeeOther)
		return nil
	}
}

// flow is the token behind a clean address, or "" where the browser has not
// been sent there by a link.
func flow(r *http.Request) (name, token string) {
	id := r.PathValue("flow")
	if !flowID.MatchString(id) {
		return "", ""
	}
	name = front.FlowCookie + id
	return name, front.ReadCookie(r, name)
}

// leave forgets a flow and shows the tenant's sign-in page with a notice.
func leaveFlow(w http.ResponseWriter, r *http.Request, cookie, to string) error {
	front.ClearCookie(w, cookie)
	http.Redirect(w, r, to, http.StatusSeeOther)
	return nil
}

type gonePage struct {
	frame
	Purpose  identity.LinkPurpose
	Again    string // where to ask for another
	SignInAt string
}

// showGone is the one page for links that are expired, used, cut or made up
// (W4).
func (p *Pages) showGone(w http.ResponseWriter, r *http.Request, v *front.Visit, purpose identity.LinkPurpose, token string) error {
	at := place{style: p.Style, usual: p.Style}
	if id, _, err := p.Sessions.Store.Keys().ReadLinkToken(purpose, token); err == nil {
		if t, err := p.Sessions.Store.Tenant(id).Get(r.Context()); err == nil { // we made it once: whoever has it may know for whom
			t.Policy = p.Sessions.Effective(t)
			at.tenant, at.style = t, t.Style
		}
	}
	v.Page = localPath(r.URL.Path)
	return render(w, front.Status(policy.ErrLink.Kind), gonePage{
		frame: p.door("Link not valid", v, at.tenant), Purpose: purpose,
		Again: at.forgot(), SignInAt: at.address(""),
	})
}

// newPassword is what a page asks for where somebody chooses a password, and
// what was wrong with it.
type newPassword struct {
	Action   string
	Username string // as typed or to be typed, for programs that keep passwords
	Fields   []field
	Reasons  []string // why it was refused, a sentence each
}

// refused puts a problem beside the fields it is about, and is the status the
// page answers with; nil: nothing was sent yet.
func (n *newPassword) refused(w http.ResponseWriter, about *problem.Problem) (status int) {
	if about == nil {
		return http.StatusOK
	}
	for _, f := range about.Fields {
		n.Reasons = append(n.Reasons, f.Message)
	}
	if len(about.Fields) == 0 || problem.Of(about).Code == ErrForm.Code {
		n.Reasons = []string{sentence(about)}
	}
	for i := range n.Fields {
		n.Fields[i].Wrong = messageFor(about, n.Fields[i].Name) != ""
	}
	retryAfter(w, about)
	return front.Status(about.Kind)
}

// checkNew looks at the form itself: all is filled in, and the same twice.
func checkNew(fields []field, f form) error {
	if err := checkFields(fields, f); err != nil {
		return err
	}
	if f["new_password"] != f["confirm_password"] {
		return errUnlike
	}
	return nil
}

// usernameOf is what a user types at the tenant's own sign-in page.
func usernameOf(t identity.Tenant, u identity.User) string {
	if t.Style == identity.Extension {
		return u.Extension + "-" + t.Slug
	}
	return strings.TrimSpace(u.Email.Typed)
}
