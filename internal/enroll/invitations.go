package enroll

import (
	"context"
	"errors"
	"time"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/secret"
	"github.com/vestibule-id/vestibule/internal/store"
)

// What can be wrong with an invitation, beside policy's problems.
var (
	ErrInvitee        = problem.New(problem.Invalid, "invalid_user", "Something about the invitation is not right.")
	ErrTaken          = problem.New(problem.Conflict, "user_exists", "There is such a user in this organization already.")
	ErrInvitationOver = problem.New(problem.Conflict, "invitation_over", "The invitation has been accepted or revoked already.")
	ErrNotInvited     = problem.New(problem.Conflict, "not_invited", "Only somebody who is invited and has not joined yet can be sent an invitation.")
	ErrNoLetter       = problem.New(problem.Conflict, "no_address", "The invitation has no e-mail address. Its link can be handed over.")
)

// Invitations invites people one by one:
//
//	Invite ─► user, invited ─► link ─► letter    Accept ─► rules ─► hash ─► Tx( link spent ─► active )
//
// What the new user may do is decided by who invites, when the invitation is
// sent and once more, against who they are by then, when it is accepted.
type Invitations struct {
	Now      func() time.Time
	Operator identity.Policy // the operator's full policy

	// Needed to accept only.
	Store   *store.Store
	Gate    *secret.Gate
	Params  secret.Params // of new password hashes
	Product string        // a word no password may be
}

// An Invitee is whom somebody invites, as typed.
type Invitee struct {
	Email     string // may be empty when the link is handed over and the tenant's style asks for an extension
	Extension string // needed where the tenant's style asks for one
	Name      string // may be empty: the invitee says it
	Role      string
}

// Invite makes an invited user and mails the link or, with handOver, leaves
// that to the caller. Errors are policy's, ErrInvitee with a field for each
// thing that is wrong, and ErrTaken.
func (s *Invitations) Invite(ctx context.Context, t store.Tenant, actor identity.Actor, wanted Invitee, handOver bool, from identity.Peer) (i identity.Invitation, err error) {
	defer problem.Wrap(&err, "invite")
	if err := policy.Allow(actor, policy.InvitationsWrite); err != nil {
		return i, err
	}
	tenant, err := t.Get(ctx)
	if err != nil {
		return i, err
	}
	role, err := t.HeldRole(ctx, wanted.Role)
	if err != nil {
		return i, err
	}
	u, err := wanted.parse(tenant.Style, role, handOver)
	if err != nil {
		return i, err
	}
	err = t.Tx(ctx, func(tx *store.Tx) error {
		actor, err := s.within(ctx, tx, actor, policy.InvitationsWrite, u.Role)
		if err != nil {
			return err
		}
		u.CreatedAt = s.Now()
		i = identity.Invitation{ID: identity.NewInvitationID(), User: u.ID, Email: u.Email, Role: u.Role, InvitedBy: actor.User, CreatedAt: u.CreatedAt}
		return s.add(ctx, tx, actor, u, &i, handOver, from)
	})
	if errors.Is(err, problem.Exists) {
		return i, taken(ctx, t, u)
	}
	return i, err
}

func (s *Invitations) add(ctx context.Context, tx *store.Tx, actor identity.Actor, u identity.User, i *identity.Invitation, handOver bool, from identity.Peer) error {
	if err := tx.AddUser(ctx, u, ""); err != nil {
		return err
	}
	return s.open(ctx, tx, actor, i, handOver, from)
}

// open makes an invitation of a user who is there.
func (s *Invitations) open(ctx context.Context, tx *store.Tx, actor identity.Actor, i *identity.Invitation, handOver bool, from identity.Peer) (err error) {
	if i.Link, err = s.newLink(ctx, tx, actor, i.User); err != nil {
		return err
	}
	if err := tx.AddInvitation(ctx, *i); err != nil {
		return err
	}
	if !handOver {
		if err := s.mail(ctx, tx, *i, i.Email); err != nil {
			return err
		}
	}
	e := s.event(identity.EventInviteCreated, actor, *i, from)
	e.Detail["role"] = i.Role
	return tx.AddEvent(ctx, e)
}

