package secret

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/vestibule-id/vestibule/internal/problem"
)

func typed(t testing.TB, text string) Password {
	t.Helper()
	pw, err := NewPassword(text)
	if err != nil {
		t.Fatal(err)
	}
	return pw
}

func TestPasswordText(t *testing.T) {
	for _, row := range []struct {
		name, typed, reveal string
		ok                  bool
	}{
		{name: "a word", typed: "Pepper-marble-19", reveal: "Pepper-marble-19", ok: true},
		{name: "spaces are kept", typed: " a b ", reveal: " a b ", ok: true},
		{name: "1024 bytes", typed: strings.Repeat("x", 1024), reveal: strings.Repeat("x", 1024), ok: true},
		{name: "1025 bytes", typed: strings.Repeat("x", 1025)},
		{name: "1025 bytes in fewer characters", typed: strings.Repeat("é", 512) + "x"},
		{name: "nothing", typed: ""},
		{name: "not UTF-8", typed: "secret\xff"},
		{name: "half a surrogate pair", typed: "secret\xed\xa0\x80"},
		{name: "NUL", typed: "secret\x00secret"},
		{name: "composed", typed: "caf\u00e9", reveal: "caf\u00e9", ok: true},
		{name: "decomposed is composed", typed: "cafe\u0301", reveal: "caf\u00e9", ok: true},
		{name: "compatibility forms are kept", typed: "\ufb01", reveal: "\ufb01", ok: true},
	} {
		t.Run(row.name, func(t *testing.T) {
			pw, err := NewPassword(row.typed)
			if got := pw.Reveal(); got != row.reveal {
				t.Errorf("reveals %q, want %q", got, row.reveal)
			}
			if row.ok != (err == nil) {
				t.Fatalf("error %v", err)
			}
			if err == nil {
				return
			}
			p := problem.Of(err)
			if !errors.Is(err, ErrPasswordText) || p.Kind != problem.Invalid || p.Code != "invalid_password_text" {
				t.Errorf("error %#v is no ErrPasswordText", err)
			}
			if strings.Contains(p.Message, "secret") || strings.Contains(p.Message, "xxx") {
				t.Errorf("error repeats the value: %s", p.Message)
			}
		})
	}
}

func TestPasswordsAndHashesHide(t *testing.T) {
	const inner = "Willow-saddle-41"
	type unexported struct {
		pw Password
		_  int
	}
	pw := typed(t, inner)
	for name, value := range map[string]any{
		"password": pw, "hash": Hash(inner), "pointer": &pw, "struct": struct{ P Password }{pw},
		"hash in struct": struct{ H Hash }{Hash(inner)}, "unexported field": unexported{pw: pw},
		"slice": []Hash{Hash(inner)}, "map": map[string]Password{"a": pw},
	} {
		var log bytes.Buffer
		slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "value", value)
		slog.New(slog.NewTextHandler(&log, nil)).Info("x", "value", value)
		asJSON, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		shown := log.String() + string(asJSON)
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d"} {
			shown += fmt.Sprintf(verb, value)
		}
		for _, leak := range []string{inner, fmt.Sprintf("%x", inner), fmt.Sprintf("%X", inner)} {
			if strings.Contains(shown, leak) {
				t.Errorf("%s shows itself: %s", name, shown)
			}
		}
	}
	if pw.String() != "[password]" || pw.GoString() != "[password]" || Hash("x").String() != "[hash]" || Hash("x").GoString() != "[hash]" {
		t.Error("the words shown instead are others")
	}
}

func TestParseParams(t *testing.T) {
	for _, row := range []struct {
		text string
		want Params
		err  string
	}{
		{text: "argon2id", want: DefaultParams},
		{text: "argon2id,m=19456,t=2,p=1", want: DefaultParams},
		{text: "argon2id,t=3", want: Params{Memory: 19456, Time: 3, Threads: 1}},
		{text: "argon2id,p=4,m=65536,t=3", want: Params{Memory: 65536, Time: 3, Threads: 4}},
		{text: "argon2id,m=8192,t=1,p=1", want: Params{Memory: 8192, Time: 1, Threads: 1}},
		{text: "argon2id,m=104857,t=10,p=8", want: Params{Memory: 104857, Time: 10, Threads: 8}},
		{text: "argon2id,m=8191", err: "memory m 8191 is under the bound of 8192"},
		{text: "argon2id,m=262145", err: "memory m 262145 is over the bound of 262144"},
		{text: "argon2id,t=0", err: "time t 0 is under the bound of 1"},
		{text: "argon2id,m=262144,t=5", err: "m×t 1310720 is over the bound of 1048576"},
		{text: "argon2id,t=11", err: "time t 11 is over the bound of 10"},
		{text: "argon2id,p=0", err: "threads p 0 is under the bound of 1"},
		{text: "argon2id,p=9", err: "threads p 9 is over the bound of 8"},
		{text: "argon2id,p=257", err: "threads p 257 is over the bound of 8"},
		{text: "argon2id,m=19MiB", err: "memory m is not a number from 8192 to 262144"},
		{text: "argon2id,m=+9000", err: "memory m is not a number"},
		{text: "argon2id,t=2,t=3", err: "once each"},
		{text: "argon2id,cost=2", err: "m=, t= and p="},
		{text: "argon2id,", err: "m=, t= and p="},
		{text: "bcrypt", err: "not \"argon2id\""},
		{text: "", err: "not \"argon2id\""},
	} {
		got, err := ParseParams(row.text)
		switch {
		case row.err == "" && (err != nil || got != row.want):
			t.Errorf("%q: %v, %v", row.text, got, err)
		case row.err != "" && (err == nil || !strings.Contains(err.Error(), row.err)):
			t.Errorf("%q: error %v, want %q", row.text, err, row.err)
		}
	}
	if again, err := ParseParams(DefaultParams.String()); err != nil || again != DefaultParams {
		t.Errorf("the written form %q reads as %v, %v", DefaultParams, again, err)
	}
}
