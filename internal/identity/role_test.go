package identity_test

import (
	"fmt"
	"testing"

	"github.com/vestibule-id/vestibule/internal/identity"
)

func TestNamesOfRoles(t *testing.T) {
	many := identity.Roles{}
	for i := range 23 {
		many = append(many, identity.Role{Name: fmt.Sprintf("r%d", i)})
	}
	for want, roles := range map[string]identity.Roles{
		"":         nil,
		"r0":       many[:1],
		"r0, r1":   many[:2],
		longerList: many,
	} {
		if got := roles.Names(); got != want {
			t.Errorf("%d roles: %q, want %q", len(roles), got, want)
		}
	}
}

const longerList = "r0, r1, r2, r3, r4, r5, r6, r7, r8, r9, r10, r11, r12, r13, r14, r15, r16, r17, r18, r19 and 3 more"
