package main

import (
	"os"
	"runtime"
	"runtime/debug"
	"sync"
	"time"

	"github.com/vestibule-id/vestibule/internal/secret/argon2id"
)

// How much garbage may pile up, in percent of what is alive: little while
// passwords are hashed, in 19 MB each, else much more, so that collecting is not
// what a quick request costs most.
const (
	garbageHashing = 50
	garbageUsual   = 200
	afterHashing   = 2 * time.Second
	afterStart     = time.Second / 2
)

// A pace adapts Go's runtime to what the server is doing. While passwords are
// hashed, Go runs twice as much at once as there are processors: hashes step
// aside for everything else (package secret), which so finds one. At other times
// more at once would only cost.
type pace struct {
	processors int
	collects   bool   // and not as the operator wants it
	ballast    []byte // of no use but that percents of little are not next to nothing; no memory stands behind it

	mu    sync.Mutex
	last  time.Time   // a hash began
	eases *time.Timer // nil: nobody hashes
}

// startPace leaves the garbage as it is where GOGC says how the operator wants
// it.
func startPace() *pace {
	p := &pace{processors: runtime.GOMAXPROCS(0), collects: os.Getenv("GOGC") == ""}
	if p.collects {
		p.ballast = make([]byte, 8<<20)
		debug.SetGCPercent(garbageHashing) // what a start leaves behind is not kept either
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.eases = time.AfterFunc(afterStart, p.ease)
	return p
}

// hashing is called before each hash.
func (p *pace) hashing() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.last = time.Now()
	if runtime.GOMAXPROCS(0) == p.processors {
		p.set(garbageHashing, 2*p.processors, p.processors)
	}
	if p.eases == nil {
		p.eases = time.AfterFunc(afterHashing, p.ease)
	}
}

// ease lets garbage pile up again when nobody has hashed for a while, and
// gives back what hashing took.
func (p *pace) ease() {
	if p.eased() {
		debug.FreeOSMemory()
	}
}

func (p *pace) eased() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if quiet := time.Since(p.last); quiet < afterHashing {
		p.eases.Reset(afterHashing - quiet)
		return false
	}
	p.eases = nil
	p.set(garbageUsual, p.processors, 0)
	return true
}

// set says how much garbage may pile up, in percent, how much runs at once, and
// how many pieces of memory wait for the next hash.
func (p *pace) set(garbage, atOnce, pieces int) {
	runtime.GOMAXPROCS(atOnce)
	argon2id.Keep(pieces)
	if p.collects {
		debug.SetGCPercent(garbage)
	}
}
