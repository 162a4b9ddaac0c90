package operator_test

import (
	"time"

	"github.com/vestibule-id/vestibule/internal/enroll"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/operator"
	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/store"
)

// signUp is the service for a request of a program with the token opt_1.
func signUp(s *store.Store) *operator.Service {
	now := func() time.Time { return noon }
	svc := &operator.Service{Store: s, Now: now, Invitations: &enroll.Invitations{Now: now, Operator: policy.Defaults()}}
	return svc.For(identity.Actor{Operator: true, Token: "opt_1"}, identity.Peer{Address: aSource})
}

func invitee(email, extension string) *enroll.Invitee {
	return &enroll.Invitee{Email: email, Extension: extension, Name: "Ann"}
}
