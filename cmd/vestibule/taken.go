package main

import (
	"errors"
	"fmt"
	"net"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"
)

// given says whether somebody chose a flag's value: on the command line, in the
// environment or in the file.
func given(chosen *kong.Context, flag string) bool {
	for _, step := range chosen.Path {
		if step.Flag != nil && step.Flag.Name == flag {
			return true
		}
	}
	return false
}

// findPorts lets the demo do without health and metrics where another program
// has their usual port: whoever tries the product out beside something else has
// not asked for them. Where they were asked for, serve says that it cannot.
func (c *demoCmd) findPorts(p *program, opsGiven bool) {
	if opsGiven || c.OpsListen == "" {
		return
	}
	trial, err := net.Listen("tcp", c.OpsListen)
	if err == nil {
		trial.Close()
		return
	}
	if errors.Is(err, syscall.EADDRINUSE) {
		p.say("Another program has %s, so the demo serves no health and no metrics; --ops-listen HOST:PORT says where else.", c.OpsListen)
		c.OpsListen = ""
	}
}

// elsewhere adds the way out to an error that says that an address is taken.
func elsewhere(err error) error {
	if !errors.Is(err, syscall.EADDRINUSE) {
		return err
	}
	flag := "--listen 127.0.0.1:9000"
	if strings.HasPrefix(err.Error(), "--ops-listen:") {
		flag = "--ops-listen 127.0.0.1:9001"
	}
	return fmt.Errorf("%w\nAnother program is there: end it, or serve elsewhere, such as with %s", err, flag)
}
