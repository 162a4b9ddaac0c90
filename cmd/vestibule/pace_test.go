package main

import (
	"runtime"
	"testing"
	"testing/synctest"
	"time"
)

// Go runs more at once while somebody hashes, and only then.
func TestPace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		usual := runtime.GOMAXPROCS(0)
		defer runtime.GOMAXPROCS(usual)
		p := startPace()
		wants := func(when string, atOnce int) {
			t.Helper()
			synctest.Wait()
			if got := runtime.GOMAXPROCS(0); got != atOnce {
				t.Errorf("%s %d run at once, not %d", when, got, atOnce)
			}
		}
		wants("at the start", usual)
		p.hashing()
		wants("while somebody hashes", 2*usual)
		time.Sleep(afterHashing - time.Millisecond)
		p.hashing()
		time.Sleep(afterHashing - time.Millisecond)
		wants("not long after the last hash", 2*usual)
		time.Sleep(time.Millisecond)
		wants("long after", usual)
		p.hashing()
		wants("again", 2*usual)
		time.Sleep(afterHashing)
	})
}
