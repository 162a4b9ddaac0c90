package admin_test

import (
	"slices"
	"testing"

	"github.com/vestibule-id/vestibule/internal/admin"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/store"
	"github.com/vestibule-id/vestibule/internal/store/storetest"
)

// Of a user's names only those that somebody else has are told of: one that is
// the user's own stands in nobody's way.
//
// Proves: G2, 2.3
func TestOnlyTheTakenNameIsTold(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		acme, _ := storetest.Twins(t, s)
		people(t, acme, cast)
		svc := service()
		set := func(c admin.Changes, id string) error {
			_, err := svc.Set(t.Context(), acme, operator, identity.UserID(id), c, here)
			return err
		}
		for id, extension := range map[string]string{"usr_una": "301", "usr_uli": "302"} {
			if err := set(admin.Changes{Extension: text(extension)}, id); err != nil {
				t.Fatal(err)
			}
		}
		for _, test := range []struct {
			name    string
			changes admin.Changes
			fields  []string
		}{
			{"somebody's extension, beside an address of one's own", admin.Changes{Extension: text("302")}, []string{"body.extension"}},
			{"somebody's address, beside an extension of one's own", admin.Changes{Email: text("usr_uli@x.test")}, []string{"body.email"}},
			{"both of somebody's", admin.Changes{Email: text("usr_uli@x.test"), Extension: text("302")}, []string{"body.email", "body.extension"}},
		} {
			p := problem.Of(set(test.changes, "usr_una"))
			if p == nil || p.Code != admin.ErrTaken.Code {
				t.Errorf("%s: %v, want %v", test.name, p, admin.ErrTaken)
				continue
			}
			var fields []string
			for _, f := range p.Fields {
				fields = append(fields, f.Location)
			}
			if !slices.Equal(fields, test.fields) {
				t.Errorf("%s: told of %v, want %v", test.name, fields, test.fields)
			}
		}
	})
}
