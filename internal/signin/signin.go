// Package signin decides on a try at the door: who is meant, in which of the
// three styles, whether the limiter admits the try, whether the password is
// right, and what comes next.
//
//	fold ─► who may be meant ─► reserve a try ─► the slow hash ─► policy.AfterPassword
//	                              │ waiting: 429    │ no room: 503      │
//	                              ▼                 ▼                   ▼
//	                          nothing counts    refunded    session │ refuse │ choose │ change
//
// Whoever is not there costs what somebody costs who is: the same statements,
// a decoy of the same kind of hash, the same durable work.
package signin

import (
	"context"
	"errors"
	"time"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/secret"
	"github.com/vestibule-id/vestibule/internal/session"
	"github.com/vestibule-id/vestibule/internal/store"
)

// concludeTime bounds what follows the hash although the caller may have gone.
const concludeTime = 5 * time.Second

// Service signs people in.
type Service struct {
	Store    *store.Store
	Sessions *session.Service
	Gate     *secret.Gate
	Params   secret.Params // of our own hashes
	Product  string        // a word no password may be
	Now      func() time.Time
	Count    func(outcome string) // of a try: "ok" or a problem's code; may be nil
}

// A Try is what somebody typed at the door, and from where.
type Try struct {
	Tenant   string // slug, as typed or from the address; empty where the name tells it, or nobody does
	Email    string // workspace and email style
	Username string // extension style, with the tenant's slug or without
	Password string
	From     From
}

// From is where a try comes from and what its session will be carried by.
type From struct {
	Kind    identity.SessionKind
	Peer    identity.Peer
	Source  string // the limiter's name for the peer's address
	Browser string // the id in the browser's long-lived cookie; empty for programs
}

// An Outcome is a session, or what is needed beside the password before there
// can be one: the error says which.
type Outcome struct {
	session.Grant
	Change  secret.Token // with policy.ErrChangeRequired
	Choice  secret.Token // with policy.ErrChoose
	Choices []Choice
}

// A Choice is one of the tenants a password was right for.
type Choice struct {
	Tenant string `json:"tenant"` // slug
	Name   string `json:"name"`
}

// SignIn tries a name and a password. The error is one of policy's problems,
// secret.ErrBusy, secret.ErrPasswordText, or an accident.
func (s *Service) SignIn(ctx context.Context, try Try) (out Outcome, err error) {
	defer func() { s.count(err) }()
	defer problem.Wrap(&err, "sign in")
	password, err := secret.NewPassword(try.Password)
	if err != nil {
		return out, err
	}
	a := s.attempt(try.From, password)
	if err := a.find(ctx, try); err != nil {
		return out, err
	}
	if err := a.prove(ctx); err != nil {
		return out, err
	}
	ctx, cancel := concluding(ctx)
	defer cancel()
	return a.conclude(ctx)
}

func (s *Service) attempt(from From, password secret.Password) *attempt {
	return &attempt{service: s, from: from, password: password, now: s.Now().Truncate(time.Microsecond),
		failed: identity.EventLoginFail, refused: policy.ErrRefused}
}

// prove takes the try past the limiter and through the gate; then it is known
// whose password it was.
func (a *attempt) prove(ctx context.Context) error {
	if err := a.admit(ctx); err != nil {
		return err
	}
	place, err := a.service.Gate.Enter()
	if err != nil {
		return err
	}
	defer place.Leave()
	if err := a.reserve(ctx); err != nil {
		return err
	}
	return a.match(ctx, place)
}

// concluding is for what follows the hash: from there on it counts, whether
// anybody still waits for the answer or not.
func concluding(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), concludeTime)
}

func (s *Service) count(err error) {
	if s.Count == nil {
		return
	}
	outcome := "ok"
	if p := problem.Of(err); p != nil {
		outcome = p.Code
	} else if errors.Is(err, context.Canceled) {
		outcome = "gone"
	} else if err != nil {
		outcome = "internal"
	}
	s.Count(outcome)
}

// An attempt is one try on its way through the house.
type attempt struct {
	service  *Service
	from     From
	password secret.Password
	now      time.Time

	meant []*meant // never empty: nobody is somebody too
	bare  *meant   // where a try by address alone counts, whoever has it; else nil

	actor   identity.Actor   // who is signed in already; nobody at the door
	failed  string           // the kind of event a wrong password leaves
	refused *problem.Problem // and its result
	instead secret.Password  // what is hashed of whoever matched, where it is not the same password
}

// meant is one user, in one tenant, who may be meant by what was typed.
type meant struct {
	scope  store.Tenant
	tenant identity.Tenant // with its effective policy
	user   identity.User   // the zero User: nobody
	hash   secret.Hash     // a decoy for nobody

	subject string       // the limiter's name for what was typed
	lanes   []store.Lane // where the try is reserved
	failing []store.Lane // where it counts besides, once it has failed
	filled  []store.Lane // lanes that wait from this try on
	shut    bool         // a lane of the tenant's own waits: whatever is typed is wrong
	over    bool         // the password is an initial one that nobody has used in time
	matched bool
	better  secret.Hash // the same password, hashed as we do today
}
