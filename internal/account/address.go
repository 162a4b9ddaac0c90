package account

import (
	"context"
	"errors"
	"time"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/signin"
	"github.com/vestibule-id/vestibule/internal/store"
)

// What can be wrong with a new address of one's own.
var (
	ErrSameAddress = problem.New(problem.Invalid, "address_unchanged", "That is your address already.")
	ErrNoChange    = problem.New(problem.Missing, "no_address_change", "No change of your address waits to be confirmed.")
)

// An AddressChange is what somebody typed, and from where.
type AddressChange struct {
	Email, Password string
	From            signin.From
	Once            *store.Once // nil: it may be asked again
}

// A Pending address is one that waits to be confirmed where it leads to.
type Pending struct {
	Email   string // as typed
	Expires time.Time
}

// AskAddress mails a link to the address somebody wants for their account. It
// becomes theirs when the link is used, and is nobody's before: whether
// somebody else has it is only said to whoever reads its mail. A change asked
// for before is over.
//
// Errors are identity.ErrEmail, ErrSameAddress, policy.ErrLetters and those of
// signin.Verify; fields say what they are about.
func (s *Service) AskAddress(ctx context.Context, live store.Live, c AddressChange) (p Pending, err error) {
	defer problem.Wrap(&err, "ask for another address")
	email, err := identity.ParseEmail(c.Email)
	if err == nil && email.Folded == live.User.Email.Folded {
		err = ErrSameAddress
	}
	if wrong := problem.Of(err); wrong != nil {
		return p, wrong.In(problem.Field{Location: "body.email", Message: wrong.Message})
	}
	proof, err := s.SignIn.Verify(ctx, signin.Question{Live: live, Password: c.Password, From: c.From, Failed: identity.EventAddressFail})
	if err != nil {
		return p, about("current_password", err)
	}
	now := s.Sessions.Now().Truncate(time.Microsecond)
	link := identity.Link{ID: identity.NewLinkID(), Purpose: identity.AddressLink, User: live.User.ID, MadeBy: live.User.ID,
		Data: email.Typed, CreatedAt: now, ExpiresAt: now.Add(policy.LinkTTL(identity.Policy{}, identity.AddressLink))}
	t := s.Sessions.Scope(live)
	if c.Once != nil {
		t = t.Once(*c.Once)
	}
	err = s.aboutAddress(ctx, t, live, func(tx *store.Tx) error {
		if err := s.mailAddress(ctx, tx, link, now); err != nil {
			return err
		}
		if err := tx.ReplaceLink(ctx, link); err != nil {
			return err
		}
		if err := proof.Accept(ctx, tx); err != nil {
			return err
		}
		return tx.AddEvent(ctx, s.addressEvent(identity.EventAddressAsked, live, c.From.Peer, now))
	})
	if errors.Is(err, policy.ErrLetters) { // has undone all; but the password was right, and nobody is to wait as if they had guessed
		if err := s.aboutAddress(ctx, s.Sessions.Scope(live), live, func(tx *store.Tx) error { return proof.Accept(ctx, tx) }); err != nil {
			return p, err
		}
	}
	return Pending{email.Typed, link.ExpiresAt}, err
}

// ResendAddress mails the link once more. Errors are ErrNoChange,
// policy.ErrLetters and session.ErrEnded.
func (s *Service) ResendAddress(ctx context.Context, live store.Live, from identity.Peer) (p Pending, err error) {
	defer problem.Wrap(&err, "mail the link to another address again")
	now := s.Sessions.Now()
	err = s.aboutAddress(ctx, s.Sessions.Scope(live), live, func(tx *store.Tx) error {
		link, err := tx.LivingLink(ctx, live.User.ID, identity.AddressLink, now)
		if errors.Is(err, problem.NotFound) {
			return ErrNoChange
		} else if err != nil {
			return err
		}
		p = Pending{link.Data, link.ExpiresAt}
		if err := s.mailAddress(ctx, tx, link, now); err != nil {
			return err
		}
		return tx.AddEvent(ctx, s.addressEvent(identity.EventAddressResent, live, from, now))
	})
	return p, err
}

// CancelAddress ends a change that waits. Errors are ErrNoChange and
// session.ErrEnded.
func (s *Service) CancelAddress(ctx context.Context, live store.Live, from identity.Peer) (err error) {
	defer problem.Wrap(&err, "cancel another address")
	now := s.Sessions.Now()
	return s.aboutAddress(ctx, s.Sessions.Scope(live), live, func(tx *store.Tx) error {
		_, err := tx.LivingLink(ctx, live.User.ID, identity.AddressLink, now)
		if errors.Is(err, problem.NotFound) {
			return ErrNoChange
		} else if err != nil {
			return err
		}
		if err := tx.EndLink(ctx, live.User.ID, identity.AddressLink, now); err != nil {
			return err
		}
		return tx.AddEvent(ctx, s.addressEvent(identity.EventAddressCancelled, live, from, now))
	})
}

// PendingAddress is the address that waits to be confirmed; the zero Pending:
// there is none.
func (s *Service) PendingAddress(ctx context.Context, live store.Live) (Pending, error) {
	link, err := s.Sessions.Scope(live).LivingLink(ctx, live.User.ID, identity.AddressLink, s.Sessions.Now())
	if errors.Is(err, problem.NotFound) {
		return Pending{}, nil
	}
	return Pending{link.Data, link.ExpiresAt}, err
}

// aboutAddress changes something in the name of a session that still lives,
// behind its user's lock: whose password was changed, or who was shut out, in
// the same moment has lost.
func (s *Service) aboutAddress(ctx context.Context, t store.Tenant, live store.Live, change func(*store.Tx) error) error {
	err := t.Tx(ctx, func(tx *store.Tx) error {
		if err := tx.HoldUser(ctx, live.User.ID, identity.Active); err != nil {
			return err
		}
		if _, err := tx.LiveSession(ctx, live.Session.ID, s.Sessions.Now()); err != nil {
			return err
		}
		return change(tx)
	})
	return ended(err)
}

// mailAddress enqueues the letter to the new address, which may be a stranger's:
// neither one person nor several flood it.
func (s *Service) mailAddress(ctx context.Context, tx *store.Tx, l identity.Link, now time.Time) error {
	to, err := identity.ParseEmail(l.Data)
	if err != nil {
		return err
	}
	if ok, err := tx.ReserveLetter(ctx, l.User, identity.AddressLink, now); err != nil {
		return err
	} else if !ok {
		return policy.ErrLetters.After(time.Hour)
	}
	if until, err := tx.ReserveCaused(ctx, to.Folded, now); err != nil {
		return err
	} else if !until.IsZero() {
		return policy.ErrLetters.After(until.Sub(now))
	}
	return tx.Enqueue(ctx, identity.Task{Kind: identity.LetterAddressConfirm, User: l.User, Link: l.ID, At: now, Expires: l.ExpiresAt,
		Data: map[string]string{identity.DataTo: l.Data}})
}

// addressEvent tells of no address: people may later be forgotten, the audit
// trail stays.
func (s *Service) addressEvent(kind string, live store.Live, from identity.Peer, now time.Time) identity.Event {
	return identity.Event{Kind: kind, Result: identity.EventOK, User: live.User.ID, Actor: live.User.ID, Session: live.Session.ID, Peer: from, At: now}
}
