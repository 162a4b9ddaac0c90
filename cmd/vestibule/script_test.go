package main

import (
	"errors"
	"maps"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/vestibule-id/vestibule/internal/secret"
	"github.com/vestibule-id/vestibule/internal/store/storetest"
)

// TestMain makes this test binary answer to the name vestibule, so that the
// scripts run the real program, in processes of its own.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"vestibule": main, "vestibule-ahead": ahead})
}

// The scripts are shell sessions, one folder and one empty database each:
//
//	vestibule ARGS…       works on $VESTIBULE_DATABASE; what follows "!" must fail
//	exits CODE COMMAND…   runs a command that must end with the code
//	take NAME             puts the one line the last command wrote into $NAME
//	[sqlite] [postgres]   lines for one of the databases
//	$SHARED               the papers' folder, with files other systems exported
//
// Proves: 2.2, 2.3, 2.4, 2.7, G1, G2, P1
func TestScripts(t *testing.T) {
	shared, err := filepath.Abs("../../../shared")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range storetest.Databases() {
		t.Run(name, func(t *testing.T) {
			testscript.Run(t, testscript.Params{
				Dir:                 filepath.Join("testdata", "script"),
				RequireExplicitExec: true,
				RequireUniqueNames:  true,
				Setup: func(env *testscript.Env) error {
					env.Setenv("SHARED", shared)
					env.Setenv("VESTIBULE_DATABASE", "sqlite:"+filepath.Join(env.WorkDir, "vestibule.db"))
					if name == "postgres" {
						env.Setenv("VESTIBULE_DATABASE", storetest.EmptyAddress(t, name))
						env.Setenv("VESTIBULE_SEALING_KEY", strings.TrimSpace(secret.NewSealingKey()))
					}
					return nil
				},
				Condition: func(condition string) (bool, error) { return condition == name, nil },
				Cmds:      commands(),
			})
		})
	}
}

func commands() map[string]func(*testscript.TestScript, bool, []string) {
	all := maps.Clone(serverCommands)
	all["exits"], all["take"] = exits, take
	return all
}

func exits(ts *testscript.TestScript, not bool, args []string) {
	if not || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND…")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		ended, ok := errors.AsType[*exec.ExitError](err)
		if !ok {
			ts.Fatalf("%v", err)
		}
		got = ended.ExitCode()
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

func take(ts *testscript.TestScript, not bool, args []string) {
	if not || len(args) != 1 {
		ts.Fatalf("usage: take NAME")
	}
	line := strings.TrimSuffix(ts.ReadFile("stdout"), "\n")
	if line == "" || strings.Contains(line, "\n") {
		ts.Fatalf("want one line, got %q", line)
	}
	ts.Setenv(args[0], line)
}
