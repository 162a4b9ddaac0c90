package web

import (
	"time"

	"github.com/vestibule-id/vestibule/internal/problem"
)

// soon is how short a session must be to be asked about: whoever chooses less
// may be signed out before they can choose otherwise.
const soon = 5 * time.Minute

var errSoon = problem.New(problem.Invalid, "signs_out_soon", "Nothing was saved: say first that people are to be signed out that soon.")

// signsOut are the settings that end sessions, with what a very short time does.
var signsOut = map[string]string{
	"idle-timeout":     "People who pause for longer than this are signed out, you too. Tick the box if it is meant.",
	"session-lifetime": "Everybody is signed out so long after signing in, you too. Tick the box if it is meant.",
}

// signsOutSoon reports whether a value of a key leaves people hardly a session.
func signsOutSoon(key, value string) bool {
	long, err := time.ParseDuration(value)
	return signsOut[key] != "" && err == nil && long > 0 && long < soon
}

// sure reports whether the box beside a key was ticked, whose value is the
// page's; a field of that name alone is no tick.
func (f form) sure(key string) bool { return f[sureName(key)] == "yes" }

// surely is errSoon where changes leave people hardly a session and the form
// does not say that it is meant.
func (f form) surely(changes map[string]string) error {
	var asked []problem.Field
	for key, value := range changes {
		if signsOutSoon(key, value) && !f.sure(key) {
			asked = append(asked, problem.Field{Location: "body." + key, Message: signsOut[key]})
		}
	}
	if asked == nil {
		return nil
	}
	return errSoon.In(asked...)
}
