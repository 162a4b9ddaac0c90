// Package server is where the parts meet: New builds everything from the
// operator's choices, with literals, top to bottom, and Run serves it until
// told to stop.
//
//	listen ─► New ─► serve, work in the background ─► drain ─► write what is late
//
// The program and the tests that need a whole server both come through here.
package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/vestibule-id/vestibule/internal/account"
	"github.com/vestibule-id/vestibule/internal/admin"
	"github.com/vestibule-id/vestibule/internal/api"
	"github.com/vestibule-id/vestibule/internal/audit"
	"github.com/vestibule-id/vestibule/internal/config"
	"github.com/vestibule-id/vestibule/internal/enroll"
	"github.com/vestibule-id/vestibule/internal/front"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/operator"
	"github.com/vestibule-id/vestibule/internal/outbox"
	"github.com/vestibule-id/vestibule/internal/recovery"
	"github.com/vestibule-id/vestibule/internal/secret"
	"github.com/vestibule-id/vestibule/internal/session"
	"github.com/vestibule-id/vestibule/internal/signin"
	"github.com/vestibule-id/vestibule/internal/store"
	"github.com/vestibule-id/vestibule/internal/web"
)

// The line in front of the hashes: so many for each processor may wait, so
// long. Beyond it is 503 before any work is done.
const (
	linePlaces   = 32
	linePatience = 2 * time.Second
)

// Options is what a server is built from.
type Options struct {
	Store     *store.Store
	Config    config.Serve
	PublicURL string // without a trailing slash
	Version   string
	Log       *slog.Logger
	Now       func() time.Time
	Hashes    int    // password hashes computed at once; 0: as many as Go uses processors
	Hashing   func() // called before each hash; may be nil

	Demo *web.Demo // takes the letters where no mail server is set, and shows them; nil: they wait
}

// A Server is the whole house, not yet open.
type Server struct {
	Public   http.Handler // pages and API
	Ops      http.Handler // health, readiness, metrics
	Sessions *session.Service
	SignIn   *signin.Service

	options  Options
	operator *operator.Service
	enroll   *enroll.Service
	outbox   *outbox.Worker
	letters  *waiting
	audit    *audit.Service
	sealer   *audit.Sealer
	stopping atomic.Bool
}

// New builds the house on an open store.
func New(ctx context.Context, o Options) (*Server, error) {
	params, err := secret.ParseParams(o.Config.PasswordHash)
	if err != nil {
		return nil, fmt.Errorf("--password-hash: %w", err)
	}
	proxies, err := front.ParseProxies(o.Config.TrustedProxies)
	if err != nil {
		return nil, fmt.Errorf("--trusted-proxies: %w", err)
	}
	keeper := &operator.Service{Store: o.Store, Now: o.Now, Settle: operator.Settle}
	ring, err := ringOf(ctx, keeper)
	if err != nil {
		return nil, err
	}
	metrics := newMetrics(o.Version)
	rules, err := rulesOf(o.Config)
	if err != nil {
		return nil, err
	}
	sessions := &session.Service{Store: o.Store, Ring: ring, Operator: rules, Issuer: o.PublicURL, Now: o.Now}
	gate := gateOf(o)
	signIn := &signin.Service{
		Store: o.Store, Sessions: sessions, Gate: gate, Params: params, Product: o.Config.ProductName,
		Now: o.Now, Count: countSignIns(metrics),
	}
	watchGate(metrics, gate)

	recoveries := &recovery.Service{Store: o.Store, Sessions: sessions, Gate: gate, Params: params, Product: o.Config.ProductName, Now: o.Now,
		Within: recovery.AskedWithin}
	invitations := &enroll.Invitations{Now: o.Now, Operator: rules, Store: o.Store, Gate: gate, Params: params, Product: o.Config.ProductName}
	keeper.Sessions, keeper.Invitations = sessions, invitations
	admins := &admin.Service{Now: o.Now, Params: params, Operator: rules, Product: o.Config.ProductName, Gate: gate, Sessions: sessions}

	sending, err := worker(o, rules, metrics, map[string]outbox.Handler{identity.RequestReset: recoveries.Handle})
	if err != nil {
		return nil, err
	}
	trail := &audit.Service{Store: o.Store, Now: o.Now, Operator: rules}
	accounts := &account.Service{SignIn: signIn, Sessions: sessions}
	calls := &api.API{SignIn: signIn, Sessions: sessions, Product: o.Config.ProductName, Version: o.Version,
		Account: accounts, Recovery: recoveries, Invitations: invitations, Admin: admins, Audit: trail, Operator: keeper}
	pages := &web.Pages{
		SignIn: signIn, Sessions: sessions, Account: accounts, Product: o.Config.ProductName,
		SupportContact: o.Config.SupportContact, Style: identity.Style(o.Config.SignInStyle),
		Recovery: recoveries, Invitations: invitations, Admin: admins, Audit: trail, Demo: o.Demo,
	}
	door := front.Door{Origins: front.Origins{Public: o.PublicURL}, Proxies: proxies, Metrics: metrics, Log: o.Log}
	mux := open(door, calls, pages)
	s := &Server{
		Public: front.Tidy(mux, door.HTTPS()), Sessions: sessions, SignIn: signIn, options: o,
		operator: keeper, enroll: &enroll.Service{Now: o.Now}, outbox: sending,
		audit: trail, sealer: &audit.Sealer{Store: o.Store, Log: o.Log}, letters: watchLetters(metrics, o),
	}
	s.Ops = s.ops(metrics)
	if o.Config.OpsListen == "" { // then readiness is asked where people are served
		mux.Handle("GET /readyz", front.Secured(http.HandlerFunc(s.ready), door.HTTPS()))
	}
	return s, nil
}

