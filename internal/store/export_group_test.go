package store

import "context"

// GroupsAtOnce is how many groups of acts PostgreSQL gets at a time.
const GroupsAtOnce = groupsAtOnce

// Groups says how many groups of acts are under way, and how many acts wait.
func Groups(s *Store) (underWay, queued int) {
	g := &s.engine.(*postgres).groups
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.underWay, len(g.queue)
}

// Act makes an act of a statement that takes the tenant alone and answers
// texts.
func Act(ctx context.Context, s *Store, tenant Tenant, sql string) (seen []string, err error) {
	err = s.engine.act(ctx, tenant.id, query(sql, tenant.bind(nil), func(r row) error {
		var text string
		err := r.Scan(&text)
		seen = append(seen, text)
		return err
	}))
	return seen, err
}

const oneName = `SELECT name FROM users WHERE tenant_id = $1`

// ActAndPanic makes an act that panics when it is answered.
func ActAndPanic(ctx context.Context, s *Store, tenant Tenant) error {
	return s.engine.act(ctx, tenant.id, query(oneName, tenant.bind(nil), func(row) error { panic("one of them") }))
}