// parse folds what was typed. Who signs in with something needs it, and so
// does who is written to.
func (w Invitee) parse(style identity.Style, role identity.Role, handOver bool) (u identity.User, err error) {
	var wrong []problem.Field
	fault := func(field, message string) {
		wrong = append(wrong, problem.Field{Location: "body." + field, Message: message})
	}
	read := func(field string, err error) {
		if err != nil {
			fault(field, problem.Of(err).Message)
		}
	}
	u = identity.User{ID: identity.NewUserID(), Role: w.Role, Status: identity.Invited}
	if w.Email != "" {
		u.Email, err = identity.ParseEmail(w.Email)
		read("email", err)
	} else if style != identity.Extension {
		fault("email", "People of this organization sign in with an e-mail address: the user needs one.")
	} else if !handOver {
		fault("email", "An invitation is mailed, so the user needs an e-mail address.")
	}
	if w.Extension != "" {
		u.Extension, err = identity.ParseExtension(w.Extension)
		read("extension", err)
	} else if style == identity.Extension {
		fault("extension", "People of this organization sign in with an extension: the user needs one.")
	}
	if w.Name != "" {
		u.Name, err = identity.ParseName(w.Name)
		read("name", err)
	}
	if role.Name == "" {
		fault("role", policy.ErrNoRole.Message)
	}
	if len(wrong) > 0 {
		return u, ErrInvitee.Because("%s", wrong[0].Message).In(wrong...)
	}
	return u, nil
}

// List lists up to limit invitations made before the given one, newest first.
func (s *Invitations) List(ctx context.Context, t store.Tenant, actor identity.Actor, before identity.InvitationID, limit int) ([]identity.Invitation, error) {
	if err := policy.Allow(actor, policy.InvitationsRead); err != nil {
		return nil, err
	}
	return t.Invitations(ctx, before, limit)
}

// State is what has become of an invitation by now.
func (s *Invitations) State(i identity.Invitation) identity.InvitationState {
	return policy.InvitationStateAt(i, s.Now())
}

// Link gives an open invitation a new link to be handed over, and kills the
// old one. Whoever has it can become the user, so it needs a permission of its
// own.
func (s *Invitations) Link(ctx context.Context, t store.Tenant, actor identity.Actor, id identity.InvitationID, from identity.Peer) (i identity.Invitation, token secret.Token, err error) {
	defer problem.Wrap(&err, "show the link of invitation %s", id)
	err = s.act(ctx, t, actor, policy.InvitationsLink, id, func(tx *store.Tx, actor identity.Actor, found identity.Invitation) error {
		if found.Link, err = s.relink(ctx, tx, actor, found); err != nil {
			return err
		}
		i = found
		e := s.event(identity.EventLinkShown, actor, found, from)
		e.Detail["purpose"] = string(identity.InvitationLink)
		return tx.AddEvent(ctx, e)
	})
	if err != nil {
		return i, "", err
	}
	return i, t.Keys().LinkToken(identity.InvitationLink, t.ID(), i.Link.ID), nil
}

// Revoke closes an open invitation. The invited user goes; its address is free
// again.
func (s *Invitations) Revoke(ctx context.Context, t store.Tenant, actor identity.Actor, id identity.InvitationID, from identity.Peer) (err error) {
	defer problem.Wrap(&err, "revoke invitation %s", id)
	return s.act(ctx, t, actor, policy.InvitationsWrite, id, func(tx *store.Tx, actor identity.Actor, i identity.Invitation) error {
		u, err := tx.User(ctx, i.User)
		if err != nil {
			return err
		}
		if err := tx.RevokeInvitation(ctx, id, s.Now()); err != nil {
			return err
		}
		if err := tx.DeleteUser(ctx, u); err != nil {
			return err
		}
		return tx.AddEvent(ctx, s.event(identity.EventInviteRevoked, actor, i, from))
	})
}

