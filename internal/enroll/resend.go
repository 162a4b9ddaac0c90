package enroll

import (
	"context"
	"errors"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/store"
)

// Resend mails an open invitation again: with the same link while it lives,
// else with a new one. Errors are policy's, problem.NotFound, ErrInvitationOver
// and ErrNoLetter.
func (s *Invitations) Resend(ctx context.Context, t store.Tenant, actor identity.Actor, id identity.InvitationID, from identity.Peer) (i identity.Invitation, err error) {
	defer problem.Wrap(&err, "resend invitation %s", id)
	err = s.act(ctx, t, actor, policy.InvitationsWrite, id, func(tx *store.Tx, actor identity.Actor, found identity.Invitation) error {
		i, err = s.resend(ctx, tx, actor, found, from)
		return err
	})
	return i, err
}

// ResendTo is Resend for whoever knows the user. Somebody invited who never got
// an invitation, as one from a file without a password hash, gets one: then made
// is true. Errors are policy's, problem.NotFound, ErrNotInvited and ErrNoLetter.
func (s *Invitations) ResendTo(ctx context.Context, t store.Tenant, actor identity.Actor, user identity.UserID, from identity.Peer) (i identity.Invitation, made bool, err error) {
	defer problem.Wrap(&err, "resend the invitation of user %s", user)
	if err := policy.Allow(actor, policy.InvitationsWrite); err != nil {
		return i, false, err
	}
	err = t.Tx(ctx, func(tx *store.Tx) error {
		if err := tx.Lock(ctx); err != nil {
			return err
		}
		u, err := tx.User(ctx, user)
		if err != nil {
			return err
		}
		actor, err := s.within(ctx, tx, actor, policy.InvitationsWrite, u.Role)
		if err != nil {
			return err
		}
		if err := tx.HoldUser(ctx, user, identity.Invited); errors.Is(err, problem.NotFound) {
			return ErrNotInvited // has joined, or is kept out
		} else if err != nil {
			return err
		}
		i, err = tx.OpenInvitation(ctx, user)
		made = errors.Is(err, problem.NotFound)
		switch {
		case made && u.Email.Folded == "":
			return ErrNoLetter.Because("This user has no e-mail address, so no invitation can be mailed. An initial password lets them in.")
		case made:
			i = identity.Invitation{ID: identity.NewInvitationID(), User: user, Email: u.Email, Role: u.Role, InvitedBy: actor.User, CreatedAt: s.Now()}
			return s.open(ctx, tx, actor, &i, false, from)
		case err == nil:
			i, err = s.resend(ctx, tx, actor, i, from)
		}
		return err
	})
	return i, made && err == nil, err
}

func (s *Invitations) resend(ctx context.Context, tx *store.Tx, actor identity.Actor, i identity.Invitation, from identity.Peer) (_ identity.Invitation, err error) {
	if i.Email.Folded == "" { // which is the user's by now
		return i, ErrNoLetter
	}
	// A link answers for whoever made it. Another's may be void already.
	if !i.Link.Alive(s.Now()) || i.Link.MadeBy != actor.User {
		if i.Link, err = s.relink(ctx, tx, actor, i); err != nil {
			return i, err
		}
	}
	if err := s.mail(ctx, tx, i, i.Email); err != nil {
		return i, err
	}
	return i, tx.AddEvent(ctx, s.event(identity.EventInviteResent, actor, i, from))
}
