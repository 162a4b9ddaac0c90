package policy

import (
	"slices"
	"strings"

	"github.com/vestibule-id/vestibule/internal/problem"
)

// ErrTenant says that several things about a tenant are wrong, a field for
// each. Where it is one, its own problem is the answer.
var ErrTenant = problem.New(problem.Invalid, "invalid_tenant", "Several things about the tenant are not right.")

// The most that one answer tells of.
const maxMistakes = 10

// Mistakes are the problems that were found with what somebody typed about a
// tenant.
type Mistakes []*problem.Problem

// Add notes a problem; field is where it is, unless it says so itself. nil is
// none.
func (m *Mistakes) Add(field string, err error) {
	if err == nil || len(*m) == maxMistakes {
		return
	}
	p := problem.Of(err)
	if len(p.Fields) == 0 {
		p = p.In(problem.Field{Location: field, Message: p.Message})
	}
	*m = append(*m, p)
}

// Problem is the one that was found, ErrTenant where there are several, or nil.
func (m Mistakes) Problem() error {
	switch len(m) {
	case 0:
		return nil
	case 1:
		return m[0]
	}
	var messages []string
	var fields []problem.Field
	for _, p := range m {
		for _, f := range p.Fields {
			if !slices.Contains(fields, f) {
				messages, fields = append(messages, f.Message), append(fields, f)
			}
		}
	}
	return ErrTenant.Because("%s", strings.Join(messages, " ")).In(fields...)
}

// noSetting is ErrKey for a key. What was sent as one may be anything, a secret
// in the wrong place too, so it is named only where it could be a key; else the
// field has no location.
func noSetting(key string) error {
	said := "There is no such setting."
	if key == "" || len(key) > 40 || strings.ContainsFunc(key, notInKeys) {
		key = ""
	} else {
		said = "There is no setting \"" + key + "\"."
	}
	return ErrKey.Because("%s There are: %s.", said, strings.Join(Keys(), ", ")).In(problem.Field{Location: key, Message: said})
}

func notInKeys(c rune) bool {
	return (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '_' && c != '-'
}