// ringOf is the ring of signing keys, with one that signs.
func ringOf(ctx context.Context, keeper *operator.Service) (*session.Ring, error) {
	if err := keeper.EnsureKey(ctx); err != nil {
		return nil, err
	}
	ring := &session.Ring{Store: keeper.Store}
	return ring, ring.Load(ctx)
}

// gateOf is the line in front of the hashes, as wide as the operator has
// processors.
func gateOf(o Options) *secret.Gate {
	width := o.Hashes
	if width == 0 {
		width = runtime.GOMAXPROCS(0)
	}
	gate := secret.NewGate(width, width*linePlaces, linePatience)
	gate.Hashing = o.Hashing
	return gate
}

// open lets the world in, by pages and by JSON.
func open(door front.Door, calls *api.API, pages *web.Pages) *http.ServeMux {
	mux := http.NewServeMux()
	apiDoor, webDoor := door, door
	apiDoor.Who, apiDoor.Operate, apiDoor.Refuse = calls.Who, calls.Operate, calls.Refuse
	webDoor.Who, webDoor.Refuse = pages.Who, pages.Refuse
	apiDoor.Open(mux, "/api/", calls.Routes())
	webDoor.Open(mux, "/", pages.Routes())
	return mux
}

// ops is what operators and their machines look at; it never shares a listener
// with the public.
func (s *Server) ops(metrics *front.Metrics) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	mux.HandleFunc("GET /readyz", s.ready)
	mux.Handle("GET /metrics", metrics)
	return mux
}

func (s *Server) ready(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), time.Second)
	defer cancel()
	if s.stopping.Load() {
		http.Error(w, "stopping", http.StatusServiceUnavailable)
	} else if err := s.options.Store.Ping(ctx); err != nil {
		s.options.Log.ErrorContext(ctx, "not ready", "err", err)
		http.Error(w, "the database does not answer", http.StatusServiceUnavailable)
	} else {
		fmt.Fprintln(w, "ready")
	}
}

// drainTime is how long requests under way may take to end when the server
// stops.
const drainTime = 15 * time.Second

// Run serves on public and, where there is one, on ops, and works in the
// background, until ctx ends. Then it takes no more, finishes what is under
// way and writes what is late.
func (s *Server) Run(ctx context.Context, public, ops net.Listener) error {
	// Whoever stops us already is no failure of ours.
	if err := s.note(context.WithoutCancel(ctx), identity.EventStartup); err != nil {
		return err
	}
	background, stop := context.WithCancel(context.WithoutCancel(ctx))
	worked := make(chan struct{})
	go func() { defer close(worked); s.work(background) }()

	failed := make(chan error, 2)
	listeners := map[*http.Server]net.Listener{s.http(s.Public): public}
	if ops != nil {
		listeners[s.http(s.Ops)] = ops
	}
	for server, listener := range listeners {
		go func() { failed <- server.Serve(listener) }()
	}
	s.options.Log.Info("serving", "address", public.Addr().String(), "public_url", s.options.PublicURL)
	var err error
	select {
	case <-ctx.Done():
	case err = <-failed:
	}
	s.stopping.Store(true)
	finish, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTime)
	defer cancel()
	for server := range listeners {
		err = errors.Join(err, server.Shutdown(finish))
	}
	stop()
	<-worked
	err = errors.Join(err, s.Sessions.Flush(finish, true), s.note(finish, identity.EventShutdown), s.sealer.Seal(finish))
	s.sealer.Note(finish)
	s.options.Log.Info("stopped")
	return err
}

// http bounds what one connection may take of us.
func (s *Server) http(h http.Handler) *http.Server {
	return &http.Server{
		Handler: h, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 15 * time.Second, WriteTimeout: 30 * time.Second,
		IdleTimeout: 60 * time.Second, MaxHeaderBytes: 32 << 10,
		ErrorLog: slog.NewLogLogger(s.options.Log.Handler(), slog.LevelWarn),
	}
}

func (s *Server) note(ctx context.Context, kind string) error {
	return s.options.Store.Nowhere().Tx(ctx, func(tx *store.Tx) error {
		return tx.AddEvent(ctx, identity.Event{Kind: kind, Result: identity.EventOK, At: s.options.Now(),
			Detail: map[string]string{"version": s.options.Version}})
	})
}
