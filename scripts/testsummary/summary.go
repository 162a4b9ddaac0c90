package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/vestibule-id/vestibule/scripts/testlog"
)

// A summary counts tests package by package, as the packages end.
type summary struct {
	out      io.Writer
	packages map[string]*pkg
	passed   int
	failed   int
}

// A pkg is a package whose tests are running.
type pkg struct {
	tests map[string]*test
	order []*test
	lines strings.Builder // what belongs to no test
}

type test struct {
	name   string
	end    string // pass, fail, skip; empty while it runs
	lines  strings.Builder
	parent bool // of subtests
	blamed bool // a subtest did not pass
}

func newSummary(out io.Writer) *summary {
	return &summary{out: out, packages: map[string]*pkg{}}
}

func (s *summary) add(e testlog.Event) {
	switch {
	case e.Package == "": // the compiler speaks
		fmt.Fprint(s.out, e.Output)
	case e.Test == "":
		s.addPackage(e)
	default:
		s.addTest(e)
	}
}

func (s *summary) pkg(name string) *pkg {
	if s.packages[name] == nil {
		s.packages[name] = &pkg{tests: map[string]*test{}}
	}
	return s.packages[name]
}

func (s *summary) addTest(e testlog.Event) {
	p := s.pkg(e.Package)
	t := p.tests[e.Test]
	if t == nil {
		t = &test{name: e.Test}
		p.tests[e.Test] = t
		p.order = append(p.order, t)
	}
	switch e.Action {
	case "output":
		t.lines.WriteString(e.Output)
	case "pass", "fail", "skip":
		t.end = e.Action
	}
}

func (s *summary) addPackage(e testlog.Event) {
	p := s.pkg(e.Package)
	switch e.Action {
	case "output":
		p.lines.WriteString(e.Output)
	case "skip":
		delete(s.packages, e.Package) // it has no tests
	case "pass", "fail":
		s.close(p, e)
		delete(s.packages, e.Package)
	}
}

// end closes the packages that never ended, which is a failure of each.
func (s *summary) end() {
	for _, name := range slices.Sorted(maps.Keys(s.packages)) {
		s.close(s.packages[name], testlog.Event{Package: name, Action: "fail"})
	}
	clear(s.packages)
}

// close counts a package's tests and prints what is to be said about it.
func (s *summary) close(p *pkg, e testlog.Event) {
	p.blame()
	var passed int
	var bad []*test
	for _, t := range p.order {
		switch {
		case t.end == "pass" && !t.parent:
			passed++
		case t.end != "pass" && !t.blamed:
			bad = append(bad, t)
		}
	}
	failed := len(bad)
	if e.Action == "fail" && failed == 0 {
		failed = 1 // it did not compile, or died outside of its tests
	}
	s.passed += passed
	s.failed += failed
	word := "ok   "
	if failed > 0 {
		word = "FAIL "
	}
	fmt.Fprintf(s.out, "%s %-60s %5d tests %6.1fs\n", word, e.Package, passed+failed, e.Elapsed)
	if failed > 0 {
		s.explain(p, bad)
	}
}

// explain prints the output of the tests that did not pass, of the tests
// they are part of, and of the package.
func (s *summary) explain(p *pkg, bad []*test) {
	for _, t := range p.order {
		if t.blamed || slices.Contains(bad, t) || len(bad) == 0 {
			fmt.Fprint(s.out, t.lines.String())
		}
	}
	fmt.Fprint(s.out, p.lines.String())
	for _, t := range bad {
		switch t.end {
		case "skip":
			fmt.Fprintf(s.out, "SKIPPED, which counts as failed: %s\n", t.name)
		case "":
			fmt.Fprintf(s.out, "NEVER ENDED: %s\n", t.name)
		}
	}
}

// blame marks the tests that have subtests, and those that have one that did
// not pass.
func (p *pkg) blame() {
	for _, t := range p.order {
		for name := t.name; ; {
			slash := strings.LastIndex(name, "/")
			if slash < 0 {
				break
			}
			name = name[:slash]
			if parent := p.tests[name]; parent != nil {
				parent.parent = true
				parent.blamed = parent.blamed || t.end != "pass"
			}
		}
	}
}
