// Package front is the front door of HTTP. It finds out where a request comes
// from and whose session it carries, refuses what another site sent, asks the
// route's guard, and only then lets a page or API handler see it. On the way
// out it logs one line and counts.
//
//	request ─► headers ─► peer ─► cross-origin ─► who ─► guard ─► handler
//	                                                 refused └────────┴─► Refuse
//
// It knows neither pages nor JSON: each edge (web, api) opens a Door of its
// own with its way to carry a session and its way to say no.
package front

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/store"
)

// What the door itself answers.
var (
	ErrNoRoute = problem.New(problem.Missing, "not_found", "There is nothing here.")
	ErrMethod  = problem.New(problem.Misdirected, "method_not_allowed", "This address does not take that method.")
)

// handleTime bounds how long a request may take inside.
const handleTime = 10 * time.Second

// A Visit is one request once the door knows whose it is. It is an argument,
// not a context value, so the compiler sees who needs it.
type Visit struct {
	Live  store.Live     // the session it carries; zero: none
	Actor identity.Actor // the zero Actor: nobody is signed in
	Peer  identity.Peer
	Once  *store.Once // what makes it the same request when it comes again; nil: nothing does

	// For the edge that shows pages.
	Page   string        // the local path of the page it is about
	Theme  string        // what the theme cookie says
	Access time.Duration // how long its access cookie is good for
}

// SignedIn notes who a visit turned out to be, for the log.
func (v *Visit) SignedIn(live store.Live) { v.Live = live }

// A Handler answers a visit, or returns why it cannot.
type Handler func(http.ResponseWriter, *http.Request, *Visit) error

// A Route is one line of a route table.
type Route struct {
	Pattern string // as in net/http: "POST /login"
	Guard   Guard
	Handle  Handler

	// Of a page that acts: the API's call that does the same, or why there is none.
	Twin, Alone string
}

// The functions below write a line of a route table.
func Get(path string, g Guard, h Handler) Route    { return line("GET ", path, g, h) }
func Post(path string, g Guard, h Handler) Route   { return line("POST ", path, g, h) }
func Put(path string, g Guard, h Handler) Route    { return line("PUT ", path, g, h) }
func Patch(path string, g Guard, h Handler) Route  { return line("PATCH ", path, g, h) }
func Delete(path string, g Guard, h Handler) Route { return line("DELETE ", path, g, h) }

func line(method, path string, g Guard, h Handler) Route {
	return Route{Pattern: method + path, Guard: g, Handle: h}
}

// Like names the twin of a page: the call, "PATCH /api/v1/me", that does the
// same by the same use case.
func (r Route) Like(call string) Route { r.Twin = call; return r }

// Only says why no call does what a page does.
func (r Route) Only(why string) Route { r.Alone = why; return r }

// A Guard says who may enter. The zero Guard lets nobody in.
type Guard struct {
	admit     func(identity.Actor) error
	operators bool // the door asks for an operator token, not for a session
}

// The guards that need no permission.
var (
	Anyone   = Guard{admit: func(identity.Actor) error { return nil }}
	SignedIn = Guard{admit: func(a identity.Actor) error {
		if !a.SignedIn() {
			return policy.ErrSignIn
		}
		return nil
	}}
)

// Can admits actors whose role holds p.
func Can(p policy.Permission) Guard {
	return Guard{admit: func(a identity.Actor) error { return policy.Allow(a, p) }}
}

// Check reports why the guard keeps actor out, or nil.
func (g Guard) Check(actor identity.Actor) error {
	if g.admit == nil {
		return policy.ErrDenied
	}
	return g.admit(actor)
}

// A Door opens one edge's routes to the world. All fields but Operate must be set.
type Door struct {
	Origins Origins
	Proxies Proxies
	Metrics *Metrics
	Log     *slog.Logger
	// Who finds the session a request carries; ok is false when it carries
	// none. An error is a session that is over.
	Who func(r *http.Request) (live store.Live, ok bool, err error)
	// Operate finds the operator token a request carries; nil where no route is for
	// operators.
	Operate func(r *http.Request, from identity.Peer) (identity.Actor, error)
	// Refuse shows an error, as a page or as JSON.
	Refuse func(w http.ResponseWriter, r *http.Request, v *Visit, err error)
}

