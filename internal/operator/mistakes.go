package operator

import (
	"strings"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/problem"
)

// ErrTenant says that several things about a tenant are wrong, a field for
// each. Where it is one, its own problem is the answer.
var ErrTenant = problem.New(problem.Invalid, "invalid_tenant", "Several things about the tenant are not right.")

// The most that one answer tells of.
const maxMistakes = 10

// mistakes are the problems that were found with what somebody typed.
type mistakes []*problem.Problem

// add notes a problem; field is where it is, unless it says so itself. nil is
// none.
func (m *mistakes) add(field string, err error) {
	if err == nil || len(*m) == maxMistakes {
		return
	}
	p := problem.Of(err)
	if len(p.Fields) == 0 {
		p = p.In(problem.Field{Location: field, Message: p.Message})
	}
	*m = append(*m, p)
}

// settings sets all that can be set.
func (m *mistakes) settings(t *identity.Tenant, settings []Setting) {
	for _, setting := range settings {
		m.add(setting.Key, policy.Set(t, setting.Key, setting.Value))
	}
}

func (m mistakes) problem() error {
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
			messages, fields = append(messages, f.Message), append(fields, f)
		}
	}
	return ErrTenant.Because("%s", strings.Join(messages, " ")).In(fields...)
}
