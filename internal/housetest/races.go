package housetest

import (
	"math/rand/v2"
	"os"
	"sync"
	"time"
)

// Long says whether this run is the long one, "make soak".
func Long() bool { return os.Getenv("VESTIBULE_SOAK") != "" }

// Rounds is how often a race is run: more in the long form.
func Rounds() int {
	if Long() {
		return 500
	}
	return 30
}

// AtOnce runs both, the second after up to so long.
func AtOnce(late time.Duration, first, second func()) {
	var both sync.WaitGroup
	both.Go(first)
	both.Go(func() {
		time.Sleep(rand.N(late))
		second()
	})
	both.Wait()
}
