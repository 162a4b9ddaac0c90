package signin

import (
	"context"
	"errors"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/store"
)

// Reauthenticate signs the person of a live session in again, by password
// alone, through the same limiter as everybody. The session they had goes on;
// the caller ends it. Errors are those of Verify.
func (s *Service) Reauthenticate(ctx context.Context, live store.Live, password string, from From) (out Outcome, err error) {
	defer problem.Wrap(&err, "reauthenticate")
	p, err := s.Verify(ctx, Question{Live: live, Password: password, From: from, Failed: identity.EventLoginFail})
	if errors.Is(err, ErrNotCurrent) {
		return out, ErrNotCurrent.Because("The password is not right.")
	} else if err != nil {
		return out, err
	}
	ctx, cancel := concluding(ctx)
	defer cancel()
	return s.open(ctx, p.meant, from, p.attempt.now)
}
