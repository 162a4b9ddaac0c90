// Package testlog reads what `go test -json` writes.
package testlog

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"time"
)

// An Event is one line. Test is empty where a whole package is meant; Package
// is empty for the compiler's lines, which carry ImportPath instead.
type Event struct {
	Time       time.Time
	Action     string // run, pass, fail, skip, output, build-output, build-fail, …
	Package    string
	ImportPath string
	Test       string
	Output     string
	Elapsed    float64 // seconds
}

// Read calls each with every event. A line that is no JSON becomes an output
// of nobody's.
func Read(r io.Reader, each func(Event)) error {
	lines := bufio.NewReader(r)
	for {
		line, err := lines.ReadBytes('\n')
		if len(line) > 0 {
			each(event(line))
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func event(line []byte) Event {
	var e Event
	if json.Unmarshal(line, &e) != nil || e.Action == "" {
		return Event{Action: "output", Output: string(line)}
	}
	return e
}
