package operator

import (
	"context"
	"errors"
	"time"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/store"
)

// takenForDead is how long whoever removes or imports a tenant may show no
// sign of life. It shows one with every piece; nodes' clocks may differ by a
// minute.
const takenForDead = 2 * time.Minute

// Settle is how long what is under way may take to end: longer than a node
// remembers a session and than a sign-in waits for its hash.
const Settle = 2 * time.Second

// CloseTenant is the first step of deleting a tenant, and all that anybody
// waits for: from then on nobody finds it, nobody signs in and no session of it
// goes on. Its slug is free. TidyMoves removes what is left. Errors are
// ErrNoTenant and identity's.
func (s *Service) CloseTenant(ctx context.Context, slug string) (identity.Tenant, error) {
	return s.close(ctx, slug, time.Time{})
}

// DeleteTenant closes a tenant and removes it: users, sessions, settings, logo,
// letters and trail. It goes in small pieces, while others sign in, and what it
// has begun TidyMoves finishes. Nothing is left but a line of the operator's
// trail. progress is told how many rows are gone, of so many; it may be nil.
// Errors are CloseTenant's.
func (s *Service) DeleteTenant(ctx context.Context, slug string, progress func(done, total int64)) (t identity.Tenant, err error) {
	defer problem.Wrap(&err, "delete tenant")
	t, err = s.close(ctx, slug, s.Now())
	if err != nil {
		return t, err
	}
	return t, s.remove(ctx, t.ID, progress)
}

func (s *Service) close(ctx context.Context, slug string, now time.Time) (t identity.Tenant, err error) {
	found, err := s.Tenant(ctx, slug)
	if err != nil {
		return t, err
	}
	err = s.Store.Tenant(found.ID).Tx(ctx, func(tx *store.Tx) error {
		if err := tx.Lock(ctx); err != nil {
			return err
		}
		before, err := tx.Get(ctx)
		if err != nil {
			return err
		}
		t = before
		before.Status = identity.TenantSuspended // for who has found it already
		if err := tx.Set(ctx, before); err != nil {
			return err
		}
		return tx.Leave(ctx, now)
	})
	if errors.Is(err, problem.NotFound) { // somebody was quicker
		return t, noTenant(found.Slug)
	}
	return t, err
}

// TidyMoves goes on with what nobody is at any more: it removes tenants that
// were closed, and what an import that was killed has left. Call it every few
// seconds; without anything to do it only reads. Any number of nodes may.
func (s *Service) TidyMoves(ctx context.Context) (err error) {
	defer problem.Wrap(&err, "tidy moves")
	before := s.Now().Add(-takenForDead)
	ids, err := s.Store.IdleMoves(ctx, before)
	if err != nil {
		return err
	}
	var errs []error
	for _, id := range ids {
		t := s.Store.Tenant(id)
		err := t.Tx(ctx, func(tx *store.Tx) error { return tx.TakeMove(ctx, before, s.Now()) })
		if errors.Is(err, problem.NotFound) {
			continue // another node is at it
		}
		if err == nil {
			err = s.remove(ctx, id, nil)
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// remove takes away what there is of a tenant that is on its way out, and
// tells of it where there was one that people could find.
func (s *Service) remove(ctx context.Context, id identity.TenantID, progress func(done, total int64)) error {
	t := s.Store.Tenant(id)
	if err := s.settle(ctx); err != nil {
		return err
	}
	gone, err := t.Get(ctx)
	if err != nil {
		return err
	}
	total, err := s.size(ctx, t)
	if err != nil {
		return err
	}
	r := removal{s, t, gone.Slug == ""}
	for done, again := int64(0), 0; ; {
		n, err := r.some(ctx, gone)
		switch {
		case errors.Is(err, problem.NotFound), errors.Is(err, problem.Exists): // something came to it meanwhile
			if _, gerr := t.Get(ctx); errors.Is(gerr, problem.NotFound) {
				return nil // or somebody else has done it
			}
			if again++; again > 100 {
				return err
			}
			continue
		case err != nil || n == 0:
			return err
		}
		if done += n; progress != nil {
			progress(min(done, total), total)
		}
	}
}

// A removal takes a tenant away, piece by piece.
type removal struct {
	service *Service
	tenant  store.Tenant
	told    bool // in the operator's trail; or there was nothing to tell of
}

// some removes a piece; the last one, which is none, is the tenant itself.
func (r *removal) some(ctx context.Context, gone identity.Tenant) (n int64, err error) {
	now := r.service.Now()
	err = r.tenant.Tx(ctx, func(tx *store.Tx) (err error) {
		n, err = tx.Remove(ctx, now)
		return err
	})
	if err != nil || n > 0 {
		return n, err
	}
	if !r.told { // before the last piece: told twice is better than never
		err := r.service.Store.Nowhere().Tx(ctx, func(tx *store.Tx) error {
			return tx.AddEvent(ctx, event(identity.EventTenantDeleted, now, map[string]string{"slug": gone.Slug, "tenant": string(gone.ID)}))
		})
		if err != nil {
			return 0, err
		}
		r.told = true
	}
	err = r.tenant.Tx(ctx, func(tx *store.Tx) (err error) {
		if err := tx.Lock(ctx); err != nil {
			return err
		}
		if n, err = tx.Remove(ctx, now); err != nil || n > 0 {
			return err
		}
		return tx.Gone(ctx)
	})
	return n, err
}

// settle waits for what was under way when a tenant was closed: a failed
// sign-in would write its line into a trail that is gone.
func (s *Service) settle(ctx context.Context) error {
	timer := time.NewTimer(s.Settle)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// size is about how many rows there are to remove.
func (s *Service) size(ctx context.Context, t store.Tenant) (int64, error) {
	users, err := t.CountUsers(ctx, s.Now())
	if err != nil {
		return 0, err
	}
	head, err := t.ChainHead(ctx)
	return users.Active + users.Invited + users.Deactivated + head.Place - head.BasePlace, err
}

// GiveUpImport takes away what there is of an import of a tenant.
func (s *Service) GiveUpImport(ctx context.Context, id identity.TenantID) (err error) {
	defer problem.Wrap(&err, "give up the import of %s", id)
	now := s.Now()
	err = s.Store.Tenant(id).Tx(ctx, func(tx *store.Tx) error { return tx.TakeMove(ctx, now.Add(time.Hour), now) })
	if err != nil {
		return err
	}
	return s.remove(ctx, id, nil)
}
