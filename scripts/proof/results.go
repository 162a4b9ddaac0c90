package main

import (
	"errors"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/vestibule-id/vestibule/scripts/testlog"
)

// A result says what a test, or all tests of a row, said on each database:
// pass, FAIL, any (it needs no particular database), - (not on this one) or
// MISSING (it did not run).
type result struct{ sqlite, postgres string }

func (r result) orMissing() result {
	if r == (result{}) {
		return result{"MISSING", "MISSING"}
	}
	return r
}

func (r result) and(s result) result {
	return result{worse(r.sqlite, s.sqlite), worse(r.postgres, s.postgres)}
}

func (r result) good() bool {
	bad := func(s string) bool { return s == "FAIL" || s == "MISSING" }
	return !bad(r.sqlite) && !bad(r.postgres)
}

// worse is what two results come to: a failure shows, and a pass on a
// database says more than one that needed none.
func worse(a, b string) string {
	for _, s := range []string{"FAIL", "MISSING", "pass", "any", "-"} {
		if a == s || b == s {
			return s
		}
	}
	return ""
}

// readResults reads the results of every test function from the logs.
func readResults(logs []string) (map[testID]result, error) {
	module, err := modulePath()
	if err != nil {
		return nil, err
	}
	ends := map[testID]map[string]string{} // by test function, by path of subtests
	for _, name := range logs {
		if err := readEnds(ends, module, name); err != nil {
			return nil, err
		}
	}
	results := map[testID]result{}
	for id, subtests := range ends {
		results[id] = resultOf(subtests)
	}
	return results, nil
}

func readEnds(ends map[testID]map[string]string, module, name string) error {
	file, err := os.Open(name)
	if err != nil {
		return err
	}
	defer file.Close()
	return testlog.Read(file, func(e testlog.Event) {
		if e.Test == "" {
			return
		}
		dir := strings.TrimPrefix(strings.TrimPrefix(e.Package, module), "/")
		if dir == "" {
			dir = "."
		}
		function, subtest, _ := strings.Cut(e.Test, "/")
		id := testID{dir, function}
		if ends[id] == nil {
			ends[id] = map[string]string{}
		}
		switch e.Action {
		case "run":
			ends[id][subtest] = "FAIL" // until it says otherwise
		case "pass":
			ends[id][subtest] = "pass"
		case "fail", "skip":
			ends[id][subtest] = "FAIL"
		}
	})
}

// resultOf sorts subtests by the database in their path; "" is the test.
func resultOf(ends map[string]string) result {
	r := result{"-", "-"}
	other := "-" // subtests that name no database
	for path, end := range ends {
		switch parts := "/" + path + "/"; {
		case strings.Contains(parts, "/sqlite/"):
			r.sqlite = worse(r.sqlite, end)
		case strings.Contains(parts, "/postgres/"):
			r.postgres = worse(r.postgres, end)
		case path != "":
			other = worse(other, end)
		}
	}
	whole := ends[""]
	if r == (result{"-", "-"}) {
		if whole == "pass" {
			whole = "any"
		}
		return result{whole, whole}
	}
	// What failed beside the databases' subtests failed on both.
	if other == "FAIL" || whole == "FAIL" && r.good() {
		return result{"FAIL", "FAIL"}
	}
	return r
}

// isFresh reports whether the tests began after every file was written.
func isFresh(log string) bool {
	file, err := os.Open(log)
	if err != nil {
		return false
	}
	defer file.Close()
	var began time.Time
	err = testlog.Read(file, func(e testlog.Event) {
		if began.IsZero() {
			began = e.Time
		}
	})
	if err != nil || began.IsZero() {
		return false
	}
	list, err := exec.Command("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard").Output()
	if err != nil {
		return false
	}
	for name := range strings.SplitSeq(strings.TrimSuffix(string(list), "\x00"), "\x00") {
		info, err := os.Lstat(name)
		if err != nil || info.ModTime().After(began) {
			return false
		}
	}
	return true
}

func modulePath() (string, error) {
	mod, err := os.ReadFile("go.mod")
	if err != nil {
		return "", err
	}
	for line := range strings.Lines(string(mod)) {
		if module, ok := strings.CutPrefix(line, "module "); ok {
			return strings.TrimSpace(module), nil
		}
	}
	return "", errors.New("go.mod names no module")
}
