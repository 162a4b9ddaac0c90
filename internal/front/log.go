package front

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/problem"
)

// NewLogger writes one JSON object a line, times in UTC. It is the last wall
// before a secret is logged, not the first: attributes whose key speaks of
// passwords, tokens, secrets, authorization or cookies are dropped, and only
// plain values are shown.
func NewLogger(w io.Writer, level slog.Level) *slog.Logger {
	return slog.New(logHandler{
		Handler: slog.NewJSONHandler(w, &slog.HandlerOptions{Level: level, ReplaceAttr: harmless}),
		plain:   slog.NewJSONHandler(w, &slog.HandlerOptions{Level: level}),
		out:     w,
	})
}

// A logHandler spares lines about requests, of which there are many and whose
// keys are known, the second look at each word. What is a warning or worse is
// not kept waiting in a Lines.
type logHandler struct {
	slog.Handler // looks at everything
	plain        slog.Handler
	out          io.Writer
}

// Handle writes one line.
func (h logHandler) Handle(ctx context.Context, r slog.Record) error {
	to := h.Handler
	if known(r) {
		to, r.Time = h.plain, r.Time.UTC()
	}
	err := to.Handle(ctx, r)
	if lines, ok := h.out.(*Lines); ok && r.Level >= slog.LevelWarn {
		err = errors.Join(err, lines.Flush())
	}
	return err
}

// WithAttrs and WithGroup leave the short cut: what they add was not looked at.
func (h logHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	careful := h.Handler.WithAttrs(attrs)
	return logHandler{Handler: careful, plain: careful, out: h.out}
}

// WithGroup is like WithAttrs.
func (h logHandler) WithGroup(name string) slog.Handler {
	careful := h.Handler.WithGroup(name)
	return logHandler{Handler: careful, plain: careful, out: h.out}
}

// known reports whether a line has only attributes that cannot hide anything.
func known(r slog.Record) bool {
	all := true
	r.Attrs(func(a slog.Attr) bool {
		switch a.Value.Kind() {
		case slog.KindString, slog.KindInt64, slog.KindFloat64:
			all = lineKeys[a.Key]
		default:
			all = false
		}
		return all
	})
	return all
}

var secretWords = []string{"password", "token", "secret", "authorization", "cookie"}

func harmless(groups []string, a slog.Attr) slog.Attr {
	if secretKey(a.Key) || slices.ContainsFunc(groups, secretKey) {
		return slog.Attr{}
	}
	switch a.Value.Kind() {
	case slog.KindTime:
		a.Value = slog.TimeValue(a.Value.Time().UTC())
	case slog.KindAny:
		a.Value = harmlessValue(a.Value.Any())
	}
	return a
}

// lineKeys are those every line about a request has, known to be harmless:
// looking at their words again would cost as much as writing them.
var lineKeys = map[string]bool{
	slog.TimeKey: true, slog.LevelKey: true, slog.MessageKey: true, "request_id": true, "method": true, "route": true, "status": true,
	"duration_ms": true, "bytes": true, "peer": true, "tenant": true, "user": true, "problem": true, "err": true,
}

// secretKey looks at each word of a key: "new_password", "Set-Cookie", "tokens".
func secretKey(key string) bool {
	if lineKeys[key] {
		return false
	}
	words := strings.FieldsFunc(strings.ToLower(key), func(r rune) bool { return strings.ContainsRune("_-. ", r) })
	return slices.ContainsFunc(words, func(word string) bool {
		return slices.Contains(secretWords, strings.TrimSuffix(word, "s"))
	})
}

