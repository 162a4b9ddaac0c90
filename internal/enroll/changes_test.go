package enroll_test

import "github.com/vestibule-id/vestibule/internal/admin"

// changes are those that are not empty.
func changes(email, role string) (c admin.Changes) {
	if email != "" {
		c.Email = &email
	}
	if role != "" {
		c.Role = &role
	}
	return c
}
