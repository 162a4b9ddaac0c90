package config

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vestibule-id/vestibule/internal/identity"
)

// program is a command line of the shape the real one has.
type program struct {
	Serve struct {
		Database
		Serve
	} `cmd:"" help:"The server."`
	Tenant struct {
		List struct {
			Database
			Output string `default:"table" enum:"table,json" help:"Form."`
			Status string `enum:",active,suspended" default:"" only:"flag" help:"Which."`
		} `cmd:"" help:"Lists tenants."`
		Create struct {
			Slug string `arg:""`
			Name string `only:"flag" help:"A name."`
		} `cmd:"" help:"Makes a tenant."`
	} `cmd:"" help:"Tenants."`
}

func parse(t *testing.T, environ []string, args ...string) (program, error) {
	t.Helper()
	var cli program
	var out bytes.Buffer
	_, err := Parse(&cli, Input{Args: args, Environ: environ, Stdout: &out, Stderr: &out})
	return cli, err
}

// serve is what "serve" with these arguments makes of an empty environment.
func serve(t *testing.T, args ...string) (Database, Serve, error) {
	t.Helper()
	cli, err := parse(t, nil, append([]string{"serve"}, args...)...)
	return cli.Serve.Database, cli.Serve.Serve, err
}

func TestDefaults(t *testing.T) {
	database, served, err := serve(t)
	if err != nil {
		t.Fatal(err)
	}
	want := Serve{
		Listen: "127.0.0.1:8080", OpsListen: "127.0.0.1:9180", Migrate: true,
		Letters: Letters{MailFrom: "Vestibule <no-reply@localhost>"}, ProductName: "Vestibule",
		SignInStyle: "workspace", PasswordHash: "argon2id,m=19456,t=2,p=1",
		Rules: served.Rules,
	}
	if diff := cmp.Diff(want, served); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(Database{Database: "sqlite:vestibule.db"}, database); diff != "" {
		t.Error(diff)
	}
	hours := func(n int) identity.Duration { return identity.Duration(time.Duration(n) * time.Hour) }
	policy := identity.Policy{
		IdleTimeout: hours(4), SessionLifetime: hours(168), AccessTokenTTL: identity.Duration(5 * time.Minute),
		SignInAttempts: 5, SignInWait: identity.Duration(15 * time.Minute), StrangerAttempts: 20, SourceAttempts: 50,
		RefreshGrace: identity.Duration(10 * time.Second), ResetLinkTTL: hours(1), InvitationTTL: hours(168),
		PasswordMinLength: 8, AuditRetention: hours(17520),
	}
	if diff := cmp.Diff(policy, served.Policy()); diff != "" {
		t.Error(diff)
	}
}

