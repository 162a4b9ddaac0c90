package operator

import (
	"context"
	"time"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/store"
)

// Tend keeps the signing keys fresh without anybody noticing: it publishes the
// next key a day before the signing one has served ninety days, and forgets
// keys that have not signed for a day and for longer than any tenant's access
// tokens live. Call it at start and every hour; any number of nodes may.
// rules is the operator's full policy.
func (s *Service) Tend(ctx context.Context, rules identity.Policy) error {
	if err := s.EnsureKey(ctx); err != nil {
		return err
	}
	list, err := s.Store.SigningKeys(ctx)
	if err != nil {
		return err
	}
	now := s.Now()
	due := nextDue(list, now)
	if !due && len(outdated(list, now, leastRetire)) == 0 {
		return nil
	}
	longest, err := s.longestToken(ctx, rules)
	if err != nil {
		return err
	}
	return s.onKeys(ctx, func(tx *store.Tx, list []store.SigningKey, now time.Time) error {
		if nextDue(list, now) {
			if _, err := addKey(ctx, tx, now, now.Add(keyAhead)); err != nil {
				return err
			}
		}
		for _, id := range outdated(list, now, max(leastRetire, longest+time.Minute)) {
			if err := tx.DeleteSigningKey(ctx, id); err != nil {
				return err
			}
			if err := tx.AddEvent(ctx, event(identity.EventKeyRetired, now, map[string]string{"kid": string(id)})); err != nil {
				return err
			}
		}
		return nil
	})
}

// nextDue reports whether the youngest key will soon have served its time.
func nextDue(list []store.SigningKey, now time.Time) bool {
	var youngest time.Time
	for _, k := range list {
		if k.RevokedAt.IsZero() {
			youngest = k.ActiveFrom
		}
	}
	return !youngest.Add(keyLife - keyAhead).After(now)
}

// outdated are the keys that have had an active successor for as long as
// given. Revoked ones stay in the list, for people to see.
func outdated(list []store.SigningKey, now time.Time, since time.Duration) (ids []identity.KeyID) {
	var before identity.KeyID
	for _, k := range list {
		if !k.RevokedAt.IsZero() {
			continue
		}
		if before != "" && !k.ActiveFrom.Add(since).After(now) {
			ids = append(ids, before)
		}
		before = k.ID
	}
	return ids
}

// longestToken is the longest time any tenant lets an access token live.
func (s *Service) longestToken(ctx context.Context, rules identity.Policy) (longest time.Duration, err error) {
	longest = time.Duration(rules.AccessTokenTTL)
	err = s.EachTenant(ctx, func(t identity.Tenant) error {
		longest = max(longest, time.Duration(policy.Effective(rules, t.Policy).AccessTokenTTL))
		return nil
	})
	return longest, err
}

// EachTenant visits every tenant in the order of their slugs.
func (s *Service) EachTenant(ctx context.Context, visit func(identity.Tenant) error) error {
	const page = 100
	for after := ""; ; {
		list, err := s.Store.Tenants(ctx, after, page)
		if err != nil || len(list) == 0 {
			return err
		}
		for _, t := range list {
			if err := visit(t); err != nil {
				return err
			}
			after = t.Slug
		}
	}
}
