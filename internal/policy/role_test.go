package policy

import "testing"

// Rank and permissions both bind (G3), also for the roles of a tenant's own,
// where the one does not follow from the other.
func TestWithin(t *testing.T) {
	mine := Role{Rank: 50, Permissions: []Permission{UsersRead, UsersWrite}}
	for _, test := range []struct {
		name string
		role Role
		want bool
	}{
		{"less of both", Role{Rank: 10, Permissions: []Permission{UsersRead}}, true},
		{"as much of both", mine, true},
		{"nothing", Role{}, true},
		{"a higher rank without permissions", Role{Rank: 51}, false},
		{"a lower rank with a permission I lack", Role{Rank: 10, Permissions: []Permission{UsersRead, AuditRead}}, false},
	} {
		if got := within(test.role, mine); got != test.want {
			t.Errorf("%s: %v", test.name, got)
		}
	}
}
