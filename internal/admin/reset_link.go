package admin

import (
	"context"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/store"
)

// What can keep a user from getting a reset link.
var (
	ErrNoAddress = problem.New(problem.Conflict, "no_address", "The user has no e-mail address. Give an initial password instead.")
	ErrNotActive = problem.New(problem.Conflict, "user_not_active", "The user is not active. Reactivate it, or send the invitation again.")
)

// MailReset mails a user a link to choose a new password, to the address it has
// (Q5). A living link is mailed again. Nobody is shown the link. Errors are
// policy's, problem.NotFound, ErrNoAddress, ErrNotActive and
// policy.ErrLetters.
func (s *Service) MailReset(ctx context.Context, t store.Tenant, actor identity.Actor, id identity.UserID, from identity.Peer) (err error) {
	defer problem.Wrap(&err, "mail user %s a reset link", id)
	return s.act(ctx, t, actor, policy.UsersCredentials, id, func(tx *store.Tx, actor identity.Actor, u identity.User) error {
		if u.Email.Folded == "" {
			return ErrNoAddress
		}
		if until, err := tx.ReserveCaused(ctx, u.Email.Folded, s.Now()); err != nil {
			return err
		} else if !until.IsZero() {
			return policy.ErrLetters.After(until.Sub(s.Now()))
		}
		l, err := s.resetLink(ctx, tx, actor, u, from, "mailed")
		if err != nil {
			return err
		}
		return tx.Enqueue(ctx, identity.Task{Kind: identity.LetterReset, User: id, Link: l.ID, At: s.Now(), Expires: l.ExpiresAt})
	})
}

// ResetLink is a user's reset link, for the operator to hand over: the living
// one, or a new one.
func (s *Service) ResetLink(ctx context.Context, t store.Tenant, actor identity.Actor, id identity.UserID, from identity.Peer) (l identity.Link, err error) {
	defer problem.Wrap(&err, "make a reset link of user %s", id)
	if !actor.Operator {
		return l, policy.ErrDenied // who may see another's link could become them
	}
	err = s.act(ctx, t, actor, policy.UsersCredentials, id, func(tx *store.Tx, actor identity.Actor, u identity.User) error {
		l, err = s.resetLink(ctx, tx, actor, u, from, "shown")
		return err
	})
	return l, err
}

func (s *Service) resetLink(ctx context.Context, tx *store.Tx, actor identity.Actor, u identity.User, from identity.Peer, how string) (l identity.Link, err error) {
	if u.Status != identity.Active {
		return l, ErrNotActive
	}
	tenant, err := tx.Get(ctx)
	if err != nil {
		return l, err
	}
	now := s.Now()
	ttl := policy.LinkTTL(policy.Effective(s.Operator, tenant.Policy), identity.ResetLink)
	l = identity.Link{ID: identity.NewLinkID(), Purpose: identity.ResetLink, User: u.ID, MadeBy: actor.User, CreatedAt: now, ExpiresAt: now.Add(ttl)}
	if l, err = tx.EnsureLink(ctx, l); err != nil {
		return l, err
	}
	e := actor.Event(identity.EventResetRequested, u.ID, from, now)
	e.Detail["link"] = how
	return l, tx.AddEvent(ctx, e)
}
