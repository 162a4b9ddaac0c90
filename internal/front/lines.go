package front

import (
	"io"
	"sync"
	"time"
)

// How much of the log waits to be written, and how long.
const (
	linesSize = 32 << 10
	linesWait = 100 * time.Millisecond
)

// Lines writes the lines of a log many at a time: a system call for each would
// cost more than making it. Whatever ends the process but Flush can cost the
// lines of the last tenth of a second; what must not be lost is an event, in
// the database.
type Lines struct {
	w io.Writer

	mu      sync.Mutex
	waiting []byte
	timer   *time.Timer
}

// NewLines writes to w.
func NewLines(w io.Writer) *Lines { return &Lines{w: w} }

// Write takes whole lines.
func (l *Lines) Write(text []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	first := len(l.waiting) == 0
	l.waiting = append(l.waiting, text...)
	if len(l.waiting) >= linesSize {
		return len(text), l.flush()
	}
	if first && l.timer == nil {
		l.timer = time.AfterFunc(linesWait, func() { _ = l.Flush() })
	} else if first {
		l.timer.Reset(linesWait)
	}
	return len(text), nil
}

// Flush writes what waits.
func (l *Lines) Flush() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.flush()
}

func (l *Lines) flush() error {
	if len(l.waiting) == 0 {
		return nil
	}
	_, err := l.w.Write(l.waiting)
	l.waiting = l.waiting[:0]
	return err
}
