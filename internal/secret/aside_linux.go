package secret

import (
	"runtime"
	"syscall"
)

// asideNice is how much the rest of the process goes before slow work where
// both want a processor: a tenth is left to the hashes when there is not
// enough for all, everything when the others wait.
const asideNice = 10

// aside runs work on a thread of its own that yields to every other one. Go's
// scheduler would take the processor from a computation only every 10 ms;
// Linux does so as soon as somebody else wakes up. Goroutines that work starts
// run on other threads and do not yield.
func aside(work func()) {
	done := make(chan struct{})
	var panicked any
	go func() {
		defer close(done)
		defer func() { panicked = recover() }()
		runtime.LockOSThread()                                      // never unlocked: the thread ends with its priority
		_ = syscall.Setpriority(syscall.PRIO_PROCESS, 0, asideNice) // 0 is the thread; without it hashes only cost patience
		work()
	}()
	<-done
	if panicked != nil {
		panic(panicked)
	}
}
