package store_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/vestibule-id/vestibule/internal/store"
	"github.com/vestibule-id/vestibule/internal/store/storetest"
)

// withoutName is a step of a plan that goes through all users of a tenant.
var withoutName = regexp.MustCompile(`SCAN users|SEARCH users .*\(tenant_id=\?\)|TEMP B-TREE|Seq Scan on users|Index Cond: \(tenant_id = [^)]*\)$`)

// A look-up by name or id finds one row among a million: it goes by an index
// of more than the tenant.
//
// Proves: 2.2, 2.9
func TestLookUpsUseAnIndex(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		for name, plan := range store.Plans(t, s) {
			for line := range strings.Lines(plan) {
				if withoutName.MatchString(line) && !strings.Contains(line, "imports") && !strings.Contains(name, "live") {
					t.Errorf("%s goes through a whole tenant: %s in\n%s", name, line, plan)
				}
			}
		}
	})
}
