//go:build !linux

package secret

// aside runs work; only Linux has priorities by thread.
func aside(work func()) { work() }
