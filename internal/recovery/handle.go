package recovery

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/store"
)

// Handle finds out whom a request is about and sends each of them a letter: in
// the e-mail style, where the address alone was typed, one for each tenant's
// account. Whoever is not there, not active, without an address or has had
// enough letters gets none, and nobody learns it. A worker calls it, perhaps
// more than once for one request; the letter is the same one then.
func (s *Service) Handle(ctx context.Context, t store.Tenant, task identity.Task) (err error) {
	defer problem.Wrap(&err, "handle request %s", task.ID)
	by, name := task.Data[dataBy], task.Data[dataName]
	if t.ID() != identity.Nowhere {
		return s.answer(ctx, t, task, by, name)
	}
	if by != byEmail || task.Data[dataTold] == "yes" {
		return nil // a tenant was named and there is none
	}
	ids, _, err := s.Store.TenantsByAddress(ctx, name)
	for _, id := range ids {
		err = errors.Join(err, s.answer(ctx, s.Store.Tenant(id), task, by, name))
	}
	return err
}

// answer sends the letter to whoever has the name in a tenant.
func (s *Service) answer(ctx context.Context, t store.Tenant, task identity.Task, by, name string) error {
	tenant, err := t.Get(ctx)
	if errors.Is(err, problem.NotFound) || err == nil && (tenant.Style == identity.Extension) != (by == byExtension) {
		return nil
	} else if err != nil {
		return err
	}
	find := t.UserByEmail
	if by == byExtension {
		find = t.UserByExtension
	}
	u, err := find(ctx, name)
	if errors.Is(err, problem.NotFound) || err == nil && !policy.MayReset(tenant, u) {
		return nil
	} else if err != nil {
		return err
	}
	err = t.Tx(ctx, func(tx *store.Tx) error { return s.send(ctx, tx, tenant, u, letterOf(task.ID, u.ID)) })
	if errors.Is(err, problem.NotFound) || errors.Is(err, problem.Exists) {
		return nil // shut out meanwhile; or this is the second time, and the letter is under way
	}
	return err
}

// send enqueues a letter with the user's living link, or a new one.
func (s *Service) send(ctx context.Context, tx *store.Tx, tenant identity.Tenant, u identity.User, letter identity.TaskID) error {
	if err := tx.HoldUser(ctx, u.ID, identity.Active); err != nil {
		return err
	}
	now := s.Now()
	if ok, err := tx.ReserveLetter(ctx, u.ID, identity.ResetLink, now); err != nil || !ok {
		return err
	}
	ttl := policy.LinkTTL(s.Sessions.Effective(tenant), identity.ResetLink)
	l, err := tx.EnsureLink(ctx, identity.Link{
		ID: identity.NewLinkID(), Purpose: identity.ResetLink, User: u.ID, CreatedAt: now, ExpiresAt: now.Add(ttl),
	})
	if err != nil {
		return err
	}
	err = tx.Enqueue(ctx, identity.Task{ID: letter, Kind: identity.LetterReset, User: u.ID, Link: l.ID, At: now, Expires: l.ExpiresAt})
	if err != nil {
		return err
	}
	return tx.AddEvent(ctx, identity.Event{Kind: identity.EventResetMailed, Result: identity.EventOK, User: u.ID, At: now,
		Detail: map[string]string{"request": string(letter)}})
}

// letterOf names the letter that answers a request to a user, the same one
// however often the request is handled.
func letterOf(request identity.TaskID, u identity.UserID) identity.TaskID {
	sum := sha256.Sum256([]byte(string(request) + " " + string(u)))
	return identity.TaskID("tsk_" + hex.EncodeToString(sum[:16]))
}
