package web

import (
	"errors"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/vestibule-id/vestibule/internal/front"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/secret"
	"github.com/vestibule-id/vestibule/internal/session"
	"github.com/vestibule-id/vestibule/internal/signin"
)

type signInPage struct {
	frame
	Into    string // the tenant's name, where the address tells it
	Action  string
	Fields  []field
	Notice  string // good news; may be empty
	Problem string // one sentence; may be empty
	Wait    int    // seconds until trying again makes sense
	Ways    []link // other styles, where the address tells no tenant

	NameWord string // what people forget besides their password

	// Who is signed in already may go on instead, or sign in as somebody else.
	Already, AlreadyAt, GoOn string
}

func (p *Pages) showSignIn(w http.ResponseWriter, r *http.Request, v *front.Visit) error {
	at, err := p.place(r)
	if err != nil {
		return err
	}
	v.Page = at.address("")
	pg := p.signInPage(v, at, form{"tenant": slugOf(r.URL.Query())})
	pg.Notice = noticeOf(r.URL.Query())
	if v.Actor.SignedIn() {
		pg.Already, pg.AlreadyAt, pg.GoOn = called(v.Live.User), v.Live.Tenant.Name, p.goal(at, v.Live.Tenant)
		return render(w, http.StatusOK, pg)
	}
	return renderSmall(w, r, http.StatusOK, pg)
}

func (p *Pages) signInPage(v *front.Visit, at place, f form) signInPage {
	pg := signInPage{
		frame: p.door("Sign in", v, at.tenant), Into: at.tenant.Name, Action: at.address(""),
		Fields: signInFields(at, f), NameWord: at.nameWord(),
	}
	if !at.told() {
		pg.Ways = at.otherWays()
	}
	return pg
}

func (p *Pages) signIn(w http.ResponseWriter, r *http.Request, v *front.Visit) error {
	at, err := p.place(r)
	if err != nil {
		return err
	}
	f, err := readForm(w, r)
	if err != nil {
		return err
	}
	at.style = at.styleOf(f)
	if err := checkFields(signInFields(at, f), f); err != nil {
		return p.signInAgain(w, v, at, f, err)
	}
	try := signin.Try{Password: f["password"], From: from(r, v)}
	try.Tenant, try.Email, try.Username = at.typed(f)
	out, err := p.SignIn.SignIn(r.Context(), try)
	return p.next(w, r, v, at, step{form: f, from: try.From, out: out, err: err})
}

// A step is what came of something a person did on the way in.
type step struct {
	form form
	from signin.From
	out  signin.Outcome
	err  error
}

// next shows what follows a step: inside, a further step, or the sign-in page
// again.
func (p *Pages) next(w http.ResponseWriter, r *http.Request, v *front.Visit, at place, s step) error {
	switch {
	case s.err == nil:
		return p.welcome(w, r, v, at, s.out.Grant, s.from.Browser)
	case errors.Is(s.err, policy.ErrChoose):
		return p.showChoice(w, v, at, s.out)
	case errors.Is(s.err, policy.ErrChangeRequired):
		return p.showInitialPassword(w, v, at, form{"change_token": string(s.out.Change), "username": s.form["username"] + s.form["email"]}, nil)
	}
	return p.signInAgain(w, v, at, s.form, s.err)
}

// signInAgain shows the sign-in page with what is wrong; an accident is for the
// door.
func (p *Pages) signInAgain(w http.ResponseWriter, v *front.Visit, at place, f form, err error) error {
	about := problem.Of(err)
	if about == nil {
		return err
	}
	v.Page = at.address("")
	pg := p.signInPage(v, at, f)
	pg.Problem = sentence(about)
	if at.style == identity.Extension && !at.told() && errors.Is(about, policy.ErrRefused) && !strings.Contains(f["username"], "-") {
		pg.Problem += " Here a username has the tenant code behind the extension, like 201-example."
	}
	pg.Title = "Problem: " + pg.Title
	if about.Kind == problem.TooMany {
		pg.Wait = int(up(about.RetryAfter, time.Second) / time.Second)
	}
	for i := range pg.Fields {
		field := &pg.Fields[i]
		field.Error = messageFor(about, field.Name)
		field.Wrong = errors.Is(about, policy.ErrRefused) || field.Error != ""
	}
	retryAfter(w, about)
	return render(w, front.Status(about.Kind), pg)
}

// welcome lets somebody in.
func (p *Pages) welcome(w http.ResponseWriter, r *http.Request, v *front.Visit, at place, g session.Grant, browser string) error {
	if err := p.handOver(w, r, v, g, browser); err != nil {
		return err
	}
	http.Redirect(w, r, p.goal(at, g.Tenant), http.StatusSeeOther)
	return nil
}

// goal is where somebody goes after signing in.
func (p *Pages) goal(at place, t identity.Tenant) string {
	if at.returnTo != "" {
		return at.returnTo
	}
	return p.landing(t)
}

// browserID is the form of secret.NewBrowserID.
var browserID = regexp.MustCompile(`^bro_[A-Za-z0-9_-]{24}$`)

// from is where a try comes from. A browser that has no id yet, or one we did
// not make, gets one, which it is told when it has signed somebody in.
func from(r *http.Request, v *front.Visit) signin.From {
	browser := front.ReadCookie(r, front.BrowserCookie)
	if !browserID.MatchString(browser) {
		browser = secret.NewBrowserID()
	}
	return signin.From{Kind: identity.Browser, Peer: v.Peer, Source: front.Source(v.Peer.Address), Browser: browser}
}
