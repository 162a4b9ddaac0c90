package policy

import (
	"time"

	"github.com/vestibule-id/vestibule/internal/identity"
)

// Ends says when a session ends that was opened at signedIn and whose person
// last did something at interacted: idle unless they do something again,
// absolute whatever they do. The idle end is never the later one.
func Ends(p identity.Policy, signedIn, interacted time.Time) (idle, absolute time.Time) {
	idle, absolute = interacted.Add(time.Duration(p.IdleTimeout)), signedIn.Add(time.Duration(p.SessionLifetime))
	if absolute.Before(idle) {
		idle = absolute
	}
	return idle, absolute
}

// TokenEnd says when an access token minted at now ends: after its own time,
// but never after its session.
func TokenEnd(p identity.Policy, now, idle, absolute time.Time) time.Time {
	end := now.Add(time.Duration(p.AccessTokenTTL))
	for _, other := range []time.Time{idle, absolute} {
		if other.Before(end) {
			end = other
		}
	}
	return end
}

// Warnings say how long before a session is idle, and before it ends whatever
// its person does, a page warns: two minutes and five, or a third of the time
// there is where that is shorter. People need at least twenty seconds to react
// (WCAG 2.2, success criterion 2.2.1).
func Warnings(p identity.Policy) (idle, absolute time.Duration) {
	return min(2*time.Minute, time.Duration(p.IdleTimeout)/3), min(5*time.Minute, time.Duration(p.SessionLifetime)/3)
}

// SpareInteraction says how old the recorded interaction may grow before a
// newer one must be written: a minute, or a tenth of the idle time where that
// is shorter.
func SpareInteraction(p identity.Policy) time.Duration {
	return min(time.Minute, time.Duration(p.IdleTimeout)/10)
}
