package enroll_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/vestibule-id/vestibule/internal/enroll"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/secret"
	"github.com/vestibule-id/vestibule/internal/store"
	"github.com/vestibule-id/vestibule/internal/store/storetest"
)

// Whoever is not there costs what the tenant's own people cost, in the same
// mix: also where a file has all the dear hashes at its end, comes in pieces,
// and is not the first.
//
// Proves: 2.4, 2.5
func TestImportedUsersStandInEvenly(t *testing.T) {
	const users, names = 2 * store.ImportPiece, 800
	for _, o := range []enroll.Options{{}, partial} {
		t.Run(fmt.Sprintf("partial %v", o.Partial), func(t *testing.T) {
			tenant := storetest.AddTenant(t, storetest.SQLite(t), "acme", identity.Workspace)
			// A quarter is dear: the second half of the second file.
			for i, dear := range []int{users, users / 2} {
				r, err := bring(t, tenant, sorted(i, users, dear), o)
				if err != nil || r.Imported != users {
					t.Fatalf("%+v, %v", r, err)
				}
			}
			drawn := 0
			for i := range names {
				c, err := tenant.CandidateByEmail(t.Context(), fmt.Sprintf("nobody%d@x.test", i), secret.DefaultParams)
				if err != nil || c.User.ID != "" {
					t.Fatalf("%+v, %v", c.User, err)
				}
				if c.Hash.Kind() == "bcrypt:6" {
					drawn++
				}
			}
			// 200 on average; outside of this once in millions of runs.
			if drawn < 140 || drawn > 260 {
				t.Errorf("%d of %d names that nobody has cost what a quarter of the users cost", drawn, names)
			}
		})
	}
}

// sorted is a file of n users, whose hashes are dearer from one line on.
func sorted(file, n, dear int) string {
	var text strings.Builder
	text.WriteString(header + "\n")
	for i := range n {
		hash := aHash
		if i >= dear {
			hash = strings.Replace(aHash, "$05$", "$06$", 1)
		}
		fmt.Fprintf(&text, "person%d.%d@example.test,,Person,user,%s,\n", file, i, hash)
	}
	return text.String()
}
