package signin

import (
	"context"
	"errors"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/secret"
	"github.com/vestibule-id/vestibule/internal/session"
	"github.com/vestibule-id/vestibule/internal/store"
)

// ErrNotCurrent tells somebody who is signed in that the password is wrong:
// who they are is known.
var ErrNotCurrent = problem.New(problem.Invalid, "wrong_current_password", "That is not your current password.")

// A Question asks somebody who is signed in for their password: a session that
// was stolen, or left open, must not be enough.
type Question struct {
	Live     store.Live
	Password string // as typed
	From     From
	Failed   string // the kind of event a wrong answer leaves

	// New is hashed at the same place at the gate, after the right answer; the
	// zero Password is not.
	New secret.Password
}

// A Proof is the right answer. Its try stays counted until it is accepted.
type Proof struct {
	Hash secret.Hash // of the new password

	attempt *attempt
	meant   *meant
}

// Verify asks the limiter as signing in does: tries count in the same lanes,
// before the password is looked at. The error is ErrNotCurrent,
// session.ErrEnded, one of policy's problems, secret.ErrBusy,
// secret.ErrPasswordText, or an accident.
func (s *Service) Verify(ctx context.Context, q Question) (p Proof, err error) {
	defer problem.Wrap(&err, "verify a password")
	a, err := s.attemptOf(ctx, q.Live, q.Password, q.From)
	if err != nil {
		return p, err
	}
	a.failed, a.refused, a.instead = q.Failed, ErrNotCurrent, q.New
	if err := a.prove(ctx); err != nil {
		return p, err
	}
	m := a.meant[0]
	if !m.matched {
		ctx, cancel := concluding(ctx)
		defer cancel()
		if err := a.fail(ctx, m); err != nil {
			return p, err
		}
		return p, ErrNotCurrent
	}
	switch policy.AfterPassword(m.tenant, m.user, true) {
	case policy.Refuse:
		return p, session.ErrEnded
	case policy.Suspended:
		return p, policy.ErrSuspended
	}
	p = Proof{attempt: a, meant: m}
	if q.New.Reveal() != "" {
		p.Hash, m.better = m.better, "" // is not of the same password
	}
	return p, nil
}

// Accept writes what a right password leaves beside the act it was asked for:
// the user's lanes are empty, the source has its try back, the browser is
// known.
func (p Proof) Accept(ctx context.Context, tx *store.Tx) error {
	a := p.attempt
	if a.from.Browser != "" {
		if err := tx.AddBrowser(ctx, p.meant.user.ID, tx.Keys().BrowserHash(a.from.Browser), a.now); err != nil {
			return err
		}
	}
	return p.meant.clear(ctx, tx, a.now)
}

// attemptOf is a try of the user a session belongs to, who counts under the
// name people of the tenant sign in with.
func (s *Service) attemptOf(ctx context.Context, live store.Live, typed string, from From) (*attempt, error) {
	password, err := secret.NewPassword(typed)
	if err != nil {
		return nil, err
	}
	// The hash is read first: one of a password that is another by then is
	// found out by its version.
	hash, err := s.Sessions.Scope(live).PasswordHash(ctx, live.User.ID)
	var m *meant
	if err == nil {
		m, err = s.again(ctx, live.Tenant.ID, live.User.ID, live.Session.Credential)
	}
	if errors.Is(err, ErrStepOver) || errors.Is(err, problem.NotFound) {
		return nil, session.ErrEnded
	} else if err != nil {
		return nil, err
	}
	m.hash = hash
	a := s.attempt(from, password)
	a.meant = []*meant{m}
	a.actor = identity.Actor{User: m.user.ID, Role: live.Role, Session: live.Session.ID}
	return a, nil
}
