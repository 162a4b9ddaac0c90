//go:build !race

package housetest

// Race says whether the race detector watches.
const Race = false
