package session_test

import (
	"math/rand/v2"
	"os"
	"sync"
	"time"
)

// rounds is how often a race is run: more in the long form.
func rounds() int {
	if os.Getenv("VESTIBULE_SOAK") != "" {
		return 500
	}
	return 30
}

// race runs both at once, the second after up to so long.
func race(late time.Duration, first, second func()) {
	var both sync.WaitGroup
	both.Go(first)
	both.Go(func() {
		time.Sleep(rand.N(late))
		second()
	})
	both.Wait()
}
