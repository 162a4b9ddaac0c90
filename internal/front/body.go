package front

import "github.com/vestibule-id/vestibule/internal/problem"

// MaxBody is how many bytes a body may have, of whatever kind.
const MaxBody = 64 << 10

// What is wrong with a body before anything of it is looked at.
var (
	ErrContentType = problem.New(problem.WrongType, "wrong_content_type", "The body is not of the kind that is taken here.")
	ErrTooLarge    = problem.New(problem.TooLarge, "body_too_large", "The body is larger than 64 KiB.")
)
