package front

import (
	"testing"

	"github.com/vestibule-id/vestibule/internal/problem"
)

func TestStatus(t *testing.T) {
	for kind, want := range map[problem.Kind]int{
		problem.Invalid: 422, problem.Unauthenticated: 401, problem.Denied: 403, problem.Missing: 404,
		problem.Conflict: 409, problem.TooMany: 429, problem.Busy: 503, problem.TooLarge: 413,
		problem.WrongType: 415, problem.BadRequest: 400, problem.Misdirected: 405,
		"": 500, "invented": 500,
	} {
		if got := Status(kind); got != want {
			t.Errorf("Status(%q) = %d, want %d", kind, got, want)
		}
	}
}
