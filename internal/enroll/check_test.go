package enroll_test

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/internal/enroll"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/store"
	"github.com/vestibule-id/vestibule/internal/store/storetest"
)

// A look at a file finds what an import would, and changes nothing.
//
// Proves: G2, 5.2
func TestCheck(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		tenant := storetest.AddTenant(t, s, "acme", identity.Workspace)
		svc := &enroll.Service{Now: func() time.Time { return time.Unix(1, 0) }}
		operator := identity.Actor{Operator: true}
		file := "email,name\none@x.test,One\nnothing,Two\n" + strings.Repeat("same@x.test,Same\n", 2) + "three@x.test,Three\n"
		for _, partial := range []bool{false, true} {
			r, err := svc.Import(t.Context(), tenant, operator, strings.NewReader(file), enroll.Options{Check: true, Partial: partial}, identity.Peer{})
			if err != nil || r.Read != 5 || r.Refused != 2 || r.Imported != 0 || len(r.Lines) != 2 || r.Lines[0].Number != 3 || len(r.First) != 3 || r.First[0].Name != "One" {
				t.Errorf("partial %v: %+v, %v", partial, r, err)
			}
		}
		r, err := svc.Import(t.Context(), tenant, operator, strings.NewReader(manyLines(30)), enroll.Options{Check: true}, identity.Peer{})
		if err != nil || r.Read != 30 || len(r.First) != 10 {
			t.Errorf("%d read, %d shown, %v", r.Read, len(r.First), err)
		}
		users, uerr := tenant.Users(t.Context(), "", 9)
		events, eerr := tenant.Events(t.Context(), "", 9)
		if len(users)+len(events) != 0 || uerr != nil || eerr != nil {
			t.Errorf("left behind: %v, %v, %v, %v", users, events, uerr, eerr)
		}
	})
}

func manyLines(n int) string {
	file := "email,name\n"
	for i := range n {
		file += "p" + strconv.Itoa(i) + "@x.test,P\n"
	}
	return file
}
