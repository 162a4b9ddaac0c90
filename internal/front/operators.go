package front

import (
	"net/http"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/policy"
)

// Operators admits programs that carry an operator token, and nobody else: no
// session is looked for on such a route, and no other route looks for a token.
var Operators = Guard{operators: true, admit: func(a identity.Actor) error {
	if !a.Operator {
		return policy.ErrOperator
	}
	return nil
}}

// ForOperators reports whether g asks for an operator token.
func (g Guard) ForOperators() bool { return g.operators }

func (d *Door) operated(w http.ResponseWriter, r *http.Request, v *Visit, route Route) (err error) {
	if d.Operate != nil {
		if v.Actor, err = d.Operate(r, v.Peer); err != nil {
			return err
		}
	}
	if err := route.Guard.Check(v.Actor); err != nil {
		return err
	}
	return route.Handle(w, r, v)
}
