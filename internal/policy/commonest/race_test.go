//go:build race

package commonest

// race says that the race detector watches, which makes everything many times
// slower.
const race = true
