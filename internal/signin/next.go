package signin

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

// What can be wrong with the second step.
var (
	ErrStepOver = problem.New(problem.Unauthenticated, "sign_in_again", "That took too long, or something has changed meanwhile. Sign in again.")
	ErrSame     = problem.New(problem.Invalid, "password_refused", "Choose a password other than the initial one.")
)

// Choose goes on with one of the tenants a password was right for.
func (s *Service) Choose(ctx context.Context, token, slug string, from From) (out Outcome, err error) {
	defer func() { s.count(err) }()
	defer problem.Wrap(&err, "choose a tenant")
	now := s.Now().Truncate(time.Microsecond)
	choice, err := s.Store.Keys().ReadChoiceToken(token, now)
	if err != nil {
		return out, ErrStepOver
	}
	folded, _ := identity.ParseSlug(slug)
	for _, c := range choice.Candidates {
		m, err := s.again(ctx, c.Tenant, c.User, c.Credential)
		if errors.Is(err, ErrStepOver) || err == nil && m.tenant.Slug != folded {
			continue
		} else if err != nil {
			return out, err
		}
		switch policy.AfterPassword(m.tenant, m.user, true) {
		case policy.Suspended:
			return out, policy.ErrSuspended
		case policy.ChangePassword:
			out.Change = s.changeToken(m, now)
			return out, policy.ErrChangeRequired
		case policy.Refuse:
			return out, ErrStepOver
		}
		return s.open(ctx, m, from, now)
	}
	return out, ErrStepOver
}

// again reads who an earlier step was about; ErrStepOver when the password or
// the user is another by now.
func (s *Service) again(ctx context.Context, tenant identity.TenantID, user identity.UserID, credential int64) (*meant, error) {
	m := &meant{scope: s.Store.Tenant(tenant)}
	var err error
	if m.tenant, err = m.scope.Get(ctx); err == nil {
		m.user, err = m.scope.User(ctx, user)
	}
	if errors.Is(err, problem.NotFound) || err == nil && m.user.Credential != credential {
		return nil, ErrStepOver
	} else if err != nil {
		return nil, err
	}
	m.tenant.Policy = s.Sessions.Effective(m.tenant)
	by, name := ByEmail, m.user.Email.Folded
	if m.tenant.Style == identity.Extension {
		by, name = ByExtension, m.user.Extension
	}
	m.subject = s.Store.Keys().LaneSubject(tenant, by, name)
	return m, nil
}

// ChangeInitial replaces an initial password by one of the person's own and
// signs in with it. Every other session of the user ends.
func (s *Service) ChangeInitial(ctx context.Context, token, typed string, from From) (out Outcome, err error) {
	defer func() { s.count(err) }()
	defer problem.Wrap(&err, "change an initial password")
	now := s.Now().Truncate(time.Microsecond)
	step, err := s.Store.Keys().ReadChangeToken(token, now)
	if err != nil {
		return out, ErrStepOver
	}
	m, err := s.again(ctx, step.Tenant, step.User, step.Credential)
	if err != nil {
		return out, err
	}
	if after := policy.AfterPassword(m.tenant, m.user, true); after == policy.Suspended {
		return out, policy.ErrSuspended
	} else if after != policy.ChangePassword {
		return out, ErrStepOver
	}
	if err := s.hashOwn(ctx, m, typed); err != nil {
		return out, err
	}
	return s.replace(ctx, m, from, now)
}

// hashOwn checks a new password and hashes it.
func (s *Service) hashOwn(ctx context.Context, m *meant, typed string) error {
	password, err := secret.NewPassword(typed)
	if err != nil {
		return err
	}
	if err := policy.CheckPassword(m.tenant.Policy, password.Reveal(), policy.PersonOf(s.Product, m.tenant, m.user)); err != nil {
		return err
	}
	initial, err := m.scope.PasswordHash(ctx, m.user.ID)
	if err != nil {
		return err
	}
	place, err := s.Gate.Enter()
	if err != nil {
		return err
	}
	defer place.Leave()
	same := false
	err = place.Do(ctx, func() {
		if same = initial.Match(password); !same {
			m.better = s.Params.Hash(password, Salt(m.scope, m.tenant.Style, m.user))
		}
	})
	if err == nil && same {
		return ErrSame.In(problem.Field{Location: "body.new_password", Message: ErrSame.Message})
	}
	return err
}

func (s *Service) replace(ctx context.Context, m *meant, from From, now time.Time) (out Outcome, err error) {
	role, err := m.scope.HeldRole(ctx, m.user.Role)
	if err != nil {
		return out, err
	}
	changed := *m
	changed.user.Credential++
	changed.user.MustChange = false
	changed.better = "" // written by SetPassword
	made := s.Sessions.Make(m.tenant, changed.user, from.Kind, from.Peer, now)
	err = m.scope.Tx(ctx, func(tx *store.Tx) error {
		if err := tx.SetPassword(ctx, m.user.ID, m.user.Credential, m.better, false); err != nil {
			return err
		}
		if err := tx.SignIn(ctx, m.user.ID, changed.user.Credential, now); err != nil {
			return err
		}
		if _, err := tx.EndSessions(ctx, m.user.ID, made.ID, now); err != nil {
			return err
		}
		err := tx.AddEvent(ctx, identity.Event{Kind: identity.EventPasswordChange, Result: identity.EventOK,
			User: m.user.ID, Actor: m.user.ID, Peer: from.Peer, At: now, Detail: map[string]string{"what": "initial password"}})
		if err != nil {
			return err
		}
		return s.record(ctx, tx, &changed, made, from, now)
	})
	if errors.Is(err, problem.NotFound) {
		return out, ErrStepOver
	} else if err != nil {
		return out, err
	}
	s.Sessions.Forget(m.scope.ID())
	changed.user.LastSignIn = now
	out.Grant, err = s.Sessions.Grant(store.Live{Session: made, User: changed.user, Tenant: m.tenant, Role: role}, now)
	return out, err
}
