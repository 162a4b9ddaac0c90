package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
)

// A host is the machine, and who runs where on it.
type host struct {
	pinned bool
	cores  int
	busy   [2]float64 // with other things, before and after
}

// The server and its limits have one core for themselves, as the peers had,
// and the driver another.
const (
	serverCore = "0"
	driverCore = "1"
)

// quiet is how much of the machine others may use while it still counts as
// quiet.
const quiet = 0.05

// takePlaces moves this process to the driver's core, where that can be done.
// What it starts is put in its place by place.
func takePlaces(ctx context.Context) host {
	h := host{cores: runtime.NumCPU()}
	if h.cores < 2 {
		return h
	}
	move := exec.CommandContext(ctx, "taskset", "--all-tasks", "--cpu-list", "--pid", driverCore, strconv.Itoa(os.Getpid()))
	h.pinned = move.Run() == nil
	return h
}

// place makes a command run on the server's core.
func (h host) place(name string, args ...string) (string, []string) {
	if !h.pinned {
		return name, args
	}
	return "taskset", append([]string{"--cpu-list", serverCore, name}, args...)
}

// everywhere makes a command run on all cores.
func (h host) everywhere(name string, args ...string) (string, []string) {
	if !h.pinned {
		return name, args
	}
	return "taskset", append([]string{"--cpu-list", "0-" + strconv.Itoa(h.cores-1), name}, args...)
}

func (h host) describe() string {
	where := fmt.Sprintf("The server and its limits ran on core %s, the driver on core %s.", serverCore, driverCore)
	if !h.pinned {
		where = "Server, limits and driver shared all cores: taskset or a second core is missing."
	}
	text := fmt.Sprintf("%s\n%d cores of %s, Linux %s, %s.\nOther things used %.0f %% of the machine before the run, %.0f %% after it.",
		where, h.cores, cpuModel(), kernel(), runtime.Version(), 100*h.busy[0], 100*h.busy[1])
	if max(h.busy[0], h.busy[1]) > quiet {
		text += "\nTHE MACHINE WAS NOT QUIET: figures that are no ratios say nothing, ratios little."
	}
	return text
}

func cpuModel() string {
	text, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return "an unknown kind"
	}
	for line := range strings.Lines(string(text)) {
		if name, value, _ := strings.Cut(line, ":"); strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return runtime.GOARCH
}

func kernel() string {
	text, err := os.ReadFile("/proc/sys/kernel/osrelease")
	if err != nil {
		return "unknown"
	}
	return strings.TrimSpace(string(text))
}
