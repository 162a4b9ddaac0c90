package main

import (
	"bytes"
	"cmp"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/vestibule-id/vestibule/scripts/testlog"
)

// A tree is a copy of the repository's files, without git's own.
type tree struct{ dir string }

func copyTree() (*tree, error) {
	list, err := exec.Command("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard").Output()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "vestibule-mutants-")
	if err != nil {
		return nil, err
	}
	t := &tree{dir}
	for name := range strings.SplitSeq(strings.TrimSuffix(string(list), "\x00"), "\x00") {
		// A file that is listed and gone has been deleted and not yet committed.
		if err := t.copy(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.remove()
			return nil, err
		}
	}
	return t, nil
}

func (t *tree) copy(name string) error {
	info, err := os.Stat(name)
	if err != nil {
		return err
	}
	data, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	to := filepath.Join(t.dir, name)
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	return os.WriteFile(to, data, info.Mode().Perm())
}

func (t *tree) remove() { os.RemoveAll(t.dir) }

func (t *tree) apply(patch string, flags ...string) (output string, err error) {
	cmd := exec.Command("git", append(append([]string{"apply"}, flags...), patch)...)
	cmd.Dir = t.dir
	// A temporary folder inside some repository would be taken for a part of it.
	cmd.Env = append(os.Environ(), "GIT_CEILING_DIRECTORIES="+filepath.Dir(t.dir))
	said, err := cmd.CombinedOutput()
	return string(said), err
}

// restore takes a patch back. Where that fails the copy is of no more use.
func (t *tree) restore(patch string) {
	if output, err := t.apply(patch, "--reverse"); err != nil {
		panic("cannot take the mutant back: " + output)
	}
}

// A verdict is a word, and what was said when the word needs explaining.
type verdict struct{ word, output string }

const (
	red   = "red"
	green = "green"
)

// test runs one test. It is red only by its own verdict.
func (t *tree) test(test target) verdict {
	cmd := exec.Command("go", "test", "-json", "-vet=off", "-count=1", "-timeout=2m", "-run="+exactly(test.name), test.pkg)
	cmd.Dir = t.dir
	cmd.Env = append(os.Environ(), "VESTIBULE_TEST_DATABASES="+test.databases)
	log, err := cmd.Output()
	exit, ran := errors.AsType[*exec.ExitError](err)
	if err != nil && !ran {
		return verdict{"BROKEN!", err.Error()}
	}
	v := judge(log, test.name)
	if v.word == "BROKEN!" && ran {
		v.output += string(exit.Stderr)
	}
	return v
}

// judge reads go test's log for the verdict on the named test. The output is
// kept for whoever must find out why it is not the one that was wanted.
func judge(log []byte, name string) verdict {
	var output strings.Builder
	word, timedOut := "", false
	testlog.Read(bytes.NewReader(log), func(e testlog.Event) { // reading memory does not fail
		output.WriteString(e.Output)
		timedOut = timedOut || strings.HasPrefix(e.Output, "panic: test timed out")
		if e.Test != name {
			return
		}
		switch e.Action {
		case "pass":
			word = green
		case "fail":
			word = red
		}
	})
	if timedOut {
		word = ""
	}
	return verdict{cmp.Or(word, "BROKEN!"), output.String()}
}

// exactly is the pattern for -run that matches this test and no other.
func exactly(name string) string {
	parts := strings.Split(name, "/")
	for i, part := range parts {
		parts[i] = "^" + regexp.QuoteMeta(part) + "$"
	}
	return strings.Join(parts, "/")
}
