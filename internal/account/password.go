package account

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/secret"
	"github.com/vestibule-id/vestibule/internal/session"
	"github.com/vestibule-id/vestibule/internal/signin"
	"github.com/vestibule-id/vestibule/internal/store"
)

// ErrSame refuses a new password that is none.
var ErrSame = problem.New(problem.Invalid, "password_refused", "Choose a password other than the present one.")

// A PasswordChange is what somebody typed, and from where. What comes from no
// browser is asked whether the tenant lets programs change passwords (Q6).
type PasswordChange struct {
	Current, New string
	From         signin.From
}

// ChangePassword gives the person of a live session the password they choose
// (P9, Q4). This session goes on and every other one ends. In a browser it goes on
// under another id, for the cookie must change; the browser is known from now
// on. The person is told by mail.
//
// Errors are policy.ErrWebOnly, policy.ErrPassword, ErrSame and those of
// signin.Verify; fields say which password they are about. Of two changes at
// once, and of a change and whatever takes the right to it, one wins: the other
// hears session.ErrEnded.
func (s *Service) ChangePassword(ctx context.Context, live store.Live, c PasswordChange) (g session.Grant, err error) {
	defer problem.Wrap(&err, "change own password")
	if c.From.Kind != identity.Browser && s.Sessions.Effective(live.Tenant).PasswordChanges != policy.WebAndAPI {
		return g, policy.ErrWebOnly
	}
	chosen, err := s.choose(live, c)
	if err != nil {
		return g, err
	}
	proof, err := s.SignIn.Verify(ctx, signin.Question{
		Live: live, Password: c.Current, From: c.From, Failed: identity.EventPasswordChangeFail, New: chosen,
	})
	if err != nil {
		return g, about("current_password", err)
	}
	return s.replace(ctx, live, proof, c.From)
}

// choose checks the new password by itself. Whether it differs from the present
// one is asked of what was typed as that, so the answer tells nothing of it.
func (s *Service) choose(live store.Live, c PasswordChange) (chosen secret.Password, err error) {
	current, err := secret.NewPassword(c.Current)
	if err != nil {
		return chosen, about("current_password", err)
	}
	chosen, err = secret.NewPassword(c.New)
	if err != nil {
		return chosen, about("new_password", err)
	}
	who := policy.PersonOf(s.SignIn.Product, live.Tenant, live.User)
	if err := policy.CheckPassword(s.Sessions.Effective(live.Tenant), chosen.Reveal(), who); err != nil {
		return chosen, err
	}
	if chosen.Reveal() == current.Reveal() {
		return chosen, about("new_password", ErrSame)
	}
	return chosen, nil
}

// about says which password is wrong, where a sentence alone would not.
func about(field string, err error) error {
	for _, vague := range []error{secret.ErrPasswordText, signin.ErrNotCurrent, ErrSame} {
		if errors.Is(err, vague) {
			p := problem.Of(err)
			return p.In(problem.Field{Location: "body." + field, Message: p.Message})
		}
	}
	return err
}

func (s *Service) replace(ctx context.Context, live store.Live, proof signin.Proof, from signin.From) (g session.Grant, err error) {
	now := s.Sessions.Now().Truncate(time.Microsecond)
	after := live
	after.User.Credential, after.User.MustChange = live.Session.Credential+1, false
	after.Session.Credential = after.User.Credential
	if from.Kind == identity.Browser {
		after.Session.ID = identity.NewSessionID()
	}
	err = s.Sessions.Scope(live).Tx(ctx, func(tx *store.Tx) error {
		if err := tx.ChoosePassword(ctx, live.User.ID, identity.Active, live.Session.Credential, proof.Hash); err != nil {
			return err
		}
		if err := tx.FollowPassword(ctx, live.Session.ID, after.Session); err != nil {
			return err
		}
		others, err := tx.EndSessions(ctx, live.User.ID, after.Session.ID, now)
		if err != nil {
			return err
		}
		if err := proof.Accept(ctx, tx); err != nil {
			return err
		}
		if err := tell(ctx, tx, live.User, from.Peer, now); err != nil {
			return err
		}
		return tx.AddEvent(ctx, identity.Event{
			Kind: identity.EventPasswordChange, Result: identity.EventOK, User: live.User.ID, Actor: live.User.ID, Session: after.Session.ID,
			Peer: from.Peer, At: now, Detail: map[string]string{"what": "own password", "sessions_ended": strconv.FormatInt(others, 10)},
		})
	})
	if err != nil {
		return g, ended(err)
	}
	s.Sessions.Forget(live.Tenant.ID)
	return s.Sessions.Grant(after, now)
}

// tell lets the person know: perhaps it was not they.
func tell(ctx context.Context, tx *store.Tx, u identity.User, from identity.Peer, now time.Time) error {
	if u.Email.Folded == "" {
		return nil
	}
	return tx.Enqueue(ctx, identity.Task{Kind: identity.LetterPasswordChanged, User: u.ID, At: now, Data: map[string]string{
		identity.DataAt: now.UTC().Format(time.RFC3339), identity.DataAddress: from.Address, identity.DataUserAgent: from.UserAgent,
	}})
}
