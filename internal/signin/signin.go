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

// How long the steps between a password and a session may take.
const (
	choiceTTL = 5 * time.Minute
	changeTTL = 10 * time.Minute
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

// conclude says what follows, from who matched.
func (a *attempt) conclude(ctx context.Context) (out Outcome, err error) {
	var right, suspended []*meant
	for _, m := range a.meant {
		switch policy.AfterPassword(m.tenant, m.user, m.matched) {
		case policy.Refuse:
			if err := a.fail(ctx, m); err != nil {
				return out, err
			}
		case policy.Suspended:
			suspended = append(suspended, m)
		default:
			right = append(right, m)
		}
	}
	if len(right)+len(suspended) > 0 {
		if err := a.clearBare(ctx); err != nil {
			return out, err
		}
	}
	if len(suspended) > 0 {
		if err := a.passed(ctx, suspended, policy.ErrSuspended); !errors.Is(err, policy.ErrSuspended) {
			return out, err
		}
	}
	switch {
	case len(right) == 1:
		return a.finish(ctx, right[0])
	case len(right) > 1:
		return a.choose(ctx, right)
	case len(suspended) > 0:
		return out, policy.ErrSuspended
	}
	return out, policy.ErrRefused
}

// finish opens the session, or asks for a password of the person's own first.
func (a *attempt) finish(ctx context.Context, m *meant) (out Outcome, err error) {
	if policy.AfterPassword(m.tenant, m.user, true) == policy.ChangePassword {
		out.Change = a.service.changeToken(m, a.now)
		return out, a.passed(ctx, []*meant{m}, policy.ErrChangeRequired)
	}
	return a.service.open(ctx, m, a.from, a.now)
}

func (a *attempt) choose(ctx context.Context, right []*meant) (out Outcome, err error) {
	choice := secret.Choice{Expires: a.now.Add(choiceTTL)}
	for _, m := range right {
		choice.Candidates = append(choice.Candidates, secret.Candidate{Tenant: m.scope.ID(), User: m.user.ID, Credential: m.user.Credential})
		out.Choices = append(out.Choices, Choice{Tenant: m.tenant.Slug, Name: m.tenant.Name})
	}
	out.Choice = a.service.Store.Keys().ChoiceToken(choice)
	return out, a.passed(ctx, right, policy.ErrChoose)
}

// passed gives the tries back of whoever typed the right password although no
// session follows yet, and answers next.
func (a *attempt) passed(ctx context.Context, right []*meant, next *problem.Problem) error {
	for _, m := range right {
		err := m.scope.Tx(ctx, func(tx *store.Tx) error {
			if err := m.clear(ctx, tx, a.now); err != nil {
				return err
			}
			return tx.AddEvent(ctx, a.event(m, identity.EventLoginSuccess, next.Code))
		})
		if err != nil {
			return err
		}
	}
	return next
}

// clearBare gives back the try by address alone, once for whoever was meant.
func (a *attempt) clearBare(ctx context.Context) error {
	if a.bare == nil {
		return nil
	}
	return a.bare.scope.Tx(ctx, func(tx *store.Tx) error { return a.bare.clear(ctx, tx, a.now) })
}

// fail leaves what a failed try leaves: it stays counted, and an event.
func (a *attempt) fail(ctx context.Context, m *meant) error {
	return m.scope.Tx(ctx, func(tx *store.Tx) error {
		if err := tx.CountFailure(ctx, m.failing, a.now); err != nil {
			return err
		}
		for _, l := range m.filled {
			e := a.event(m, identity.EventLoginLock, policy.ErrWait.Code)
			e.Detail["lane"] = l.Name
			if err := tx.AddEvent(ctx, e); err != nil {
				return err
			}
		}
		return tx.AddEvent(ctx, a.event(m, a.failed, a.refused.Code))
	})
}

func (a *attempt) event(m *meant, kind, result string) identity.Event {
	return identity.Event{
		Kind: kind, Result: result, User: m.user.ID, Actor: a.actor.User, Session: a.actor.Session, Peer: a.from.Peer, At: a.now,
		Detail: map[string]string{"method": "password", "style": string(m.tenant.Style)},
	}
}

// clear gives the source its try back and forgets the user's lanes.
func (m *meant) clear(ctx context.Context, tx *store.Tx, reserved time.Time) error {
	for _, l := range m.lanes {
		if l.Subject != "" {
			continue
		}
		if err := tx.RefundTry(ctx, []store.Lane{l}, reserved); err != nil {
			return err
		}
	}
	if err := tx.ClearLanes(ctx, m.subject); err != nil || m.better == "" {
		return err
	}
	return tx.Rehash(ctx, m.user.ID, m.user.Credential, m.better)
}

// open opens the session of a user whose password was right. The user's row
// decides: whoever has been deactivated or has another password since is
// refused.
func (s *Service) open(ctx context.Context, m *meant, from From, now time.Time) (out Outcome, err error) {
	made := s.Sessions.Make(m.tenant, m.user, from.Kind, from.Peer, now)
	err = m.scope.Tx(ctx, func(tx *store.Tx) error {
		if err := tx.SignIn(ctx, m.user.ID, m.user.Credential, now); err != nil {
			return err
		}
		return s.record(ctx, tx, m, made, from, now)
	})
	if errors.Is(err, problem.NotFound) {
		return out, policy.ErrRefused
	} else if err != nil {
		return out, err
	}
	m.user.LastSignIn = now
	out.Grant, err = s.Sessions.Grant(store.Live{Session: made, User: m.user, Tenant: m.tenant}, now)
	return out, err
}

// record writes all that an opened session leaves.
func (s *Service) record(ctx context.Context, tx *store.Tx, m *meant, made identity.Session, from From, now time.Time) error {
	if err := tx.AddSession(ctx, made); err != nil {
		return err
	}
	if err := s.meet(ctx, tx, m, made, from, now); err != nil {
		return err
	}
	if err := m.clear(ctx, tx, now); err != nil {
		return err
	}
	return tx.AddEvent(ctx, identity.Event{
		Kind: identity.EventLoginSuccess, Result: identity.EventOK, User: m.user.ID, Actor: m.user.ID, Session: made.ID,
		Peer: from.Peer, At: now, Detail: map[string]string{"method": "password", "style": string(m.tenant.Style), "carried_by": string(from.Kind)},
	})
}

func (s *Service) changeToken(m *meant, now time.Time) secret.Token {
	return s.Store.Keys().ChangeToken(secret.Change{
		Tenant: m.scope.ID(), User: m.user.ID, Credential: m.user.Credential, Expires: now.Add(changeTTL),
	})
}
