package session

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/store"
)

// interactions are those not written yet: a row is written once a minute or a
// tenth of the idle time, whichever is shorter, with the time of the
// interaction itself, and none is dropped.
type interactions struct {
	mu   sync.Mutex
	late map[sessionKey]interaction
}

type interaction struct {
	live    store.Live
	at      time.Time
	written time.Time // the interaction the row has
}

// Interact records that the person behind a browser's session did something:
// opened a page or sent a form. It returns the session with its new end.
func (s *Service) Interact(ctx context.Context, live store.Live) (store.Live, error) {
	now := s.Now().Truncate(time.Microsecond)
	key := sessionKey{live.Tenant.ID, live.Session.ID}
	s.late.mu.Lock()
	one, waiting := s.late.late[key]
	if !waiting {
		one.written = live.Session.InteractedAt
	}
	one.live, one.at = live, now
	due := now.Sub(one.written) >= policy.SpareInteraction(s.Effective(live.Tenant))
	if s.late.late == nil {
		s.late.late = map[sessionKey]interaction{}
	}
	if due {
		delete(s.late.late, key)
	} else {
		s.late.late[key] = one
	}
	s.late.mu.Unlock()
	if !due {
		return s.moved(live, now), nil
	}
	return s.moved(live, now), s.write(ctx, one)
}

// moved is live as it is after an interaction.
func (s *Service) moved(live store.Live, at time.Time) store.Live {
	if at.After(live.Session.InteractedAt) {
		live.Session.InteractedAt = at
		live.Session.IdleEnd, _ = policy.Ends(s.Effective(live.Tenant), live.Session.SignedInAt, at)
	}
	return live
}

func (s *Service) write(ctx context.Context, one interaction) error {
	idle := s.moved(one.live, one.at).Session.IdleEnd
	err := s.Store.Tenant(one.live.Tenant.ID).Tx(ctx, func(tx *store.Tx) error {
		return tx.Touch(ctx, one.live.Session.ID, one.at, idle)
	})
	key := sessionKey{one.live.Tenant.ID, one.live.Session.ID}
	s.memory.sessions.drop(key)
	if err != nil {
		s.late.putBack(key, one)
	}
	return err
}

// putBack keeps an interaction that could not be written, unless there is a
// newer one.
func (i *interactions) putBack(key sessionKey, one interaction) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if _, newer := i.late[key]; !newer {
		i.late[key] = one
	}
}

// Flush writes the interactions that are due; all of them when the node stops.
func (s *Service) Flush(ctx context.Context, all bool) error {
	now := s.Now()
	var due []interaction
	s.late.mu.Lock()
	for key, one := range s.late.late {
		if all || now.Sub(one.written) >= policy.SpareInteraction(s.Effective(one.live.Tenant)) {
			due = append(due, one)
			delete(s.late.late, key)
		}
	}
	s.late.mu.Unlock()
	var errs []error
	for _, one := range due {
		errs = append(errs, s.write(ctx, one))
	}
	return errors.Join(errs...)
}
