package admin

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/store"
)

// RoleChanges are what is to be different about a role, as typed. nil leaves it
// as it is.
type RoleChanges struct {
	Title       *string
	Rank        *int
	Permissions *[]string
	Seen        time.Time // when it had been changed last, to who changes it; zero: whenever
}

// SetRole changes a role of the tenant's own, for everybody who has it. What
// it is and what it becomes must both be within the actor's rank and
// permissions. Errors are policy's, problem.NotFound, ErrRole with a field for
// each thing that is wrong, ErrRoleTaken and ErrRoleMoved.
func (s *Service) SetRole(ctx context.Context, t store.Tenant, actor identity.Actor, name string, c RoleChanges, from identity.Peer) (l RoleLook, err error) {
	defer problem.Wrap(&err, "set role")
	err = s.actOnRoles(ctx, t, actor, func(tx *store.Tx, actor identity.Actor, roles identity.Roles) error {
		before, err := own(actor, roles, name)
		if err != nil {
			return err
		}
		after, err := c.apply(before)
		if err != nil {
			return err
		}
		if !c.Seen.IsZero() && !c.Seen.Equal(before.ChangedAt) {
			return ErrRoleMoved
		}
		if after != before {
			if after.Title != before.Title { // else it is as it was let be
				if err := unlike(roles, after, false); err != nil {
					return err
				}
			}
			if err := policy.MayEditRole(actor, after); err != nil {
				return err
			}
			if err := s.writeRole(ctx, tx, actor, before, &after, from); err != nil {
				return err
			}
		}
		holders, err := tx.CountHolders(ctx)
		l = lookAt(actor, after, holders)
		return err
	})
	return l, err
}

func (c RoleChanges) apply(r identity.Role) (identity.Role, error) {
	var wrong faults
	var err error
	if c.Title != nil && *c.Title != r.Title { // one from before these rules may stay
		r.Title, err = policy.ParseTitle(*c.Title)
		wrong.add("title", err)
	}
	if c.Rank != nil {
		r.Rank = *c.Rank
		wrong.add("rank", policy.CheckRank(r.Rank))
	}
	if c.Permissions != nil {
		r.Permissions, err = policy.ParsePermissions(*c.Permissions)
		wrong.add("permissions", err)
	}
	return r, wrong.of(ErrRole)
}

// writeRole writes a role that is different and tells from what to what.
func (s *Service) writeRole(ctx context.Context, tx *store.Tx, actor identity.Actor, before identity.Role, after *identity.Role, from identity.Peer) error {
	after.ChangedAt = s.Now().UTC().Truncate(time.Microsecond)
	if !after.ChangedAt.After(before.ChangedAt) { // each change is another one
		after.ChangedAt = before.ChangedAt.Add(time.Microsecond)
	}
	if err := tx.SetRole(ctx, *after); err != nil {
		return err
	}
	e := actor.Event(identity.EventRoleChanged, "", from, s.Now())
	e.Detail["role"] = after.Name
	for what, values := range map[string][2]string{
		"title": {before.Title, after.Title}, "rank": {strconv.Itoa(before.Rank), strconv.Itoa(after.Rank)},
	} {
		if values[0] != values[1] {
			e.Detail[what+".from"], e.Detail[what+".to"] = values[0], values[1]
		}
	}
	if added := without(after.Permissions, before.Permissions); added != "" {
		e.Detail["permissions.added"] = added
	}
	if removed := without(before.Permissions, after.Permissions); removed != "" {
		e.Detail["permissions.removed"] = removed
	}
	return tx.AddEvent(ctx, e)
}

// without is what is in a and not in b.
func without(a, b identity.Permissions) string {
	names := slices.Collect(a.All())
	return strings.Join(slices.DeleteFunc(names, b.Has), " ")
}
