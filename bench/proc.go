package main

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// cpuTime is the processor time a process has used (proc(5), stat).
func cpuTime(pid int) (time.Duration, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	_, rest, _ := strings.Cut(string(text), ") ") // the name may hold blanks
	fields := strings.Fields(rest)
	if len(fields) < 13 {
		return 0, errors.New("/proc/…/stat has too few fields")
	}
	user, err1 := strconv.Atoi(fields[11])
	system, err2 := strconv.Atoi(fields[12])
	const tick = 10 * time.Millisecond // USER_HZ is 100 on every Linux
	return time.Duration(user+system) * tick, errors.Join(err1, err2)
}

// memoryOf reads a line of /proc/…/status in bytes: VmRSS is the resident
// memory now, VmHWM the most there was.
func memoryOf(pid int, name string) (float64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(line)
		if len(fields) == 3 && fields[0] == name+":" {
			kib, err := strconv.ParseFloat(fields[1], 64)
			return kib * 1024, err
		}
	}
	return 0, fmt.Errorf("/proc/%d/status has no %s", pid, name)
}

// othersBusy is the share of all cores that is in use, or taken away by the
// machine below this one, while this process waits (proc(5), /proc/stat).
func othersBusy(d time.Duration) (share float64, err error) {
	busy, all, err := cores()
	if err != nil {
		return 0, err
	}
	time.Sleep(d)
	busyNow, allNow, err := cores()
	return (busyNow - busy) / max(allNow-all, 1), err
}

// cores are the ticks of all cores since the machine was started.
func cores() (busy, all float64, err error) {
	text, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0, 0, err
	}
	first, _, _ := strings.Cut(string(text), "\n")
	for i, field := range strings.Fields(first)[1:] {
		ticks, err := strconv.ParseFloat(field, 64)
		if err != nil {
			return 0, 0, err
		}
		const idle, waiting, guest = 3, 4, 8 // guests' time is in user's already
		if i >= guest {
			break
		}
		all += ticks
		if i != idle && i != waiting {
			busy += ticks
		}
	}
	return busy, all, nil
}
