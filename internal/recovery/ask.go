package recovery

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

// A Wish is what somebody typed who has forgotten a password: the fields of a
// style.
type Wish struct {
	Tenant   string // slug, as typed or from the address; empty where the name tells it, or nobody does
	Email    string // workspace and e-mail style
	Username string // extension style, with the tenant's slug or without
}

// The names in the Data of a request.
const (
	dataBy    = "by"    // email or extension
	dataTyped = "typed" // as it came
	dataName  = "name"  // folded
)

// requestTTL is how long a request waits for a worker, if there is none.
const requestTTL = 24 * time.Hour

// Ask enqueues a request for a reset link, in the tenant or, where none is
// told or none has the slug, in the reserved one. Its answer, its work and its
// time are the same whoever exists, whether or not mail can be sent: that is
// the worker's. Errors are ErrAddress for what is no name at all, and
// policy.ErrWait for a source that has asked too often.
func (s *Service) Ask(ctx context.Context, w Wish, from From) (err error) {
	defer problem.Wrap(&err, "ask for a reset link")
	slug, by, name, err := w.fold()
	if err != nil {
		return err
	}
	now := s.Now().Truncate(time.Microsecond)
	if err := s.admit(ctx, from, now); err != nil {
		return err
	}
	t := s.Store.Nowhere()
	if slug != "" {
		tenant, err := s.Store.TenantBySlug(ctx, slug)
		if err == nil {
			t = s.Store.Tenant(tenant.ID)
		} else if !errors.Is(err, problem.NotFound) {
			return err
		}
	}
	due := now
	if s.Within > 0 {
		due = now.Add(secret.Within(s.Within))
	}
	typed := w.Email
	if by == byExtension {
		typed = w.Username
	}
	return t.Tx(ctx, func(tx *store.Tx) error {
		err := tx.Enqueue(ctx, identity.Task{Kind: identity.RequestReset, At: now, Due: due, Expires: now.Add(requestTTL),
			Data: map[string]string{dataBy: by, dataTyped: typed, dataName: name, dataTold: told(slug)}})
		if err != nil {
			return err
		}
		return tx.AddEvent(ctx, identity.Event{Kind: identity.EventResetRequested, Result: identity.EventOK, Peer: from.Peer, At: now,
			Detail: map[string]string{"by": by}})
	})
}

// admit counts the request for its source, over all tenants, before any work.
func (s *Service) admit(ctx context.Context, from From, now time.Time) error {
	rule := policy.Asking()
	lane := store.Lane{Lane: rule, Key: rule.Name + " " + from.Source}
	_, err := s.Store.Nowhere().ReserveTry(ctx, []store.Lane{lane}, now)
	if waiting, ok := errors.AsType[*store.Waiting](err); ok {
		return policy.ErrWait.After(max(waiting.Until.Sub(now), time.Second))
	}
	return err
}

const (
	byEmail     = "email"
	byExtension = "extension"

	dataTold = "told" // yes: a tenant was named, be there one or not
)

func told(slug string) string {
	if slug != "" {
		return "yes"
	}
	return "no"
}

// fold brings a wish to the one form that is compared. Two addresses in one
// field, a list or a look-alike letter are no address.
func (w Wish) fold() (slug, by, name string, err error) {
	var wrong []problem.Field
	fault := func(field string, err error) {
		if err != nil {
			wrong = append(wrong, problem.Field{Location: "body." + field, Message: problem.Of(err).Message})
		}
	}
	if w.Tenant != "" {
		slug, err = identity.ParseSlug(w.Tenant)
		fault("tenant", err)
	}
	if w.Username != "" {
		extension, within, err := identity.ParseUsername(w.Username)
		fault("username", err)
		if err == nil && within == "" && w.Tenant == "" {
			fault("username", identity.ErrUsername)
		}
		if by, name = byExtension, extension; within != "" && w.Tenant != "" && within != slug {
			name = "" // another tenant's code: nobody here
		} else if within != "" {
			slug = within
		}
	} else {
		address, err := identity.ParseEmail(w.Email)
		fault("email", err)
		by, name = byEmail, address.Folded
	}
	if len(wrong) > 0 {
		return "", "", "", ErrAddress.Because("%s", wrong[0].Message).In(wrong...)
	}
	return slug, by, name, nil
}
