//go:build race

package housetest

// Race says that the race detector watches, which makes everything about ten
// times slower: what repeats for numbers' sake may do so less.
const Race = true
