package front

import (
	"net/http"

	"github.com/vestibule-id/vestibule/internal/problem"
)

var statuses = map[problem.Kind]int{
	problem.Invalid:         http.StatusUnprocessableEntity,
	problem.Unauthenticated: http.StatusUnauthorized,
	problem.Denied:          http.StatusForbidden,
	problem.Missing:         http.StatusNotFound,
	problem.Conflict:        http.StatusConflict,
	problem.TooMany:         http.StatusTooManyRequests,
	problem.Busy:            http.StatusServiceUnavailable,
	problem.TooLarge:        http.StatusRequestEntityTooLarge,
	problem.WrongType:       http.StatusUnsupportedMediaType,
	problem.BadRequest:      http.StatusBadRequest,
	problem.Misdirected:     http.StatusMethodNotAllowed,
	problem.Gone:            http.StatusGone,
}

// Status is the HTTP status (RFC 9110, section 15) of a kind of problem. A kind
// nobody taught it is our mistake: 500.
func Status(k problem.Kind) int {
	if status, known := statuses[k]; known {
		return status
	}
	return http.StatusInternalServerError
}
