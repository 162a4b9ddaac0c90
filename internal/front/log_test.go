package front

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/problem"
)

type hiddenToken string

func (hiddenToken) String() string { return "[token]" }

type markedKey struct{ Bytes string }

func (markedKey) Secret() {}

type markedText string

func (markedText) Secret() {}

type envelope struct{ Inner hiddenToken }

func TestLoggerShowsNoSecret(t *testing.T) {
	const leak = "hunter2"
	for _, test := range []struct {
		name string
		attr slog.Attr
	}{
		{"password", slog.String("password", leak)},
		{"in capitals", slog.String("Authorization", leak)},
		{"one word of the key", slog.String("new_password", leak)},
		{"another", slog.String("Set-Cookie", leak)},
		{"several", slog.Any("tokens", []string{leak})},
		{"client secret", slog.String("client.secret", leak)},
		{"a group", slog.Group("cookies", slog.String("session", leak))},
		{"a text that hides itself", slog.Any("link", hiddenToken(leak))},
		{"a marked type", slog.Any("key", markedKey{leak})},
		{"a marked text", slog.Any("key", markedText(leak))},
		{"within a struct", slog.Any("letter", envelope{leak})},
		{"behind a pointer", slog.Any("letter", &envelope{leak})},
		{"within a map", slog.Any("form", map[string]string{"password": leak})},
		{"bytes", slog.Any("body", json.RawMessage(`"`+leak+`"`))},
	} {
		t.Run(test.name, func(t *testing.T) {
			var out bytes.Buffer
			NewLogger(&out, slog.LevelInfo).Info("x", test.attr)
			if strings.Contains(out.String(), leak) || !json.Valid(out.Bytes()) {
				t.Error(out.String())
			}
		})
	}
}

func TestLoggerShowsTheRest(t *testing.T) {
	var out bytes.Buffer
	log := NewLogger(&out, slog.LevelInfo)
	log.Debug("not this")
	var nobody *uuid.UUID
	log.Warn("line\nbreak", "err", errors.New("disk full"), "tenant", identity.TenantID("ten_1"), "any_tenant", any(identity.TenantID("ten_2")),
		"peer", netip.MustParseAddr("192.0.2.1"), "n", 7, "flag", true, "wait", identity.Duration(time.Second), "names", []string{"a"}, "nil", nil, "nobody", nobody,
		"at", time.Date(2030, 1, 2, 19, 0, 0, 0, time.FixedZone("WIB", 7*3600)))
	got := fields(t, out.Bytes())
	for key, want := range map[string]any{"level": "WARN", "msg": "line\nbreak", "err": "disk full", "tenant": "ten_1", "any_tenant": "ten_2",
		"peer": "192.0.2.1", "n": 7.0, "flag": true, "wait": "1s", "nil": nil, "nobody": "<nil>", "at": "2030-01-02T12:00:00Z"} {
		if got[key] != want {
			t.Errorf("%s: %v, want %v", key, got[key], want)
		}
	}
	if at, _ := got["time"].(string); !strings.HasSuffix(at, "Z") {
		t.Errorf("time %q is not UTC", at)
	}
	if strings.Count(out.String(), "\n") != 1 {
		t.Error("more than one line")
	}
}

func fields(t *testing.T, line []byte) map[string]any {
	t.Helper()
	var m map[string]any
	if err := json.Unmarshal(line, &m); err != nil {
		t.Fatalf("%v in %s", err, line)
	}
	return m
}

