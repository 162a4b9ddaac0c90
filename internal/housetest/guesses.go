package housetest

import (
	"errors"
	"testing"

	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/signin"
)

// LookedAt lets so many guesses at a current password come at once, and says how
// many were looked at; the others must have been told to wait.
func LookedAt(t testing.TB, guesses int, guess func(i int) error) (looked int) {
	t.Helper()
	answers := make(chan error, guesses)
	for i := range guesses {
		go func() { answers <- guess(i) }()
	}
	for range guesses {
		switch err := <-answers; {
		case errors.Is(err, signin.ErrNotCurrent):
			looked++
		case !errors.Is(err, policy.ErrWait):
			t.Errorf("a guess: %v", err)
		}
	}
	return looked
}
