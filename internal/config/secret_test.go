package config

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestSecretsNeverShow(t *testing.T) {
	cli, err := parse(t, nil, "serve",
		"--sealing-key", "sesame-key", "--mail", "smtp://bob:sesame-mail@mail.example.com?tls=none",
		"--database", "postgres://bob:sesame-db@db/v?password=sesame-too", "--migrate-database", "postgres:///v?password=sesame-3")
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	slog.New(slog.NewJSONHandler(&out, nil)).Info("x", "config", cli, "key", cli.Serve.SealingKey, "mail", cli.Serve.Mail)
	slog.New(slog.NewTextHandler(&out, nil)).Info("x", "config", cli, "keys", cli.Serve.SealingKeys())
	fmt.Fprintf(&out, "%v %+v %#v %s %q", cli, cli, cli, cli.Serve.SealingKey, cli.Serve.Mail)
	if err := json.NewEncoder(&out).Encode(cli); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(out.String(), "sesame") || strings.Contains(out.String(), "bob") {
		t.Errorf("a secret shows:\n%s", out.String())
	}
	if !strings.Contains(out.String(), "smtp://mail.example.com") || !strings.Contains(out.String(), "postgres://db/v") {
		t.Errorf("hosts do not show:\n%s", out.String())
	}
}

func TestMessagesHoldNoSecrets(t *testing.T) {
	for _, environ := range [][]string{
		{"VESTIBULE_MAIL=smtp://bob:sesame%zz@mail"},
		{"VESTIBULE_MAIL=smtp://mail:sesame"},
		{"VESTIBULE_DATABASE=postgres://bob:sesame%zz@db"},
		{"VESTIBULE_DATABASE=sesame"},
		{"VESTIBULE_PUBLIC_URL=https://bob:sesame@x.test"},
		{"VESTIBULE_SIGN_IN_ATTEMPTS=sesame"},
		{"VESTIBULE_IDLE_TIMEOUT=sesame"},
		{"VESTIBULE_MIGRATE=sesame"},
		{"VESTIBULE_SIGN_IN_STYLE=sesame"},
	} {
		if _, err := parse(t, environ, "serve"); err == nil || strings.Contains(err.Error(), "sesame") {
			t.Errorf("%v: %v", environ, err)
		}
	}
	for _, text := range []string{"sealing-key: *sesame", "sealing-key: %sesame", "sealing-key: !sesame [", "mail: [sesame", "mail: {sesame: sesame}", "idle-timeout: sesame"} {
		if _, err := parse(t, nil, "serve", "--config", write(t, "v.yaml", text)); err == nil || strings.Contains(err.Error(), "sesame") {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestKeyFilesOpenToOthersAreRefused(t *testing.T) {
	tests := []struct {
		mode    os.FileMode
		refused bool
	}{
		{0o400, false}, {0o600, false}, {0o440, false}, {0o640, false},
		{0o644, true}, {0o444, true}, {0o620, true}, {0o660, true}, {0o602, true}, {0o604, true}, {0o666, true},
	}
	for _, test := range tests {
		path := filepath.Join(t.TempDir(), "key")
		settings := filepath.Join(t.TempDir(), "v.yaml")
		for file, text := range map[string]string{path: "new\nold\n", settings: "sealing-key: |\n  new\n  old\n"} {
			if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(file, test.mode); err != nil {
				t.Fatal(err)
			}
		}
		text, err := ReadKeyFile(path)
		if got := errors.Is(err, ErrOpenKeyFile); got != test.refused {
			t.Errorf("%o: %v", test.mode, err)
		}
		if !test.refused && string(text) != "new\nold" {
			t.Errorf("%o: the text is not what was written", test.mode)
		}
		environ := []string{"VESTIBULE_SEALING_KEY_FILE=" + path}
		cli, err := parse(t, environ, "serve")
		if errors.Is(err, ErrOpenKeyFile) != test.refused {
			t.Errorf("%o from the environment: %v", test.mode, err)
		}
		if keys := cli.Serve.SealingKeys(); !test.refused && len(keys) != 2 {
			t.Errorf("%o: %d keys, want 2", test.mode, len(keys))
		}
		if _, err := parse(t, nil, "serve", "--config", settings); errors.Is(err, ErrOpenKeyFile) != test.refused {
			t.Errorf("%o from the YAML file: %v", test.mode, err)
		}
	}
}