// Open adds an edge's routes to mux, and for the rest below prefix
// ("/api/") that there is nothing, or not with that method.
func (d *Door) Open(mux *http.ServeMux, prefix string, routes []Route) {
	methods := map[string][]string{}
	for _, route := range routes {
		mux.Handle(route.Pattern, d.handler(route))
		method, path, _ := strings.Cut(route.Pattern, " ")
		methods[path] = append(methods[path], method)
	}
	for path, allowed := range methods {
		refuse := refuseMethod(allowed)
		for _, method := range otherMethods(allowed) {
			mux.Handle(method+" "+path, d.handler(Route{Pattern: method + " " + path, Guard: Anyone, Handle: refuse}))
		}
	}
	if _, taken := methods[prefix]; !taken {
		mux.Handle(prefix, d.handler(Route{Pattern: prefix, Guard: Anyone, Handle: nothing}))
	}
}

func nothing(http.ResponseWriter, *http.Request, *Visit) error { return ErrNoRoute }

// otherMethods are those a path does not take. Each is registered by itself:
// a pattern for all of them would be at odds with patterns of other paths.
func otherMethods(allowed []string) (others []string) {
	for _, method := range []string{"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"} {
		if !slices.Contains(allowed, method) {
			others = append(others, method)
		}
	}
	return others
}

func refuseMethod(allowed []string) Handler {
	if slices.Contains(allowed, "GET") {
		allowed = append(slices.Clone(allowed), "HEAD")
	}
	list := strings.Join(slices.Sorted(slices.Values(allowed)), ", ")
	return func(w http.ResponseWriter, _ *http.Request, _ *Visit) error {
		w.Header().Set("Allow", list)
		return ErrMethod
	}
}

// HTTPS reports whether the public address is one of https.
func (d *Door) HTTPS() bool { return strings.HasPrefix(d.Origins.Public, "https:") }

func (d *Door) handler(route Route) http.Handler {
	counted := d.Metrics.Route(route.Pattern)
	https := d.HTTPS()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := time.Now()
		ctx := within(r.Context(), began.Add(handleTime))
		defer ctx.stop()
		r = r.WithContext(ctx)
		answer := &Recorder{ResponseWriter: w}
		SecureHeaders(answer.Header(), https)
		v := &Visit{Peer: d.Proxies.Peer(r), Theme: ReadCookie(r, ThemeCookie)}
		v.Peer.RequestID = NewRequestID()
		answer.Header().Set("X-Request-Id", v.Peer.RequestID)
		err := d.visit(answer, r, v, route)
		if err != nil {
			d.refuse(answer, r, v, err)
		}
		took := time.Since(began)
		counted.Observe(answer.Status, took)
		Line{
			At: began.Add(took), Peer: v.Peer, Method: r.Method, Route: route.Pattern, Status: answer.Status, Bytes: answer.Bytes,
			Took: took, Tenant: v.Live.Tenant.ID, User: v.Live.User.ID, Err: err,
		}.Log(ctx, d.Log)
	})
}

func (d *Door) visit(w http.ResponseWriter, r *http.Request, v *Visit, route Route) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	if err := d.Origins.Check(r, CarriesSession(r)); err != nil {
		return err
	}
	if route.Guard.operators {
		return d.operated(w, r, v, route)
	}
	live, carried, err := d.Who(r)
	if carried && err == nil {
		v.Live = live
		v.Actor = identity.Actor{User: live.User.ID, Role: live.Role, Session: live.Session.ID}
	}
	if guarded := route.Guard.Check(v.Actor); guarded != nil {
		if err != nil && errors.Is(guarded, policy.ErrSignIn) {
			return err // says more: the session has ended, or we could not tell
		}
		return guarded
	}
	return route.Handle(w, r, v)
}

// refuse shows why, unless the answer has already begun.
func (d *Door) refuse(w *Recorder, r *http.Request, v *Visit, err error) {
	if w.Status != 0 {
		return
	}
	d.Refuse(w, r, v, err)
}

// Nobody is the actor of a request without a session.
var Nobody identity.Actor
