// Package admin is what administrators, and the operator, do to other people's
// accounts: one method and one file for each thing they ask for.
//
//	policy: permission ─► Tx( tenant's lock ─► actor as it is now ─► user's lock
//	                           ─► user as it is now ─► ranks ─► rule over all users
//	                           ─► change ─► event )
//
// Who asks is read again inside the transaction, behind the tenant's lock: an
// administrator who is deactivated or demoted in the same moment has lost. The
// user is read behind a lock of its own, for people change themselves without
// the tenant's: neither writes over what the other has just changed. The package knows neither HTTP nor how people see the answers.
package admin

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/secret"
	"github.com/vestibule-id/vestibule/internal/session"
	"github.com/vestibule-id/vestibule/internal/signin"
	"github.com/vestibule-id/vestibule/internal/store"
)

// What can be wrong with an act on a user, beside policy's problems.
var (
	ErrUser     = problem.New(problem.Invalid, "invalid_user", "Something about the user is not right.")
	ErrTaken    = problem.New(problem.Conflict, "user_exists", "There is such a user in this organization already.")
	ErrMeantime = problem.New(problem.Conflict, "changed_meanwhile", "The user was changed by somebody else meanwhile. Look again, then try again.")
	ErrOwn      = problem.New(problem.Denied, "own_password", "One's own password is changed in one's own settings, with the current one.")
)

// Service holds what the use cases of this package need.
type Service struct {
	Now      func() time.Time
	Params   secret.Params   // of new password hashes
	Operator identity.Policy // the operator's full policy
	Product  string          // a word no password may be

	// A server has both; a command, which has neither, hashes at once and leaves
	// it to the servers to notice within a second.
	Gate     *secret.Gate
	Sessions *session.Service
}

// forget lets this node ask again which of a tenant's sessions live.
func (s *Service) forget(t store.Tenant) {
	if s.Sessions != nil {
		s.Sessions.Forget(t.ID())
	}
}

// act runs change on a user in one transaction, behind the tenant's lock and
// then the user's, if the actor holds the permission and ranks at least as high as the user. change
// is given both as they are now.
func (s *Service) act(ctx context.Context, t store.Tenant, actor identity.Actor, p policy.Permission, id identity.UserID,
	change func(tx *store.Tx, actor identity.Actor, u identity.User) error) error {
	if err := policy.Allow(actor, p); err != nil {
		return err // spares strangers' requests the lock
	}
	defer s.forget(t)
	return t.Tx(ctx, func(tx *store.Tx) error {
		if err := tx.Lock(ctx); err != nil {
			return err
		}
		actor, err := present(ctx, tx.Tenant, actor)
		if err != nil {
			return err
		}
		if err := policy.Allow(actor, p); err != nil {
			return err // before the user's lock, which says whether there is such a user
		}
		if err := tx.Hold(ctx, id); err != nil {
			return err
		}
		u, err := target(ctx, tx.Tenant, actor, p, id)
		if err != nil {
			return err
		}
		return change(tx, actor, u)
	})
}

// present is the actor as it is now. Whoever is not an active user of this
// very tenant may do nothing in it.
func present(ctx context.Context, t store.Tenant, actor identity.Actor) (identity.Actor, error) {
	if actor.Operator || !actor.SignedIn() {
		return actor, nil
	}
	u, err := t.User(ctx, actor.User)
	if errors.Is(err, problem.NotFound) || err == nil && u.Status != identity.Active {
		return actor, policy.ErrDenied
	}
	if err != nil {
		return actor, err
	}
	actor.Role, err = t.HeldRole(ctx, u.Role)
	return actor, err
}

// target is the user an act is about. The permission is asked before anybody
// learns whether there is such a user.
func target(ctx context.Context, t store.Tenant, actor identity.Actor, p policy.Permission, id identity.UserID) (identity.User, error) {
	if err := policy.Allow(actor, p); err != nil {
		return identity.User{}, err
	}
	u, err := t.User(ctx, id)
	if err != nil {
		return identity.User{}, err
	}
	role, err := t.HeldRole(ctx, u.Role)
	if err != nil {
		return u, err
	}
	return u, policy.MayActOn(actor, role)
}

// actAs asks on top of target for what lets the actor become the user. Inside
// a transaction both must have been read behind the tenant's lock.
func actAs(ctx context.Context, t store.Tenant, actor identity.Actor, u identity.User) error {
	role, err := t.HeldRole(ctx, u.Role)
	if err != nil {
		return err
	}
	return policy.MayActAs(actor, role)
}

// keepAdmin refuses to take the last active administrator away from a tenant
// (G3). Nobody stands above this rule. The tenant's lock must be held.
func keepAdmin(ctx context.Context, tx *store.Tx, u identity.User) error {
	if u.Role != identity.Admin || u.Status != identity.Active {
		return nil
	}
	others, err := tx.OtherAdmins(ctx, u.ID)
	if err == nil && others == 0 {
		return policy.ErrLastAdmin
	}
	return err
}

// hash makes the hash of a user's new password, as signin.Hasher does.
func (s *Service) hash(ctx context.Context, t store.Tenant, tenant identity.Tenant, u identity.User, password secret.Password) (secret.Hash, error) {
	tenant.Policy = policy.Effective(s.Operator, tenant.Policy)
	return signin.Hasher{Gate: s.Gate, Params: s.Params, Product: s.Product}.Hash(ctx, t, tenant, u, password)
}

// faults collects what is wrong with a user's fields.
type faults []problem.Field

func (f *faults) add(field string, err error) {
	if err == nil {
		return
	}
	message := err.Error()
	if p := problem.Of(err); p != nil {
		message = p.Message
	}
	*f = append(*f, problem.Field{Location: "body." + field, Message: message})
}

func (f faults) problem() error { return f.of(ErrUser) }

// of is p with all that was found, or nil.
func (f faults) of(p *problem.Problem) error {
	if len(f) == 0 {
		return nil
	}
	messages := make([]string, len(f))
	for i, field := range f {
		messages[i] = field.Message
	}
	return p.Because("%s", strings.Join(messages, " ")).In(f...)
}

var (
	errNeedsEmail     = problem.New(problem.Invalid, "email_missing", "People of this organization sign in with an e-mail address: the user needs one.")
	errNeedsExtension = problem.New(problem.Invalid, "extension_missing", "People of this organization sign in with an extension: the user needs one.")
)

// named adds a fault when a user has nothing to sign in with in a style.
func (f *faults) named(style identity.Style, u identity.User) {
	for _, wrong := range *f {
		if wrong.Location == "body.email" || wrong.Location == "body.extension" {
			return // what is there is wrong: one sentence is enough
		}
	}
	switch {
	case style == identity.Extension && u.Extension == "":
		f.add("extension", errNeedsExtension)
	case style != identity.Extension && u.Email.Folded == "":
		f.add("email", errNeedsEmail)
	}
}

// taken says which of a user's names somebody else has, when that is what
// stood in the way.
func taken(ctx context.Context, t store.Tenant, u identity.User, err error) error {
	if !errors.Is(err, problem.Exists) {
		return err
	}
	byEmail, byExtension, failed := t.Holders(ctx, u)
	if failed != nil {
		return failed
	}
	return policy.Taken(ErrTaken, u, byEmail, byExtension)
}
