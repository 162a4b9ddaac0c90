package enroll

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

// An Opened invitation tells the page behind its link who is invited where.
type Opened struct {
	Tenant     identity.Tenant // with its effective policy
	User       identity.User
	Role       identity.Role // the user's
	Invitation identity.Invitation
}

// Open looks whether an invitation's link would be taken now. It spends
// nothing. Errors are policy.ErrLink and, for a link that is good otherwise,
// policy.ErrSuspended.
func (s *Invitations) Open(ctx context.Context, token string) (o Opened, err error) {
	defer problem.Wrap(&err, "open an invitation")
	t, id, err := s.Store.Keys().ReadLinkToken(identity.InvitationLink, token)
	if err != nil {
		return o, policy.ErrLink
	}
	scope := s.Store.Tenant(t)
	link, err := scope.FindLink(ctx, identity.InvitationLink, id)
	if err == nil {
		o.Invitation, err = scope.InvitationOf(ctx, id)
	}
	if err == nil {
		o.User, err = scope.User(ctx, link.User)
	}
	if err == nil {
		o.Tenant, err = scope.Get(ctx)
	}
	if err == nil {
		o.Role, err = scope.HeldRole(ctx, o.User.Role)
	}
	if errors.Is(err, problem.NotFound) || err == nil && (!link.Alive(s.Now()) || o.User.Status != identity.Invited) {
		return o, policy.ErrLink
	} else if err != nil {
		return o, err
	}
	if err := acceptable(ctx, scope, o); err != nil {
		return o, err
	}
	o.Tenant.Policy = policy.Effective(s.Operator, o.Tenant.Policy)
	if o.Tenant.Status != identity.TenantActive {
		return o, policy.ErrSuspended
	}
	return o, nil
}

// acceptable holds a link to who made it, as they are now: whoever has been
// deactivated or demoted, or is gone, promises nothing any more.
func acceptable(ctx context.Context, t store.Tenant, o Opened) error {
	by := o.Invitation.Link.MadeBy
	if by == "" {
		return nil // the operator stands above ranks
	}
	inviter, err := t.User(ctx, by)
	if errors.Is(err, problem.NotFound) {
		return policy.ErrLink
	} else if err != nil {
		return err
	}
	mine, err := t.HeldRole(ctx, inviter.Role)
	if err != nil {
		return err
	}
	given, err := t.HeldRole(ctx, o.User.Role)
	if err == nil && !policy.AcceptableFrom(inviter, mine, given) {
		return policy.ErrLink
	}
	return err
}

// MarkOpened notes that a person has looked at an invitation.
func (s *Invitations) MarkOpened(ctx context.Context, o Opened) error {
	if !o.Invitation.Link.OpenedAt.IsZero() {
		return nil
	}
	return s.Store.Tenant(o.Tenant.ID).Tx(ctx, func(tx *store.Tx) error {
		return tx.OpenLink(ctx, o.Invitation.Link.ID, s.Now())
	})
}

// An Acceptance is what an invitee sends. There is no role in it.
type Acceptance struct {
	Token    string
	Name     string // as typed
	Password string // as typed
	Peer     identity.Peer
	Browser  string // the id in the browser's long-lived cookie; empty for programs
}

// Accept spends an invitation's link and makes its user active, both or
// neither. Nobody is signed in. Errors are policy.ErrLink, policy.ErrSuspended,
// ErrInvitee, policy.ErrPassword and secret.ErrPasswordText, after which the
// link is as good as before, and secret.ErrBusy.
func (s *Invitations) Accept(ctx context.Context, a Acceptance) (o Opened, err error) {
	defer problem.Wrap(&err, "accept an invitation")
	if o, err = s.Open(ctx, a.Token); err != nil {
		return o, err
	}
	name, err := identity.ParseName(a.Name)
	if err != nil {
		message := problem.Of(err).Message
		return o, ErrInvitee.Because("%s", message).In(problem.Field{Location: "body.name", Message: message})
	}
	password, err := secret.NewPassword(a.Password)
	if err != nil {
		return o, err
	}
	called := o.User
	called.Name = name // which the password must not be made of
	scope := s.Store.Tenant(o.Tenant.ID)
	hasher := signin.Hasher{Gate: s.Gate, Params: s.Params, Product: s.Product}
	hash, err := hasher.Hash(ctx, scope, o.Tenant, called, password)
	if err != nil {
		return o, err
	}
	if _, err := s.Open(ctx, a.Token); err != nil { // spares whoever has lost meanwhile the tenant's lock
		return o, err
	}
	if err := signin.ForgiveAddress(ctx, scope, o.User); err != nil { // first: an accident here must not hide that the user is active
		return o, err
	}
	err = scope.Tx(ctx, func(tx *store.Tx) error { return s.accept(ctx, tx, o, name, hash, a) })
	if errors.Is(err, problem.NotFound) {
		return o, policy.ErrLink
	}
	return o, err
}

func (s *Invitations) accept(ctx context.Context, tx *store.Tx, o Opened, name string, hash secret.Hash, a Acceptance) error {
	if err := tx.Lock(ctx); err != nil { // the inviter's role must hold until the end
		return err
	}
	if err := acceptable(ctx, tx.Tenant, o); err != nil {
		return err
	}
	u, now := o.User, s.Now() // after the hash, which takes its time
	if err := tx.HoldUser(ctx, u.ID, identity.Invited); err != nil {
		return err
	}
	if _, err := tx.UseLink(ctx, identity.InvitationLink, o.Invitation.Link.ID, identity.Invited, now); err != nil {
		return err
	}
	// With the password every other link is over: it is bound to there being none.
	if err := tx.ChoosePassword(ctx, u.ID, identity.Invited, u.Credential, hash); err != nil {
		return err
	}
	if err := tx.Rename(ctx, u.ID, name); err != nil {
		return err
	}
	if err := tx.AcceptInvitation(ctx, o.Invitation.Link.ID, now); err != nil {
		return err
	}
	return s.settle(ctx, tx, o, a, now)
}

// settle is what else an acceptance leaves.
func (s *Invitations) settle(ctx context.Context, tx *store.Tx, o Opened, a Acceptance, now time.Time) error {
	if err := signin.Forgive(ctx, tx, o.User); err != nil {
		return err
	}
	if a.Browser != "" {
		if err := tx.AddBrowser(ctx, o.User.ID, tx.Keys().BrowserHash(a.Browser), now); err != nil {
			return err
		}
	}
	return tx.AddEvent(ctx, identity.Event{Kind: identity.EventInviteAccepted, Result: identity.EventOK, User: o.User.ID, Actor: o.User.ID,
		Peer: a.Peer, At: now, Detail: map[string]string{"invitation": string(o.Invitation.ID), "role": o.User.Role}})
}
