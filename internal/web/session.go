package web

import (
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/vestibule-id/vestibule/internal/front"
	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/session"
)

// A state is what the pages' module knows of a session: the body of a page has
// it as data-state, /session/state answers it. Times are seconds from now, for
// a browser's clock may be anything.
type state struct {
	SignedIn  bool    `json:"signed_in"`
	Person    string  `json:"person"` // the form token's first half; "" for nobody
	FormToken string  `json:"form_token"`
	IdleIn    float64 `json:"idle_in"`    // until the session is idle
	IdleWarn  float64 `json:"idle_warn"`  // how long before that to warn
	EndsIn    float64 `json:"ends_in"`    // until the session ends, whatever the person does
	EndsWarn  float64 `json:"ends_warn"`  // how long before that to ask for the password
	AccessIn  float64 `json:"access_in"`  // until the access cookie should be renewed
	AccessFor float64 `json:"access_for"` // how long a new one is good for
	SignIn    string  `json:"sign_in"`    // where to sign in again
	Landing   string  `json:"landing"`
	Problem   string  `json:"problem,omitempty"` // why it could not be done
}

// state is of the session a visit carries.
func (p *Pages) state(r *http.Request, v *front.Visit) state {
	if v.Live.Session.ID == "" {
		return state{SignIn: p.signInAddress(r), Landing: "/"}
	}
	return p.stateOf(v)
}

func (p *Pages) stateOf(v *front.Visit) state {
	left := p.Sessions.Left(v.Live)
	t := v.Live.Tenant
	formToken := p.formToken(v)
	person, _, _ := strings.Cut(formToken, ".")
	return state{
		SignedIn: true, Person: person, FormToken: formToken,
		IdleIn: seconds(left.Idle), IdleWarn: seconds(left.WarnIdle),
		EndsIn: seconds(left.Absolute), EndsWarn: seconds(left.WarnAbsolute),
		AccessIn: seconds(v.Access), AccessFor: seconds(time.Duration(p.Sessions.Effective(t).AccessTokenTTL)),
		SignIn: "/t/" + t.Slug + "/login", Landing: p.landing(t),
	}
}

// stateText is the state as a page carries it.
func (p *Pages) stateText(v *front.Visit) string {
	text, err := json.Marshal(p.stateOf(v))
	if err != nil {
		panic(err) // numbers and strings
	}
	return string(text)
}

// seconds are cut to the millisecond: nothing lasts longer than it is said to.
func seconds(d time.Duration) float64 { return math.Floor(d.Seconds()*1000) / 1000 }

func answer(w http.ResponseWriter, status int, s state) error {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	return json.NewEncoder(w).Encode(s)
}

// showState tells how long the session has. It is no interaction and changes
// nothing, so a tab may ask as often as it likes.
func (p *Pages) showState(w http.ResponseWriter, r *http.Request, v *front.Visit) error {
	if _, err := p.nobody(r, v); err != nil {
		return err
	}
	v.Access = p.Sessions.Carries(r.Context(), front.ReadCookie(r, front.AccessCookie), v.Live)
	return answer(w, http.StatusOK, p.state(r, v))
}

// nobody reports whether nobody is signed in; an error is that we could not
// tell. The door lets such a visit in where strangers may enter, but no page may
// be told then that its session is over.
func (p *Pages) nobody(r *http.Request, v *front.Visit) (bool, error) {
	if v.Actor.SignedIn() {
		return false, nil
	}
	if _, _, err := p.Who(r); err != nil && !errors.Is(err, session.ErrEnded) {
		return false, err
	}
	return true, nil
}

