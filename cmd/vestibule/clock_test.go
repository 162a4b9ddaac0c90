package main

import (
	"strings"
	"testing"
	"time"
)

// The database has microseconds: whatever is finer would be in the first answer
// only. Ages do not follow a clock that is set.
func TestTheClockIsAsFineAsTheDatabase(t *testing.T) {
	for range 100 {
		if now := clock(); now.Nanosecond()%1000 != 0 || now.Location() != time.UTC || !strings.Contains(now.String(), " m=") {
			t.Fatal(now)
		}
	}
}
