package store_test

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/store"
	"github.com/vestibule-id/vestibule/internal/store/storetest"
)

// Proves: W2, 2.2
func TestEveryMethodHasItsTwins(t *testing.T) {
	for _, of := range []reflect.Type{reflect.TypeFor[store.Tenant](), reflect.TypeFor[*store.Tx]()} {
		for method := range of.Methods() {
			if reads[method.Name] == nil && writes[method.Name] == nil && !touchNoRows[method.Name] {
				t.Errorf("%s.%s is shown with no twins", of, method.Name)
			}
		}
	}
}

// What is read in a tenant without rows is nothing, although two others have
// rows under the very ids.
//
// Proves: W2, 2.2
func TestReadsStayInTheirTenant(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		acme, twin := storetest.Twins(t, s)
		fill(t, acme)
		fill(t, twin)
		empty := s.Tenant(identity.NewTenantID())
		for name, read := range reads {
			if seen, err := read(t.Context(), acme); err != nil || !seen {
				t.Errorf("%s sees nothing in its own tenant (%v)", name, err)
			}
			if seen, err := read(t.Context(), empty); err != nil || seen {
				t.Errorf("%s sees another tenant's rows (%v)", name, err)
			}
		}
	})
}

// Whatever is written in one tenant, every row of its twin stays as it was.
//
// Proves: W2, 2.2, 2.3
func TestWritesStayInTheirTenant(t *testing.T) {
	storetest.EachAddress(t, func(t *testing.T, address string) {
		s, raw := storetest.Open(t, address), rawDB(t, address)
		tables := append([]string{"slugs"}, scopedTables...)
		of := func(tenant store.Tenant) string { return dump(t, raw, tables, `tenant_id = $1`, string(tenant.ID())) }
		var left []string // the rows of all tenants, as they must be in the end
		n := 0
		for name, write := range writes {
			n++
			acme := storetest.AddTenant(t, s, fmt.Sprintf("acme-%d", n), identity.Workspace)
			twin := storetest.AddTenant(t, s, fmt.Sprintf("twin-%d", n), identity.Workspace)
			fill(t, acme)
			fill(t, twin)
			own, other, nowhere := of(acme), of(twin), of(s.Nowhere())
			if err := write(t.Context(), acme); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			after := of(acme)
			if of(twin) != other || of(s.Nowhere()) != nowhere {
				t.Errorf("%s changed rows of another tenant", name)
			}
			if name != "Add" && after == own {
				t.Errorf("%s changed nothing", name)
			}
			left = append(left, after, other)
		}
		want := strings.Split(strings.Join(append(left, of(s.Nowhere())), "\n"), "\n")
		slices.Sort(want)
		if dump(t, raw, tables, `tenant_id <> $1`, "") != strings.TrimSpace(strings.Join(want, "\n")) {
			t.Error("some write changed rows of a tenant farther away")
		}
	})
}