func TestBadValuesAreRefusedByName(t *testing.T) {
	tests := []struct {
		args []string
		says string // part of the sentence
	}{
		{[]string{"--listen", "8080"}, "--listen: must be HOST:PORT"},
		{[]string{"--listen", "127.0.0.1:70000"}, "--listen: must be HOST:PORT"},
		{[]string{"--listen", "127.0.0.1:http"}, "--listen: must be HOST:PORT"},
		{[]string{"--ops-listen", "nonsense"}, "--ops-listen: must be HOST:PORT"},
		{[]string{"--ops-listen", "127.0.0.1:8080"}, "--ops-listen: must be another address than --listen"},
		{[]string{"--public-url", "http://login.example.com"}, "--public-url: http would carry passwords"},
		{[]string{"--database", "vestibule.db"}, "--database: must be sqlite:PATH or postgres://"},
		{[]string{"--database", "mysql://localhost/x"}, "--database: must be"},
		{[]string{"--database", "sqlite:"}, "--database: sqlite: lacks the path"},
		{[]string{"--database", "sqlite::memory:"}, "--database: sqlite: takes the path of a file"},
		{[]string{"--database", "sqlite:a.db?mode=ro"}, "--database: sqlite: takes the path of a file"},
		{[]string{"--database", "postgres://localhost/v"}, "--sealing-key: must be given with PostgreSQL"},
		{[]string{"--database", "postgres://u:p%zz@localhost/v", "--sealing-key=k"}, "--database: is not a readable"},
		{[]string{"--migrate-database", "postgres://localhost/v"}, "--migrate-database: is for PostgreSQL"},
		{[]string{"--migrate-database", "nonsense"}, "--migrate-database: must be"},
		{[]string{"--sealing-key", " ,\n"}, "--sealing-key: holds no key"},
		{[]string{"--mail", "http://mail.example.com"}, "--mail: must be smtp://"},
		{[]string{"--mail", "smtp:mail.example.com"}, "--mail: must be smtp://"},
		{[]string{"--mail", "smtp://"}, "--mail: lacks a host"},
		{[]string{"--mail", "smtp://mail.example.com:0"}, "--mail: lacks a host"},
		{[]string{"--mail", "smtp://user@mail.example.com"}, "--mail: needs a user and a password, or neither"},
		{[]string{"--mail", "smtp://:word@mail.example.com"}, "--mail: needs a user and a password, or neither"},
		{[]string{"--mail", "smtp://mail.example.com/x"}, "--mail: must not hold a path"},
		{[]string{"--mail", "smtp://mail.example.com?tls=maybe"}, "--mail: knows one parameter, tls=none"},
		{[]string{"--mail", "smtps://mail.example.com?tls=none"}, "--mail: smtps:// is TLS"},
		{[]string{"--mail-from", "nobody"}, "--mail-from: must be a mail address"},
		{[]string{"--mail-from", "a@x.test\r\nBcc: b@x.test"}, "--mail-from: must be one line"},
		{[]string{"--product-name", ""}, "--product-name: must not be empty"},
		{[]string{"--product-name", "Two\nlines"}, "--product-name: must be one line"},
		{[]string{"--support-contact", "a\x00b"}, "--support-contact: must be one line"},
		{[]string{"--sign-in-style", "phone"}, `--sign-in-style must be one of workspace, extension, email`},
		{[]string{"--password-hash", "a\nb"}, "--password-hash: must be one line"},
		{[]string{"--password-min-length", "7"}, "--password-min-length: must be from 8 to 64"},
		{[]string{"--password-min-length", "65"}, "--password-min-length: must be from 8 to 64"},
		{[]string{"--idle-timeout", "999ms"}, "--idle-timeout: must be one second or more"},
		{[]string{"--session-lifetime", "0s"}, "--session-lifetime: must be one second or more"},
		{[]string{"--access-token-ttl=-1h"}, "--access-token-ttl: must be one second or more"},
		{[]string{"--sign-in-wait", "0s"}, "--sign-in-wait: must be one second or more"},
		{[]string{"--refresh-grace", "0s"}, "--refresh-grace: must be one second or more"},
		{[]string{"--reset-link-ttl", "0s"}, "--reset-link-ttl: must be one second or more"},
		{[]string{"--invitation-ttl", "0s"}, "--invitation-ttl: must be one second or more"},
		{[]string{"--idle-timeout", "4"}, "--idle-timeout must be a duration such as 30m or 4h"},
		{[]string{"--idle-timeout"}, "--idle-timeout needs a value"},
		{[]string{"--sign-in-attempts", "0"}, "--sign-in-attempts: must be one or more"},
		{[]string{"--stranger-attempts", "0"}, "--stranger-attempts: must be one or more"},
		{[]string{"--source-attempts", "0"}, "--source-attempts: must be one or more"},
		{[]string{"--sign-in-attempts", "many"}, "--sign-in-attempts must be a whole number"},
		{[]string{"--migrate=perhaps"}, "--migrate must be true or false"},
	}
	for _, test := range tests {
		t.Run(strings.Join(test.args, " "), func(t *testing.T) {
			_, _, err := serve(t, test.args...)
			var usage *Usage
			if !errors.As(err, &usage) || usage.ExitCode() != 2 {
				t.Fatalf("got %v, want wrong usage with exit code 2", err)
			}
			if !strings.Contains(err.Error(), test.says) {
				t.Errorf("says %q, want %q", err, test.says)
			}
		})
	}
}

func TestGoodValuesAreTaken(t *testing.T) {
	tests := [][]string{
		{"--listen", ":8080", "--ops-listen", ""},
		{"--listen", "[::1]:0", "--ops-listen", "[::1]:0"},
		{"--database", "sqlite:/var/lib/vestibule/v.db"},
		{"--database", "postgres://u:p@db1:5432,db2:5432/v?sslmode=require", "--sealing-key", "new,old"},
		{"--database", "postgresql://u@db/v", "--migrate-database", "postgres://owner@db/v", "--sealing-key", "k"},
		{"--mail", "smtp://127.0.0.1:25"},
		{"--mail", "smtp://user:word@mail.example.com:587"},
		{"--mail", "smtp://mail.example.com?tls=none"},
		{"--mail", "smtps://user:word@[2001:db8::1]"},
		{"--idle-timeout", "1s", "--refresh-grace", "1s", "--sign-in-wait", "1s", "--access-token-ttl", "1s"},
		{"--password-min-length", "64", "--sign-in-attempts", "1"},
		{"--sign-in-style", "email", "--support-contact", "Ask Ünal, +49 30 1234"},
		{"--trusted-proxies", "10.0.0.0/8", "--trusted-proxies", "2001:db8::1"},
	}
	for _, args := range tests {
		if _, _, err := serve(t, args...); err != nil {
			t.Errorf("%v: %v", args, err)
		}
	}
}

func TestCheckAsksOnlyTheChosenCommand(t *testing.T) {
	environ := []string{"VESTIBULE_LISTEN=nonsense", "VESTIBULE_SIGN_IN_ATTEMPTS=many"}
	if _, err := parse(t, environ, "tenant", "list"); err != nil {
		t.Errorf("a command without --listen: %v", err)
	}
	if _, err := parse(t, environ, "serve"); err == nil {
		t.Error("serve took a listen address that makes no sense")
	}
}

func TestSeveralSealingKeysAreNewestFirst(t *testing.T) {
	for _, text := range []Secret{"new,old", "new\nold\n", "new\r\n old \r\n\r\n"} {
		if diff := cmp.Diff([]string{"new", "old"}, revealed(Database{SealingKey: text}.SealingKeys())); diff != "" {
			t.Error(diff)
		}
	}
}

func revealed(keys []Secret) (texts []string) {
	for _, key := range keys {
		texts = append(texts, string(key))
	}
	return texts
}
