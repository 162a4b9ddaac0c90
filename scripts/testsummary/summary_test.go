package main

import (
	"io"
	"strings"
	"testing"

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
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newSummary(io.Discard)
			for event := range strings.SplitSeq(c.events, ";") {
				action, test, _ := strings.Cut(strings.TrimSpace(event), " ")
				s.add(testlog.Event{Action: action, Package: "p", Test: test})
			}
			if s.passed != c.passed || s.failed != c.failed {
				t.Errorf("%d passed, %d failed; want %d, %d", s.passed, s.failed, c.passed, c.failed)
			}
		})
	}
}
