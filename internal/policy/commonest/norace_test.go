//go:build !race

package commonest

// race says whether the race detector watches.
const race = false
