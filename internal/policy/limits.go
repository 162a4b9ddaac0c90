package policy

import (
	"time"

	"github.com/vestibule-id/vestibule/internal/identity"
)

// The lanes a try at the door may count in.
const (
	LaneBrowser   = "browser"   // tries of one known browser on one user
	LaneSource    = "source"    // failures of one source over all users
	LaneStrangers = "strangers" // failures of all unknown browsers on one user
	LanePlace     = "place"     // tries of one source on one user
)

// A Lane allows Limit tries; from the last of them on there are none for Wait.
// A wait that follows another doubles up to MaxWait; where both are the same
// it does not grow.
type Lane struct {
	Name          string
	Limit         int
	Wait, MaxWait time.Duration
}

// longestWait bounds the wait of unknown browsers while an attack goes on.
const longestWait = 24 * time.Hour

// Lanes says where a try counts, in the order in which the lanes are asked. A
// known browser has a lane of its own, so strangers can never shut it out. The
// order for others puts the lane that tells least about a user first.
func Lanes(p identity.Policy, knownBrowser bool) []Lane {
	wait := time.Duration(p.SignInWait)
	if knownBrowser {
		return []Lane{{Name: LaneBrowser, Limit: p.SignInAttempts, Wait: wait, MaxWait: wait}}
	}
	return []Lane{
		{Name: LaneSource, Limit: p.SourceAttempts, Wait: wait, MaxWait: wait},
		{Name: LaneStrangers, Limit: p.StrangerAttempts, Wait: wait, MaxWait: max(wait, longestWait)},
		{Name: LanePlace, Limit: p.SignInAttempts, Wait: wait, MaxWait: wait},
	}
}

// OperatorTries is the lane of one source that shows operator tokens that are
// none.
func OperatorTries() Lane {
	return Lane{Name: "operator", Limit: 20, Wait: 15 * time.Minute, MaxWait: 15 * time.Minute}
}
