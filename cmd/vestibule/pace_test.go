package main

import (
	"runtime"
	"runtime/debug"
	"testing"
	"testing/synctest"
	"time"

	"github.com/vestibule-id/vestibule/internal/secret/argon2id"
)

// While somebody hashes, and only then, Go runs more at once, little garbage
// piles up, and memory waits for the next hash.
func TestPace(t *testing.T) {
	t.Setenv("GOGC", "")
	usual, percent := runtime.GOMAXPROCS(0), debug.SetGCPercent(100)
	defer func() {
		runtime.GOMAXPROCS(usual)
		debug.SetGCPercent(percent)
		argon2id.Keep(0)
	}()
	synctest.Test(t, func(t *testing.T) {
		p := startPace()
		wants := func(when string, atOnce, garbage int, keeps bool) {
			t.Helper()
			synctest.Wait()
			if got := runtime.GOMAXPROCS(0); got != atOnce {
				t.Errorf("%s %d run at once, not %d", when, got, atOnce)
			}
			got := debug.SetGCPercent(garbage)
			if got != garbage {
				t.Errorf("%s garbage may be %d percent, not %d", when, got, garbage)
			}
			if oneHash(); (oneHash() < hashSize) != keeps {
				t.Errorf("%s memory is kept for the next hash: %t", when, !keeps)
			}
		}
		wants("at the start", usual, garbageHashing, false)
		p.hashing()
		wants("while somebody hashes", 2*usual, garbageHashing, true)
		time.Sleep(afterHashing - time.Millisecond)
		p.hashing()
		time.Sleep(afterHashing - time.Millisecond)
		wants("not long after the last hash", 2*usual, garbageHashing, true)
		time.Sleep(time.Millisecond)
		wants("long after", usual, garbageUsual, false)
		p.hashing()
		wants("again", 2*usual, garbageHashing, true)
		time.Sleep(afterHashing)
	})
}

const hashSize = 1 << 20

// oneHash is how many bytes a hash of hashSize allocates.
func oneHash() uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	argon2id.Key(nil, make([]byte, 16), 1, hashSize>>10, 1, 32)
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}