// harmlessValue shows what has its own way to be shown and what cannot hide
// anything. The JSON handler would print a secret.Token's bytes despite its
// String, and the fields of any struct; here a structure only gives its type.
func harmlessValue(v any) slog.Value {
	switch v := v.(type) {
	case nil:
		return slog.AnyValue(nil)
	case interface{ Secret() }:
		return slog.StringValue("[secret]")
	case error, fmt.Stringer:
		return slog.StringValue(fmt.Sprint(v)) // Sprint survives a nil pointer
	case []string:
		return slog.AnyValue(v)
	}
	switch r := reflect.ValueOf(v); {
	case r.Kind() == reflect.String:
		return slog.StringValue(r.String())
	case r.CanInt(), r.CanUint(), r.CanFloat(), r.Kind() == reflect.Bool:
		return slog.AnyValue(v)
	}
	return slog.StringValue(fmt.Sprintf("[%T]", v))
}

// NewRequestID names one request in answers, logs and events. Ids that come from
// outside are not taken: whoever sends them could hide among other people's
// lines.
func NewRequestID() string { return uuid.Must(uuid.NewV7()).String() }

// A Line is what the log says about one request when it has been answered. It
// holds neither path nor query, which may carry links and addresses.
type Line struct {
	Peer   identity.Peer // with the request's id
	Method string
	Route  string // the pattern that matched; empty: none did
	Status int
	Bytes  int64 // of the answer's body
	Took   time.Duration
	Tenant identity.TenantID
	User   identity.UserID
	Err    error // why the answer is what it is; nil: all is well
}

// Log writes the line. An answer of the 5xx kind is logged as an error and in
// full; of any other error only the problem's code is.
func (l Line) Log(ctx context.Context, log *slog.Logger) {
	attrs := make([]slog.Attr, 0, len(lineKeys))
	text := func(key, value string) {
		if value != "" {
			attrs = append(attrs, slog.String(key, value))
		}
	}
	text("request_id", l.Peer.RequestID)
	text("method", knownMethod(l.Method))
	text("route", l.Route)
	attrs = append(attrs, slog.Int("status", l.Status),
		slog.Float64("duration_ms", float64(l.Took.Microseconds())/1000), slog.Int64("bytes", l.Bytes))
	text("peer", l.Peer.Address)
	text("tenant", string(l.Tenant))
	text("user", string(l.User))
	if p := problem.Of(l.Err); p != nil {
		text("problem", p.Code)
	}
	level := slog.LevelInfo
	if l.Status >= 500 && !errors.Is(l.Err, context.Canceled) { // whoever asked may have gone: no fault of ours
		level = slog.LevelError
		if p := problem.Of(l.Err); p != nil && p.Kind == problem.Busy { // told to come back: many such lines make an overload worse
			level = slog.LevelWarn
		}
		if l.Err != nil {
			attrs = append(attrs, slog.String("err", l.Err.Error()))
		}
	}
	if h := log.Handler(); h.Enabled(ctx, level) {
		r := slog.NewRecord(time.Now(), level, "request", 0)
		r.AddAttrs(attrs...)
		_ = h.Handle(ctx, r) // as slog does: there is nobody to tell
	}
}

// knownMethod keeps the log free of what somebody invented as a method.
func knownMethod(method string) string {
	switch method {
	case "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS":
		return method
	}
	return "other"
}

// A Recorder remembers what was answered. Status is 0 until there is an answer.
type Recorder struct {
	http.ResponseWriter
	Status int
	Bytes  int64
}

// WriteHeader keeps the first final status; 1xx answers come before it.
func (rec *Recorder) WriteHeader(status int) {
	if rec.Status == 0 && status >= 200 {
		rec.Status = status
	}
	rec.ResponseWriter.WriteHeader(status)
}

// Write counts the body.
func (rec *Recorder) Write(b []byte) (int, error) {
	if rec.Status == 0 {
		rec.Status = http.StatusOK
	}
	n, err := rec.ResponseWriter.Write(b)
	rec.Bytes += int64(n)
	return n, err
}

// Unwrap lets http.ResponseController find what lies below.
func (rec *Recorder) Unwrap() http.ResponseWriter { return rec.ResponseWriter }
