package audit

import (
	"context"
	"errors"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/store"
)

// piece is how many events one transaction erases or gives up at most.
const piece = 300

// Erase takes from the trail what tells of a person: address, browser and
// details of what they did, and of what happened to them with nobody signed in.
// That it happened, when and with what result stays, under an id that says
// nothing once the user is deleted. The chain holds. The user may be deleted
// already. n is how many events it was. Errors are policy's and
// problem.NotFound.
func (s *Service) Erase(ctx context.Context, t store.Tenant, actor identity.Actor, id identity.UserID, from identity.Peer) (n int, err error) {
	defer problem.Wrap(&err, "erase user %s from the trail", id)
	if err := policy.Allow(actor, policy.UsersDelete); err != nil {
		return 0, err
	}
	if err := s.mayErase(ctx, t, actor, id); err != nil {
		return 0, err
	}
	sealer := Sealer{Store: s.Store}
	if err := sealer.SealTenant(ctx, t); err != nil { // what has no place yet cannot be erased
		return 0, err
	}
	for after := identity.EventID(""); ; {
		lines, err := t.ChainLinesOf(ctx, id, after, piece)
		if err != nil {
			return n, err
		}
		if len(lines) == 0 {
			break
		}
		if err := t.Tx(ctx, func(tx *store.Tx) error { return erase(ctx, tx, lines) }); err != nil {
			return n, err
		}
		n, after = n+len(lines), lines[len(lines)-1].EventID
	}
	return n, t.Tx(ctx, func(tx *store.Tx) error {
		return tx.AddEvent(ctx, actor.Event(identity.EventPersonErased, id, from, s.Now()))
	})
}

// mayErase asks the rule of ranks about a user who is still there.
func (s *Service) mayErase(ctx context.Context, t store.Tenant, actor identity.Actor, id identity.UserID) error {
	u, err := t.User(ctx, id)
	switch {
	case err == nil:
		role, err := t.HeldRole(ctx, u.Role)
		if err != nil {
			return err
		}
		return policy.MayActOn(actor, role)
	case !errors.Is(err, problem.NotFound):
		return err
	}
	lines, err := t.ChainLinesOf(ctx, id, "", 1)
	if err == nil && len(lines) == 0 {
		return problem.NotFound // nobody the trail knows, or erased already
	}
	return err
}

func erase(ctx context.Context, tx *store.Tx, lines []store.ChainLine) error {
	c := chainOf(tx.Tenant)
	for _, l := range lines {
		l.Personal = c.personal(l)
		l.Salt, l.Erased = []byte{}, c.erased(l)
		if err := tx.Erase(ctx, l); err != nil {
			return err
		}
	}
	return nil
}