func TestLine(t *testing.T) {
	refused := problem.New(problem.Denied, "denied", "No.")
	for _, test := range []struct {
		name string
		line Line
		want map[string]any // nil: must not be there
	}{
		{name: "good", line: Line{Method: "GET", Route: "GET /users/{id}", Status: 200, Bytes: 12, Took: 1500 * time.Microsecond, Tenant: "ten_1", User: "usr_1",
			Peer: identity.Peer{Address: "192.0.2.1", RequestID: "r1", UserAgent: "curl"}},
			want: map[string]any{"level": "INFO", "msg": "request", "request_id": "r1", "method": "GET", "route": "GET /users/{id}", "status": 200.0, "bytes": 12.0,
				"duration_ms": 1.5, "peer": "192.0.2.1", "tenant": "ten_1", "user": "usr_1", "problem": nil, "err": nil}},
		{name: "nobody signed in", line: Line{Method: "GET", Status: 200}, want: map[string]any{"tenant": nil, "user": nil, "route": nil, "bytes": 0.0}},
		{name: "a problem gives its code", line: Line{Status: 403, Err: fmt.Errorf("row 7: %w", refused)}, want: map[string]any{"level": "INFO", "problem": "denied", "err": nil}},
		{name: "an accident in full", line: Line{Status: 500, Err: errors.New("disk full")}, want: map[string]any{"level": "ERROR", "problem": nil, "err": "disk full"}},
		{name: "busy is a warning", line: Line{Status: 503, Err: problem.New(problem.Busy, "busy", "Later.")}, want: map[string]any{"level": "WARN", "problem": "busy", "err": "busy"}},
		{name: "whoever asked has gone", line: Line{Status: 500, Err: fmt.Errorf("read: %w", context.Canceled)}, want: map[string]any{"level": "INFO", "err": nil}},
		{name: "invented method", line: Line{Method: "TOKEN-ABC", Status: 405}, want: map[string]any{"method": "other"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			var out bytes.Buffer
			test.line.Log(t.Context(), NewLogger(&out, slog.LevelInfo))
			got := fields(t, out.Bytes())
			for key, want := range test.want {
				if got[key] != want {
					t.Errorf("%s: %v, want %v", key, got[key], want)
				}
			}
		})
	}
}

func TestRecorder(t *testing.T) {
	w := httptest.NewRecorder()
	rec := &Recorder{ResponseWriter: w}
	rec.WriteHeader(http.StatusTeapot)
	rec.WriteHeader(http.StatusOK) // too late
	fmt.Fprint(rec, "short and")
	fmt.Fprint(rec, " stout")
	if rec.Status != 418 || rec.Bytes != 15 {
		t.Errorf("status %d, bytes %d", rec.Status, rec.Bytes)
	}
	if err := http.NewResponseController(rec).Flush(); err != nil {
		t.Errorf("flush: %v", err)
	}
	hinted := &Recorder{ResponseWriter: httptest.NewRecorder()}
	hinted.WriteHeader(http.StatusEarlyHints)
	if hinted.Status != 0 {
		t.Errorf("status %d before the answer", hinted.Status)
	}
	plain := &Recorder{ResponseWriter: httptest.NewRecorder()}
	fmt.Fprint(plain, "x")
	if plain.Status != 200 {
		t.Errorf("status %d without WriteHeader", plain.Status)
	}
}

func TestRequestIDsDiffer(t *testing.T) {
	if a, b := NewRequestID(), NewRequestID(); a == b || len(a) != 36 {
		t.Error(a, b)
	}
}

// The short way of usual lines writes what slog would.
//
// Proves: 2.8
func TestLineIsWrittenAsSlogWould(t *testing.T) {
	at := time.Date(2030, 1, 2, 3, 4, 5, 60_000_000, time.UTC)
	for _, l := range []Line{
		{At: at, Method: "GET", Route: "GET /users/{id}", Status: 200, Bytes: 1 << 40, Took: 1500 * time.Microsecond, Tenant: "ten_1", User: "usr_1",
			Peer: identity.Peer{Address: "2001:db8::1", RequestID: "r1"}},
		{At: at, Method: "X", Status: 404, Took: 3 * time.Hour, Err: problem.NotFound},
		{At: at.In(time.FixedZone("WIB", 7*3600)).Add(time.Nanosecond), Status: 599, Err: context.Canceled},
		{At: at, Route: "\"\\\x00\x7f\n\u2028é\xff<>&"},
	} {
		var short, long bytes.Buffer
		l.Log(t.Context(), NewLogger(&short, slog.LevelInfo))
		l.Log(t.Context(), slog.New(NewLogger(&long, slog.LevelInfo).Handler().(logHandler).Handler))
		if a, b := fields(t, short.Bytes()), fields(t, long.Bytes()); !reflect.DeepEqual(a, b) || strings.Count(short.String(), "\n") != 1 {
			t.Errorf("%s\nis not\n%s", short.String(), long.String())
		}
	}
}

// What is added to every line, or kept out by its level, is so for requests too.
func TestLineOfAnotherLogger(t *testing.T) {
	var out bytes.Buffer
	line := Line{Status: 200}
	line.Log(t.Context(), NewLogger(&out, slog.LevelWarn))
	if out.Len() > 0 {
		t.Error("a usual line where only warnings are wanted: " + out.String())
	}
	line.Log(t.Context(), NewLogger(&out, slog.LevelInfo).With("node", "a"))
	if fields(t, out.Bytes())["node"] != "a" {
		t.Error("what the logger adds is missing: " + out.String())
	}
}