// renew makes a new access cookie. It is an interaction only where the module
// says that a person did something, and not in another person's page. A program
// that shows no page may leave the form token out.
func (p *Pages) renew(w http.ResponseWriter, r *http.Request, v *front.Visit) error {
	f, err := readForm(w, r)
	if err != nil {
		return err
	}
	if nobody, err := p.nobody(r, v); err != nil {
		return err
	} else if nobody {
		return answer(w, http.StatusUnauthorized, p.state(r, v))
	}
	interaction := f["interaction"] == "true" && (!f.has(formTokenField) || p.ofPerson(f, v))
	g, err := p.Sessions.Renew(r.Context(), v.Live, interaction)
	if err != nil {
		return err
	}
	p.hand(w, v, g)
	return answer(w, http.StatusOK, p.state(r, v))
}

// confirm signs somebody in again, in place, before their session ends: they
// have a new session then, and the old one is over.
func (p *Pages) confirm(w http.ResponseWriter, r *http.Request, v *front.Visit) error {
	f, err := readForm(w, r)
	if err != nil {
		return err
	}
	if nobody, err := p.nobody(r, v); err != nil {
		return err
	} else if nobody {
		return answer(w, http.StatusUnauthorized, p.state(r, v))
	}
	if !p.ofPerson(f, v) {
		return ErrForeignForm
	}
	by := from(r, v)
	out, err := p.SignIn.Reauthenticate(r.Context(), v.Live, f["password"], by)
	if about := problem.Of(err); about != nil {
		v.Access = p.Sessions.Carries(r.Context(), front.ReadCookie(r, front.AccessCookie), v.Live)
		s := p.state(r, v)
		s.Problem = sentence(about)
		retryAfter(w, about)
		return answer(w, front.Status(about.Kind), s)
	} else if err != nil {
		return err
	}
	if err := p.handOver(w, r, v, out.Grant, by.Browser); err != nil {
		return err
	}
	return answer(w, http.StatusOK, p.state(r, v))
}

// handOver hands over a new session. The one this browser had before ends: two
// people's pages in one browser would be mistaken for each other.
func (p *Pages) handOver(w http.ResponseWriter, r *http.Request, v *front.Visit, g session.Grant, browser string) error {
	before := v.Live
	v.SignedIn(g.Live)
	if before.Session.ID != "" {
		err := p.Sessions.SignOut(r.Context(), before, v.Peer)
		if err != nil && !errors.Is(err, problem.NotFound) {
			return err
		}
	}
	front.SetSessionCookie(w, string(g.Cookie))
	front.SetBrowserCookie(w, browser)
	p.hand(w, v, g)
	return nil
}

// hand sets a new access cookie.
func (p *Pages) hand(w http.ResponseWriter, v *front.Visit, g session.Grant) {
	v.Live, v.Access = g.Live, max(g.ExpiresAt.Sub(p.Sessions.Now()), 0)
	front.SetAccessCookie(w, g.AccessToken, v.Access)
}

// opened is for the pages of people who are signed in: a person who opens one
// is there, and the idle time begins again; an access cookie that is over is
// made anew, which harms nobody who does so at the same time. A browser that
// fetches a page before anybody has asked for it is no person.
func (p *Pages) opened(h front.Handler) front.Handler {
	return func(w http.ResponseWriter, r *http.Request, v *front.Visit) error {
		v.Page = localPath(r.URL.RequestURI())
		if !v.Actor.SignedIn() || prefetch(r) {
			return h(w, r, v)
		}
		var err error
		if v.Live, err = p.Sessions.Interact(r.Context(), v.Live); err != nil {
			return err
		}
		v.Access = p.Sessions.Carries(r.Context(), front.ReadCookie(r, front.AccessCookie), v.Live)
		if v.Access == 0 {
			g, err := p.Sessions.Grant(v.Live, p.Sessions.Now())
			if err != nil {
				return err
			}
			p.hand(w, v, g)
		}
		return h(w, r, v)
	}
}

// changePassword leads programs that look after passwords to where one is
// changed (W3C, A Well-Known URL for Changing Passwords).
func (p *Pages) changePassword(w http.ResponseWriter, r *http.Request, v *front.Visit) error {
	to := "/settings/account"
	if !v.Actor.SignedIn() {
		to = p.signInAddress(r) + "?" + url.Values{"return_to": {to}}.Encode()
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
	return nil
}
