package web

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/vestibule-id/vestibule/internal/front"
	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/session"
)

// What an accident looks like from outside; its cause is in the log.
var errInternal = problem.New("", "internal", "Something went wrong on our side.").
	Because("Try again in a moment. If it happens again, tell the number below to whoever helps you.")

type problemPage struct {
	frame
	Heading   string // what the API calls title
	Message   string // what it calls detail, where that says more
	RequestID string
	Denied    bool   // for want of a permission
	SignInAt  string // where somebody who is not signed in may go
}

// Refuse shows an error as a page, in the words the API uses. Who must sign in
// first is led there, and back afterwards, with what they sent.
func (p *Pages) Refuse(w http.ResponseWriter, r *http.Request, v *front.Visit, err error) {
	if errors.Is(err, policy.ErrSignIn) || errors.Is(err, session.ErrEnded) {
		var back string
		if back, err = p.returnTo(w, r); err == nil {
			to := p.signInAddress(r)
			if back != "" {
				to += "?" + url.Values{"return_to": {back}}.Encode()
			}
			http.Redirect(w, r, to, http.StatusSeeOther)
			return
		}
	}
	about := problem.Of(err)
	if about == nil {
		about = errInternal
	}
	pg := problemPage{Heading: declared(about).Message, RequestID: v.Peer.RequestID, Denied: errors.Is(err, policy.ErrDenied)}
	if pg.Message = sentence(about); pg.Message == pg.Heading {
		pg.Message = ""
	}
	p.setAround(&pg, r, v)
	status := front.Status(about.Kind)
	retryAfter(w, about)
	if err := render(w, status, pg); err != nil {
		http.Error(w, http.StatusText(status), status)
	}
}

// setAround puts a problem into the frame of whoever has it: the tenant's where
// a session or the address tells one.
func (p *Pages) setAround(pg *problemPage, r *http.Request, v *front.Visit) {
	if read := r.Method == http.MethodGet || r.Method == http.MethodHead; v.Page == "" && read {
		v.Page = localPath(r.URL.RequestURI())
	}
	if v.Actor.SignedIn() {
		pg.frame = p.room("Problem", v)
		return
	}
	at, err := p.place(r)
	if err != nil {
		at = place{style: p.Style, usual: p.Style}
	}
	at.returnTo = ""
	pg.frame, pg.SignInAt = p.door("Problem", v, at.tenant), at.address("")
}

// declared is what p looks like without what this one case added.
func declared(p *problem.Problem) *problem.Problem {
	if parent, ok := errors.AsType[*problem.Problem](errors.Unwrap(p)); ok {
		return parent
	}
	return p
}

// sentence is what a page says about p.
func sentence(p *problem.Problem) string {
	if p.Kind == problem.TooMany && p.RetryAfter > 0 {
		why := p.Message
		if errors.Is(p, policy.ErrWait) {
			why = "There were too many attempts."
		}
		return fmt.Sprintf("%s Wait %s, then try again.", why, inWords(p.RetryAfter))
	}
	return p.Message
}

// retryAfter tells programs when to come back, in whole seconds (RFC 9110,
// section 10.2.3).
func retryAfter(w http.ResponseWriter, p *problem.Problem) {
	if p.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.FormatInt(int64(up(p.RetryAfter, time.Second)/time.Second), 10))
	}
}

// inWords is a wait in hours and minutes, or minutes and seconds, rounded up:
// "14 minutes 30 seconds".
func inWords(wait time.Duration) string {
	wait = up(wait, time.Second)
	if wait > time.Hour {
		wait = up(wait, time.Minute)
	}
	var words []string
	for _, unit := range []struct {
		is   time.Duration
		name string
	}{{time.Hour, "hour"}, {time.Minute, "minute"}, {time.Second, "second"}} {
		n := wait / unit.is
		wait -= n * unit.is
		switch {
		case n == 1:
			words = append(words, "1 "+unit.name)
		case n > 1:
			words = append(words, fmt.Sprintf("%d %ss", n, unit.name))
		}
	}
	return strings.Join(words, " ")
}

func up(d, unit time.Duration) time.Duration { return (d + unit - 1).Truncate(unit) }
