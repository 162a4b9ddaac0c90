package admin

import (
	"context"
	"time"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/secret"
	"github.com/vestibule-id/vestibule/internal/store"
)

// NewUser is what is told about a user who is to be made, as typed.
type NewUser struct {
	Email      string // may be empty where the tenant's style asks for an extension
	Extension  string // may be empty elsewhere
	Name       string
	Role       string
	Password   secret.Password // the zero Password: none yet, the user is invited
	MustChange bool            // the password is an initial one
	Until      time.Time       // it is over then, unless somebody has signed in with it; zero: for good
}

// Create makes a user: active with a password, else invited. Errors are
// policy's, ErrUser with a field for each thing that is wrong, and ErrTaken.
func (s *Service) Create(ctx context.Context, t store.Tenant, actor identity.Actor, wanted NewUser, from identity.Peer) (u identity.User, err error) {
	defer problem.Wrap(&err, "create user")
	if err := policy.Allow(actor, policy.UsersWrite); err != nil {
		return u, err
	}
	tenant, err := t.Get(ctx)
	if err != nil {
		return u, err
	}
	role, err := t.HeldRole(ctx, wanted.Role)
	if err != nil {
		return u, err
	}
	made, err := s.parse(tenant, role, wanted)
	if err != nil {
		return u, err
	}
	var hash secret.Hash
	if made.HasPassword {
		if hash, err = s.hash(ctx, t, tenant, made, wanted.Password); err != nil {
			return u, err
		}
	}
	err = t.Tx(ctx, func(tx *store.Tx) error { return s.add(ctx, tx, actor, made, hash, wanted.Until, from) })
	if err != nil {
		return u, taken(ctx, t, made, err)
	}
	return made, nil
}

// CreateInitial is Create with an initial password to be handed over (P1): the
// one in wanted, or one we make, which ends by itself if it is not used.
func (s *Service) CreateInitial(ctx context.Context, t store.Tenant, actor identity.Actor, wanted NewUser, from identity.Peer) (slip Slip, err error) {
	if wanted.Password.Reveal() == "" {
		wanted.Until = s.Now().Add(policy.InitialPasswordTTL).Truncate(time.Second)
		if wanted.Password, err = secret.NewPassword(secret.NewInitialPassword()); err != nil {
			return Slip{}, err
		}
	}
	wanted.MustChange = true
	slip.Password, slip.Until = wanted.Password, wanted.Until
	if slip.Tenant, err = t.Get(ctx); err != nil { // before: nobody else will ever know the password
		return Slip{}, err
	}
	u, err := s.Create(ctx, t, actor, wanted, from)
	if err != nil {
		return Slip{}, err
	}
	slip.address(u)
	return slip, nil
}

func (s *Service) add(ctx context.Context, tx *store.Tx, actor identity.Actor, u identity.User, hash secret.Hash, until time.Time, from identity.Peer) error {
	if err := tx.Lock(ctx); err != nil {
		return err
	}
	actor, err := present(ctx, tx.Tenant, actor)
	if err != nil {
		return err
	}
	if err := policy.Allow(actor, policy.UsersWrite); err != nil {
		return err
	}
	role, err := tx.HeldRole(ctx, u.Role)
	if err != nil {
		return err
	}
	if err := policy.MayGive(actor, role); err != nil {
		return err
	}
	tenant, err := tx.Get(ctx)
	if err != nil {
		return err
	}
	var wrong faults // the style may have changed while the password was hashed
	if wrong.named(tenant.Style, u); len(wrong) > 0 {
		return wrong.problem()
	}
	if err := tx.AddUser(ctx, u, hash); err != nil {
		return err
	}
	if !until.IsZero() {
		if err := tx.LimitInitial(ctx, u.ID, until); err != nil {
			return err
		}
	}
	made := actor.Event(identity.EventUserCreated, u.ID, from, u.CreatedAt)
	made.Detail["role"] = u.Role
	return tx.AddEvent(ctx, made)
}

// parse folds what was typed about a new user.
func (s *Service) parse(tenant identity.Tenant, role identity.Role, wanted NewUser) (u identity.User, err error) {
	var wrong faults
	u = identity.User{ID: identity.NewUserID(), Role: wanted.Role, Status: identity.Invited, CreatedAt: s.Now()}
	if wanted.Email != "" {
		u.Email, err = identity.ParseEmail(wanted.Email)
		wrong.add("email", err)
	}
	if wanted.Extension != "" {
		u.Extension, err = identity.ParseExtension(wanted.Extension)
		wrong.add("extension", err)
	}
	u.Name, err = identity.ParseName(wanted.Name)
	wrong.add("name", err)
	if role.Name == "" {
		wrong.add("role", policy.ErrNoRole)
	}
	wrong.named(tenant.Style, u)
	if wanted.Password.Reveal() != "" {
		u.Status, u.HasPassword, u.MustChange = identity.Active, true, wanted.MustChange
	}
	return u, wrong.problem()
}
