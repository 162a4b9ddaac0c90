// Testsummary runs a `go test -json` command and prints one line per package,
// the whole output of what failed, and how many tests passed and failed.
//
//	testsummary [-raw FILE] [-counts FILE] -- go test -json ./...
//
// A skipped test counts as failed: nothing is skipped in this project. A test
// with subtests is not counted itself, unless it failed by itself. -raw keeps
// what go test wrote, -counts appends "passed failed" to a file.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"

	"github.com/vestibule-id/vestibule/scripts/testlog"
)

func main() {
	raw := flag.String("raw", "", "`file` that keeps the JSON")
	counts := flag.String("counts", "", "`file` that \"passed failed\" is appended to")
	flag.Parse()
	passed, failed, err := run(flag.Args(), *raw, os.Stdout)
	if err != nil {
		fmt.Fprintln(os.Stderr, "testsummary:", err)
		failed++
	}
	if *counts != "" {
		if err := appendCounts(*counts, passed, failed); err != nil {
			fmt.Fprintln(os.Stderr, "testsummary:", err)
			os.Exit(1)
		}
	}
	fmt.Printf("tests: %d passed, %d failed\n", passed, failed)
	if failed > 0 || passed == 0 {
		os.Exit(1)
	}
}

func run(command []string, raw string, out io.Writer) (passed, failed int, err error) {
	if len(command) == 0 {
		return 0, 0, fmt.Errorf("no command")
	}
	keep := io.Discard
	if raw != "" {
		file, err := os.Create(raw)
		if err != nil {
			return 0, 0, err
		}
		defer file.Close()
		keep = file
	}
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Stderr = os.Stderr
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		return 0, 0, err
	}
	if err := cmd.Start(); err != nil {
		return 0, 0, err
	}
	s := newSummary(out)
	if err := testlog.Read(io.TeeReader(pipe, keep), s.add); err != nil {
		return s.passed, s.failed, err
	}
	if err := cmd.Wait(); err != nil && s.failed == 0 {
		return s.passed, s.failed, err // it failed for a reason no test told
	}
	return s.passed, s.failed, nil
}

func appendCounts(name string, passed, failed int) error {
	f, err := os.OpenFile(name, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintln(f, passed, failed); err != nil {
		return err
	}
	return f.Close()
}
