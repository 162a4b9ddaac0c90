package main

import (
	"io"
	"strings"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/scripts/testlog"
)

func TestSummaryCounts(t *testing.T) {
	for _, c := range []struct {
		name           string
		events         string
		passed, failed int
	}{
		{"a test", "pass T; pass", 1, 0},
		{"subtests are counted, their parent is not", "pass T/a; pass T/b; pass T; pass", 2, 0},
		{"a failed subtest is one failure", "fail T/a; pass T/b; fail T; fail", 1, 1},
		{"a parent that fails by itself is a failure", "pass T/a; fail T; fail", 1, 1},
		{"a skipped test failed", "skip T; pass", 0, 1},
		{"a skipped subtest failed", "skip T/a; pass T; pass", 0, 1},
		{"a test that never ended failed", "run T; pass U; fail", 1, 1},
		{"a package that does not compile failed", "fail", 0, 1},
		{"a package that died after its tests failed", "pass T; fail", 1, 1},
		{"a package without tests is nothing", "skip", 0, 0},
		{"a package that never ended failed", "pass T", 1, 1},
		{"so did its test under way", "pass T; run U", 1, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newSummary(io.Discard)
			for event := range strings.SplitSeq(c.events, ";") {
				action, test, _ := strings.Cut(strings.TrimSpace(event), " ")
				s.add(testlog.Event{Action: action, Package: "p", Test: test})
			}
			s.end()
			if s.passed != c.passed || s.failed != c.failed {
				t.Errorf("%d passed, %d failed; want %d, %d", s.passed, s.failed, c.passed, c.failed)
			}
		})
	}
}

// What runs into the end of the time is ended with all it has started, and has
// failed however it takes the ending.
func TestEndOfTime(t *testing.T) {
	defer func(was time.Duration) { grace = was }(grace)
	grace = time.Second
	began := `{"Action":"run","Package":"p","Test":"T"}`
	for _, c := range []struct{ name, script string }{
		{"it sleeps", "echo '" + began + "'; sleep 100"},
		{"something it started sleeps on its output", "echo '" + began + "'; sleep 100 & exit 0"},
		{"it ends well as soon as it is told to", "trap 'exit 0' INT; echo '" + began + "'; sleep 100 & wait"},
	} {
		t.Run(c.name, func(t *testing.T) {
			at := time.Now()
			passed, failed, err := run([]string{"sh", "-c", c.script}, "", at.Unix()+1, io.Discard)
			if passed != 0 || failed != 1 || err == nil {
				t.Errorf("%d passed, %d failed, %v", passed, failed, err)
			}
			if took := time.Since(at); took > time.Minute {
				t.Errorf("it took %s", took)
			}
		})
	}
}
