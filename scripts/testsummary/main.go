// Testsummary runs a `go test -json` command and prints one line per package,
// the whole output of what failed, and how many tests passed and failed.
//
//	testsummary [-raw FILE] [-counts FILE] [-until TIME] -- go test -json ./...
//
// A skipped test counts as failed: nothing is skipped in this project. A test
// with subtests is not counted itself, unless it failed by itself. -raw keeps
// what go test wrote, -counts appends "passed failed" to a file. At the time of
// -until, in seconds since 1970, the command is ended, and what has begun by
// then and not ended has failed.
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"time"

	"github.com/vestibule-id/vestibule/scripts/testlog"
)

func main() {
	raw := flag.String("raw", "", "`file` that keeps the JSON")
	counts := flag.String("counts", "", "`file` that \"passed failed\" is appended to")
	until := flag.Int64("until", 0, "the `time` when the command is ended; 0 is never")
	flag.Parse()
	passed, failed, err := run(flag.Args(), *raw, *until, os.Stdout)
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

func run(command []string, raw string, until int64, out io.Writer) (passed, failed int, err error) {
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
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer cancel()
	if until != 0 {
		ctx, cancel = context.WithDeadline(ctx, time.Unix(until, 0))
		defer cancel()
	}
	s := newSummary(out)
	err = s.read(ctx, command, keep)
	s.end()
	if ctx.Err() != nil {
		return s.passed, s.failed, fmt.Errorf("out of time, so not everything was tested: %v: %w", command, context.Cause(ctx))
	}
	if _, ended := errors.AsType[*exec.ExitError](err); ended && s.failed > 0 {
		err = nil // the tests tell why
	}
	return s.passed, s.failed, err
}

// grace is what the command has to say what was under way.
var grace = 15 * time.Second

// read runs the command and adds what it writes, until ctx ends it with all
// it has started.
func (s *summary) read(ctx context.Context, command []string, keep io.Writer) error {
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	ended, group, patience := make(chan struct{}), -cmd.Process.Pid, grace
	defer close(ended)
	defer context.AfterFunc(ctx, func() {
		_ = syscall.Kill(group, syscall.SIGINT)
		select {
		case <-ended:
		case <-time.After(patience):
		}
		_ = syscall.Kill(group, syscall.SIGKILL) // what has not gone
	})()
	return cmp.Or(testlog.Read(io.TeeReader(pipe, keep), s.add), cmd.Wait())
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
