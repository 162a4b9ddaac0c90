package main

import (
	"os"
	"runtime"
	"runtime/debug"
	"sync"
	"time"
)

// How much garbage may pile up, in percent of what is alive: little while
// passwords are hashed, each of which leaves 19 MB, else much more, so that
// collecting is not what a quick request costs most.
const (
	garbageHashing = 50
	garbageUsual   = 200
	afterHashing   = 2 * time.Second
	afterStart     = time.Second / 2
)

// A collector adapts Go's garbage collector to what the server is doing.
type collector struct {
	ballast []byte // of no use but that percents of little are not next to nothing; no memory stands behind it

	mu      sync.Mutex
	last    time.Time   // a hash began
	relaxes *time.Timer // nil: nobody hashes
}

// startCollector leaves everything as it is where GOGC says how the operator
// wants it.
func startCollector() *collector {
	c := &collector{}
	if os.Getenv("GOGC") == "" {
		c.ballast = make([]byte, 8<<20)
		debug.SetGCPercent(garbageHashing) // what a start leaves behind is not kept either
		c.relaxes = time.AfterFunc(afterStart, c.relax)
	}
	return c
}

// hashing is called before each hash.
func (c *collector) hashing() {
	if c.ballast == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.last = time.Now()
	if c.relaxes == nil {
		debug.SetGCPercent(garbageHashing)
		c.relaxes = time.AfterFunc(afterHashing, c.relax)
	}
}

// relax lets garbage pile up again when nobody has hashed for a while, and
// gives back what hashing took.
func (c *collector) relax() {
	if c.relaxed() {
		debug.FreeOSMemory()
	}
}

func (c *collector) relaxed() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if quiet := time.Since(c.last); quiet < afterHashing {
		c.relaxes.Reset(afterHashing - quiet)
		return false
	}
	c.relaxes = nil
	debug.SetGCPercent(garbageUsual)
	runtime.KeepAlive(c.ballast)
	return true
}
