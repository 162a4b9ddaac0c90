package main

import (
	"net"
	"strings"
	"testing"

	"github.com/alecthomas/kong"

	"github.com/vestibule-id/vestibule/internal/config"
)

// What another program has taken keeps the demo from serving only where it was
// asked for.
//
// Proves: G1
func TestTheDemoDoesWithoutAPortNobodyAskedFor(t *testing.T) {
	other, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	taken := other.Addr().String()
	for _, row := range []struct {
		name, ops string
		given     bool
		want      string
		said      string
	}{
		{"taken", taken, false, "", "has " + taken + ", so the demo serves no health and no metrics; --ops-listen"},
		{"taken, and asked for", taken, true, taken, ""},
		{"free", "127.0.0.1:0", false, "127.0.0.1:0", ""},
		{"off", "", false, "", ""},
	} {
		var said strings.Builder
		c := demoCmd{Serve: config.Serve{OpsListen: row.ops}}
		c.findPorts(&program{stderr: &said}, row.given)
		if c.OpsListen != row.want || !strings.Contains(said.String(), row.said) || row.said == "" && said.Len() > 0 {
			t.Errorf("%s: then at %q, saying %q", row.name, c.OpsListen, said.String())
		}
	}
}

// Proves: G1
func TestAFlagIsGivenByWhicheverSource(t *testing.T) {
	for _, row := range []struct {
		name    string
		args    []string
		environ []string
		want    bool
	}{
		{"nowhere", []string{"demo"}, nil, false},
		{"another flag", []string{"demo", "--listen", "127.0.0.1:0"}, nil, false},
		{"on the command line", []string{"demo", "--ops-listen", "127.0.0.1:9180"}, nil, true},
		{"in the environment", []string{"demo"}, []string{"VESTIBULE_OPS_LISTEN=127.0.0.1:9180"}, true},
	} {
		chosen, err := config.Parse(&cli{}, config.Input{Args: row.args, Environ: row.environ, Stdout: t.Output(), Stderr: t.Output()}, kong.Name("vestibule"))
		if err != nil {
			t.Fatal(err)
		}
		if got := given(chosen, "ops-listen"); got != row.want {
			t.Errorf("%s: given %v", row.name, got)
		}
	}
}
