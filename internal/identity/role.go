package identity

import (
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/vestibule-id/vestibule/internal/problem"
)

// A Role is a ranked set of permissions: a built-in one, or a tenant's own. The
// zero Role is none, and whoever holds it may do nothing.
type Role struct {
	Name        string // what programs and files call it; it never changes
	Title       string // what people read
	Rank        int    // the higher, the more; 1 to 100
	Permissions Permissions
	CreatedAt   time.Time // zero: built in
	ChangedAt   time.Time // zero: built in
}

// Roles are the roles there are in a tenant, the highest first.
type Roles []Role

// Named is the role of that name, or the zero Role.
func (r Roles) Named(name string) Role {
	if i := slices.IndexFunc(r, func(one Role) bool { return one.Name == name }); i >= 0 {
		return r[i]
	}
	return Role{}
}

// namesTold is how many roles a sentence names: a screen's line or two.
const namesTold = 20

// Names are the roles' names in a sentence, the first twenty and how many more
// there are: “admin, manager, user”.
func (r Roles) Names() string {
	var told []string
	for _, one := range r[:min(len(r), namesTold)] {
		told = append(told, one.Name)
	}
	if more := len(r) - len(told); more > 0 {
		told[len(told)-1] += fmt.Sprintf(" and %d more", more)
	}
	return strings.Join(told, ", ")
}

// Permissions is a set of permissions: their names with a space between them
// (like the scope of RFC 6749, section 3.3), in the order of policy's list, so
// that equal sets are equal values.
type Permissions string

// All are the names in the set.
func (p Permissions) All() iter.Seq[string] { return strings.FieldsSeq(string(p)) }

// Has reports whether a permission is in the set.
func (p Permissions) Has(name string) bool {
	for one := range p.All() {
		if one == name {
			return true
		}
	}
	return false
}

// Title is what people read for the name of a role: its title or, where the
// role is gone, the name.
func (r Roles) Title(name string) string {
	if one := r.Named(name); one.Name != "" {
		return one.Title
	}
	return name
}

// ErrRoleName says what a role may be called by programs.
var ErrRoleName = problem.New(problem.Invalid, "invalid_role_name", "A role's name has 2 to 40 characters: a to z, 0 to 9, and hyphens that are neither first nor last.")

// ParseRoleName reads the name of a role; nothing of it is folded. The error is
// ErrRoleName.
func ParseRoleName(typed string) (string, error) {
	if slug, err := ParseSlug(typed); err != nil || slug != typed { // the same letters will do
		return "", ErrRoleName
	}
	return typed, nil
}
