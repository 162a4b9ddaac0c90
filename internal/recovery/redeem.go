package recovery

import (
	"context"
	"errors"
	"time"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/secret"
	"github.com/vestibule-id/vestibule/internal/signin"
	"github.com/vestibule-id/vestibule/internal/store"
)

// An Opened link tells the page behind it whose it is.
type Opened struct {
	Tenant identity.Tenant // with its effective policy
	User   identity.User
	Link   identity.Link
}

// Open looks whether a reset link would be taken now. It spends nothing.
// Errors are policy.ErrLink and, for a link that is good otherwise,
// policy.ErrSuspended.
func (s *Service) Open(ctx context.Context, token string) (Opened, error) {
	return s.open(ctx, identity.ResetLink, token)
}

func (s *Service) open(ctx context.Context, purpose identity.LinkPurpose, token string) (o Opened, err error) {
	defer problem.Wrap(&err, "open a link")
	t, id, err := s.Store.Keys().ReadLinkToken(purpose, token)
	if err != nil {
		return o, policy.ErrLink
	}
	scope := s.Store.Tenant(t)
	if o.Link, err = scope.FindLink(ctx, purpose, id); err == nil {
		if o.User, err = scope.User(ctx, o.Link.User); err == nil {
			o.Tenant, err = scope.Get(ctx)
		}
	}
	if errors.Is(err, problem.NotFound) || err == nil && (!o.Link.Alive(s.Now()) || o.User.Status != identity.Active) {
		return o, policy.ErrLink
	} else if err != nil {
		return o, err
	}
	o.Tenant.Policy = s.Sessions.Effective(o.Tenant)
	if o.Tenant.Status != identity.TenantActive {
		return o, policy.ErrSuspended
	}
	return o, nil
}

// A Reset is what comes with a link.
type Reset struct {
	Token    string
	Password string // as typed
	From     From
	Program  bool // not the hosted page: the tenant must have opened that (Q6)
}

// Redeem spends a link and sets the password, both or neither. Everything the
// former password opened is over: sessions, other links, waits. This browser
// is known from now on, and the person is told by mail. Nobody is signed in.
// Errors are policy.ErrLink, policy.ErrWebOnly, policy.ErrSuspended,
// policy.ErrPassword and secret.ErrPasswordText, after which the link is as
// good as before, and secret.ErrBusy.
func (s *Service) Redeem(ctx context.Context, r Reset) (o Opened, err error) {
	defer problem.Wrap(&err, "redeem a reset link")
	if o, err = s.Open(ctx, r.Token); err != nil {
		return o, err
	}
	if r.Program && o.Tenant.Policy.PasswordChanges != policy.WebAndAPI {
		return o, policy.ErrWebOnly
	}
	password, err := secret.NewPassword(r.Password)
	if err != nil {
		return o, err
	}
	scope := s.Store.Tenant(o.Tenant.ID)
	hasher := signin.Hasher{Gate: s.Gate, Params: s.Params, Product: s.Product}
	hash, err := hasher.Hash(ctx, scope, o.Tenant, o.User, password)
	if err != nil {
		return o, err
	}
	if _, err := s.Open(ctx, r.Token); err != nil { // spares whoever has lost meanwhile the user's lock
		return o, err
	}
	if err := signin.ForgiveAddress(ctx, scope, o.User); err != nil { // first: an accident here must not hide that the password is set
		return o, err
	}
	err = scope.Tx(ctx, func(tx *store.Tx) error { return s.redeem(ctx, tx, o, hash, r.From) })
	if errors.Is(err, problem.NotFound) {
		return o, policy.ErrLink
	} else if err != nil {
		return o, err
	}
	s.Sessions.Forget(o.Tenant.ID)
	return o, nil
}

func (s *Service) redeem(ctx context.Context, tx *store.Tx, o Opened, hash secret.Hash, from From) error {
	u := o.User
	if err := tx.HoldUser(ctx, u.ID, identity.Active); err != nil {
		return err
	}
	now := s.Now() // after the hash, which takes its time: a link that ended meanwhile has ended
	if _, err := tx.UseLink(ctx, identity.ResetLink, o.Link.ID, identity.Active, now); err != nil {
		return err
	}
	// With the password every other link is over: it is bound to the former one.
	if err := tx.ChoosePassword(ctx, u.ID, identity.Active, u.Credential, hash); err != nil {
		return err
	}
	if _, err := tx.EndSessions(ctx, u.ID, "", now); err != nil {
		return err
	}
	if err := signin.Forgive(ctx, tx, u); err != nil {
		return err
	}
	if from.Browser != "" {
		if err := tx.AddBrowser(ctx, u.ID, tx.Keys().BrowserHash(from.Browser), now); err != nil {
			return err
		}
	}
	if err := tell(ctx, tx, u, from.Peer, now); err != nil {
		return err
	}
	return tx.AddEvent(ctx, identity.Event{Kind: identity.EventResetDone, Result: identity.EventOK, User: u.ID, Peer: from.Peer, At: now})
}

// tell lets the person know, wherever the link went: perhaps it was not they.
func tell(ctx context.Context, tx *store.Tx, u identity.User, from identity.Peer, now time.Time) error {
	if u.Email.Folded == "" {
		return nil
	}
	return tx.Enqueue(ctx, identity.Task{Kind: identity.LetterPasswordChanged, User: u.ID, At: now, Data: map[string]string{
		identity.DataAt: now.UTC().Format(time.RFC3339), identity.DataAddress: from.Address, identity.DataUserAgent: from.UserAgent,
	}})
}
