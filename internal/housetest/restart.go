package housetest

import (
	"testing"

	"github.com/vestibule-id/vestibule/internal/session"
	"github.com/vestibule-id/vestibule/internal/signin"
)

// Restart is the same node started again over its store: it remembers nothing.
// Tests of what is on disk open a Node beside it instead.
func (h *House) Restart(t testing.TB) *House {
	t.Helper()
	sessions := &session.Service{
		Store: h.Store, Ring: &session.Ring{Store: h.Store}, Operator: h.Sessions.Operator, Issuer: Issuer, Now: h.Clock.Now,
	}
	again := &House{
		Address: h.Address, Store: h.Store, Clock: h.Clock, Sessions: sessions,
		SignIn: &signin.Service{
			Store: h.Store, Sessions: sessions, Gate: h.SignIn.Gate, Params: h.SignIn.Params, Product: Product, Now: h.Clock.Now,
		},
	}
	again.load(t)
	return again
}
