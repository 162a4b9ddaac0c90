package config

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// write makes a file only its owner can read.
func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestFlagBeatsEnvironmentBeatsFileBeatsDefault(t *testing.T) {
	yaml := write(t, "v.yaml", "product-name: File\nlisten: 127.0.0.1:4\n")
	environment := "VESTIBULE_PRODUCT_NAME=Environment"
	fromFile := "VESTIBULE_PRODUCT_NAME_FILE=" + write(t, "name", "Its own file\n")
	tests := []struct {
		name    string
		environ []string
		args    []string
		want    string
	}{
		{"nothing given", nil, nil, "Vestibule"},
		{"file", nil, []string{"--config", yaml}, "File"},
		{"file named by environment", []string{"VESTIBULE_CONFIG=" + yaml}, nil, "File"},
		{"environment over file", []string{environment}, []string{"--config", yaml}, "Environment"},
		{"environment's file over file", []string{fromFile}, []string{"--config", yaml}, "Its own file"},
		{"flag over environment and file", []string{environment}, []string{"--config", yaml, "--product-name", "Flag"}, "Flag"},
		{"--config over VESTIBULE_CONFIG", []string{"VESTIBULE_CONFIG=/nowhere"}, []string{"--config", yaml}, "File"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			cli, err := parse(t, test.environ, append([]string{"serve"}, test.args...)...)
			if err != nil {
				t.Fatal(err)
			}
			if got := cli.Serve.ProductName; got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestEveryKindOfValueComesFromEverySource(t *testing.T) {
	yaml := write(t, "v.yaml", `
migrate: false
ops-listen: ""
sign-in-attempts: 7
idle-timeout: 2h
trusted-proxies: [10.0.0.0/8, "2001:db8::/32"]
support-contact: 030 1234
`)
	environ := []string{
		"VESTIBULE_MIGRATE=false", "VESTIBULE_OPS_LISTEN=", "VESTIBULE_SIGN_IN_ATTEMPTS=7", "VESTIBULE_IDLE_TIMEOUT=2h",
		"VESTIBULE_TRUSTED_PROXIES=10.0.0.0/8,2001:db8::/32", "VESTIBULE_SUPPORT_CONTACT=030 1234",
	}
	flags := []string{
		"serve", "--migrate=false", "--ops-listen=", "--sign-in-attempts=7", "--idle-timeout=2h",
		"--trusted-proxies=10.0.0.0/8,2001:db8::/32", "--support-contact=030 1234",
	}
	want, err := parse(t, nil, flags...)
	if err != nil {
		t.Fatal(err)
	}
	if want.Serve.Migrate || want.Serve.OpsListen != "" || len(want.Serve.TrustedProxies) != 2 {
		t.Fatalf("flags were not taken: %+v", want.Serve)
	}
	fromEnvironment, err := parse(t, environ, "serve")
	if diff := cmp.Diff(want, fromEnvironment); err != nil || diff != "" {
		t.Error(err, diff)
	}
	fromFile, err := parse(t, nil, "serve", "--config", yaml)
	if diff := cmp.Diff(want, fromFile); err != nil || diff != "" {
		t.Error(err, diff)
	}
}

func TestEnvironmentRefused(t *testing.T) {
	name := write(t, "name", "Acme")
	tests := []struct {
		environ []string
		says    string
	}{
		{[]string{"VESTIBULE_PUBLIC_ULR=x"}, "unknown environment variable VESTIBULE_PUBLIC_ULR, did you mean VESTIBULE_PUBLIC_URL?"},
		{[]string{"VESTIBULE_ELEPHANT=x"}, "unknown environment variable VESTIBULE_ELEPHANT"},
		{[]string{"VESTIBULE_LISTEN_FIL=x"}, "unknown environment variable VESTIBULE_LISTEN_FIL"},
		{[]string{"VESTIBULE_NAME=x"}, "unknown environment variable VESTIBULE_NAME: --name is a flag of a command only"},
		{[]string{"VESTIBULE_STATUS_FILE=x"}, "unknown environment variable VESTIBULE_STATUS_FILE: --status is a flag of a command only"},
		{[]string{"VESTIBULE_NAM=x"}, "unknown environment variable VESTIBULE_NAM"},
		{[]string{"VESTIBULE_HELP=1"}, "unknown environment variable VESTIBULE_HELP"},
		{[]string{"VESTIBULE_PRODUCT_NAME=a", "VESTIBULE_PRODUCT_NAME_FILE=" + name}, "VESTIBULE_PRODUCT_NAME and VESTIBULE_PRODUCT_NAME_FILE are both set"},
		{[]string{"VESTIBULE_PRODUCT_NAME_FILE=/nowhere/name"}, "VESTIBULE_PRODUCT_NAME_FILE: open /nowhere/name"},
		{[]string{"VESTIBULE_PRODUCT_NAME_FILE="}, "VESTIBULE_PRODUCT_NAME_FILE: is empty"},
		{[]string{"VESTIBULE_PRODUCT_NAME_FILE=" + t.TempDir()}, "is a directory"},
		{[]string{"VESTIBULE_PRODUCT_NAME_FILE=" + write(t, "big", strings.Repeat("x", maxFile+1))}, "is larger than"},
		{[]string{"VESTIBULE_CONFIG_FILE=" + name}, "VESTIBULE_CONFIG_FILE is not taken; name the file in VESTIBULE_CONFIG"},
		{[]string{"VESTIBULE_CONFIG=/nowhere/v.yaml"}, "/nowhere/v.yaml"},
		{[]string{"VESTIBULE_IDLE_TIMEOUT=soon"}, "VESTIBULE_IDLE_TIMEOUT must be a duration"},
		{[]string{"VESTIBULE_SIGN_IN_ATTEMPTS=few"}, "VESTIBULE_SIGN_IN_ATTEMPTS must be a whole number"},
		{[]string{"VESTIBULE_MIGRATE=perhaps"}, "VESTIBULE_MIGRATE must be true or false"},
		{[]string{"VESTIBULE_SIGN_IN_STYLE=phone"}, "VESTIBULE_SIGN_IN_STYLE must be one of workspace, extension, email"},
	}
	for _, test := range tests {
		t.Run(test.says, func(t *testing.T) {
			_, err := parse(t, test.environ, "serve")
			if err == nil || !strings.Contains(err.Error(), test.says) {
				t.Errorf("got %v, want %q", err, test.says)
			}
		})
	}
}

func TestVariablesThatAreNotOurs(t *testing.T) {
	environ := []string{
		"VESTIBULE_TEST_POSTGRES=postgres://x", "PATH=/bin", "VESTIBULE=1",
		"VESTIBULE_SERVICE_HOST=10.0.0.1", "VESTIBULE_SERVICE_PORT_HTTP=80", "VESTIBULE_PORT=tcp://10.0.0.1:80",
		"VESTIBULE_PORT_80_TCP_ADDR=10.0.0.1",
	}
	if _, err := parse(t, environ, "serve"); err != nil {
		t.Error(err)
	}
}

func TestFileRefused(t *testing.T) {
	tests := []struct{ name, text, says string }{
		{"unknown key", "listen: :1\npublic-ulr: x", "line 2: public-ulr is not a known key, did you mean public-url?"},
		{"a flag of a command", "name: x", "line 1: name is not a known key: --name is a flag of a command only"},
		{"repeated key", "listen: :1\nmail: \"\"\nlisten: :2", "line 3: listen is there twice"},
		{"another file", "config: other.yaml", "line 1: config is not a known key"},
		{"no value", "listen:", "line 1: listen has no value"},
		{"a mapping", "listen:\n  host: x", "line 1: listen takes a plain value"},
		{"a reference", "listen: &a :1\nops-listen: *a", "line 2: ops-listen takes a plain value"},
		{"a list for one", "listen: [a, b]", "line 1: listen takes one value, not a list"},
		{"a list of lists", "trusted-proxies: [[a]]", "line 1: trusted-proxies takes a list of plain values"},
		{"a word for a number", "\nsign-in-attempts: few", "line 2: sign-in-attempts must be a whole number"},
		{"a number for a duration", "idle-timeout: 30", "line 1: idle-timeout must be a duration"},
		{"a word for true or false", "migrate: perhaps", "line 1: migrate must be true or false"},
		{"another style", "sign-in-style: phone", "line 1: sign-in-style must be one of"},
		{"a list on top", "- listen", "line 1: must be lines of NAME: VALUE"},
		{"two documents", "listen: :1\n---\nmail: x", "must hold one document"},
		{"a key that is a list", "[a]: b", "line 1: a key must be the name of a flag"},
		{"no YAML", "listen: [", "line 1"},
		{"a merge", "<<: {listen: x}", "line 1: << is not a known key"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			path := write(t, "v.yaml", test.text)
			_, err := parse(t, nil, "serve", "--config", path)
			if err == nil || !strings.Contains(err.Error(), test.says) || !strings.Contains(err.Error(), path) {
				t.Errorf("got %v, want %q and the path", err, test.says)
			}
		})
	}
	for _, text := range []string{"", "# nothing yet\n", "---\n"} {
		if _, err := parse(t, nil, "serve", "--config", write(t, "v.yaml", text)); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestCommandLineRefused(t *testing.T) {
	tests := []struct {
		args []string
		says string
	}{
		{[]string{"serve", "--public-ulr", "x"}, `unknown flag --public-ulr, did you mean "--public-url"?`},
		{[]string{"srve"}, `did you mean "serve"?`},
		{[]string{"serve", "twice"}, "unexpected argument twice"},
		{nil, "a command is missing, one of serve, tenant"},
		{[]string{"tenant", "create"}, "missing: SLUG; --help"},
		{[]string{"tenant", "list", "--status", "x"}, "--status must be one of active, suspended"},
		{[]string{"tenant", "list", "--listen", ":1"}, "unknown flag --listen"},
	}
	for _, test := range tests {
		_, err := parse(t, nil, test.args...)
		var usage *Usage
		if !errors.As(err, &usage) || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%v: got %v, want %q", test.args, err, test.says)
		}
	}
}

func TestHelpNamesVariablesAndIsShownWhateverTheEnvironment(t *testing.T) {
	var cli program
	var out strings.Builder
	_, err := Parse(&cli, Input{Args: []string{"serve", "--help"}, Environ: []string{"VESTIBULE_X=1"}, Stdout: &out, Stderr: &out})
	if !errors.Is(err, ErrHelp) {
		t.Fatal(err)
	}
	for _, word := range []string{"--public-url=URL", "VESTIBULE_PUBLIC_URL", "VESTIBULE_CONFIG", "(default 5m,", "--[no-]migrate"} {
		if !strings.Contains(out.String(), word) {
			t.Errorf("help lacks %s:\n%s", word, out.String())
		}
	}
}
