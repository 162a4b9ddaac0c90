package outbox

import (
	"hash/fnv"
	"strconv"
	"time"

	"github.com/vestibule-id/vestibule/internal/identity"
)

// The pause after a try that failed: the first, and the longest.
const (
	firstPause = 5 * time.Second
	lastPause  = time.Hour
)

// backOff is how long to wait after a task's latest try: twice as long each
// time, a fifth more or less, so that what failed together does not come back
// together. The same try always waits the same time.
func backOff(t identity.Task) time.Duration {
	pause := lastPause
	if n := max(t.Tries-1, 0); n < 10 {
		pause = min(firstPause<<n, lastPause)
	}
	sum := fnv.New32a()
	_, _ = sum.Write([]byte(string(t.ID) + " " + strconv.FormatInt(t.Tries, 10))) // never fails
	spread := int64(sum.Sum32()%401) - 200                                        // thousandths
	return pause + pause*time.Duration(spread)/1000
}