// act runs change on an open invitation in one transaction, behind the
// tenant's lock, if the actor may give what it promises.
func (s *Invitations) act(ctx context.Context, t store.Tenant, actor identity.Actor, p policy.Permission, id identity.InvitationID,
	change func(tx *store.Tx, actor identity.Actor, i identity.Invitation) error) error {
	if err := policy.Allow(actor, p); err != nil {
		return err
	}
	return t.Tx(ctx, func(tx *store.Tx) error {
		if err := tx.Lock(ctx); err != nil {
			return err
		}
		i, err := tx.Invitation(ctx, id)
		if err != nil {
			return err
		}
		actor, err := s.within(ctx, tx, actor, p, i.Role) // which is the user's by now
		if err != nil {
			return err
		}
		if !i.Accepted.IsZero() || !i.Revoked.IsZero() {
			return ErrInvitationOver
		}
		if err := tx.HoldUser(ctx, i.User, identity.Invited); errors.Is(err, problem.NotFound) {
			return ErrInvitationOver // has an initial password, or is kept out
		} else if err != nil {
			return err
		}
		return change(tx, actor, i)
	})
}

// within takes the tenant's lock and reads the actor again: who is deactivated
// or demoted in the same moment has lost.
func (s *Invitations) within(ctx context.Context, tx *store.Tx, actor identity.Actor, p policy.Permission, role string) (identity.Actor, error) {
	actor, err := present(ctx, tx, actor)
	if err != nil {
		return actor, err
	}
	if err := policy.Allow(actor, p); err != nil {
		return actor, err
	}
	given, err := tx.HeldRole(ctx, role)
	if err != nil {
		return actor, err
	}
	return actor, policy.MayGive(actor, given)
}

// present takes the tenant's lock and is the actor as it is now. Whoever is not
// an active user of this very tenant may do nothing in it.
func present(ctx context.Context, tx *store.Tx, actor identity.Actor) (identity.Actor, error) {
	if err := tx.Lock(ctx); err != nil || actor.Operator {
		return actor, err
	}
	u, err := tx.User(ctx, actor.User)
	if errors.Is(err, problem.NotFound) || err == nil && u.Status != identity.Active {
		return actor, policy.ErrDenied
	} else if err != nil {
		return actor, err
	}
	actor.Role, err = tx.HeldRole(ctx, u.Role)
	return actor, err
}

func (s *Invitations) newLink(ctx context.Context, tx *store.Tx, actor identity.Actor, u identity.UserID) (l identity.Link, err error) {
	tenant, err := tx.Get(ctx)
	if err != nil {
		return l, err
	}
	now := s.Now()
	ttl := policy.LinkTTL(policy.Effective(s.Operator, tenant.Policy), identity.InvitationLink)
	l = identity.Link{ID: identity.NewLinkID(), Purpose: identity.InvitationLink, User: u, MadeBy: actor.User, CreatedAt: now, ExpiresAt: now.Add(ttl)}
	return l, tx.ReplaceLink(ctx, l)
}

func (s *Invitations) relink(ctx context.Context, tx *store.Tx, actor identity.Actor, i identity.Invitation) (identity.Link, error) {
	l, err := s.newLink(ctx, tx, actor, i.User)
	if err != nil {
		return l, err
	}
	return l, tx.RelinkInvitation(ctx, i.ID, l.ID)
}

// mail sends an invitation. Whoever may invite could else flood an address by
// asking again and again.
func (s *Invitations) mail(ctx context.Context, tx *store.Tx, i identity.Invitation, to identity.EmailAddress) error {
	if until, err := tx.ReserveCaused(ctx, to.Folded, s.Now()); err != nil {
		return err
	} else if !until.IsZero() {
		return policy.ErrLetters.After(until.Sub(s.Now()))
	}
	return tx.Enqueue(ctx, identity.Task{Kind: identity.LetterInvitation, User: i.User, Link: i.Link.ID, At: s.Now(), Expires: i.Link.ExpiresAt})
}

func (s *Invitations) event(kind string, actor identity.Actor, i identity.Invitation, from identity.Peer) identity.Event {
	e := actor.Event(kind, i.User, from, s.Now())
	e.Detail["invitation"] = string(i.ID)
	return e
}
