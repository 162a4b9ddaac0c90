package front

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/problem"
)

// NewLogger writes one JSON object a line, times in UTC; w must be safe for
// concurrent use. It is the last wall
// before a secret is logged, not the first: attributes whose key speaks of
// passwords, tokens, secrets, authorization or cookies are dropped, and only
// plain values are shown.
func NewLogger(w io.Writer, level slog.Level) *slog.Logger {
	return slog.New(logHandler{Handler: slog.NewJSONHandler(w, &slog.HandlerOptions{Level: level, ReplaceAttr: harmless}), out: w})
}

// A logHandler keeps what is a warning or worse not waiting in a Lines, and
// gives the lines about requests a way of their own.
type logHandler struct {
	slog.Handler
	out   io.Writer
	added bool // there is more to every line than the line knows
}

// Handle writes one line.
func (h logHandler) Handle(ctx context.Context, r slog.Record) error {
	err := h.Handler.Handle(ctx, r)
	if lines, ok := h.out.(*Lines); ok && r.Level >= slog.LevelWarn {
		err = errors.Join(err, lines.Flush())
	}
	return err
}

// WithAttrs adds to every line.
func (h logHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return logHandler{h.Handler.WithAttrs(attrs), h.out, true}
}

// WithGroup is like WithAttrs.
func (h logHandler) WithGroup(name string) slog.Handler {
	return logHandler{h.Handler.WithGroup(name), h.out, true}
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

// secretKey looks at each word of a key: "new_password", "Set-Cookie", "tokens".
func secretKey(key string) bool {
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
	At     time.Time     // when it had been answered
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
// full; of any other error only the problem's code is. Usual lines, of which
// there is one for each request, go to a log of NewLogger without the detour of
// slog.
func (l Line) Log(ctx context.Context, log *slog.Logger) {
	handler, level := log.Handler(), l.level()
	if !handler.Enabled(ctx, level) {
		return
	}
	if usual, ok := handler.(logHandler); ok && !usual.added && level == slog.LevelInfo {
		_, _ = usual.out.Write(l.appendJSON(make([]byte, 0, 512))) // as slog does: there is nobody to tell
		return
	}
	r := slog.NewRecord(l.At, level, "request", 0)
	l.attributes(func(key, value string) { r.Add(key, value) }, func(key string, number float64) { r.Add(key, number) })
	if level > slog.LevelInfo && l.Err != nil {
		r.Add("err", l.Err.Error())
	}
	_ = handler.Handle(ctx, r)
}

// attributes gives each, empty texts aside, in the order in which they are read.
func (l Line) attributes(text func(key, value string), number func(key string, number float64)) {
	for _, a := range [...]struct{ key, value string }{
		{"request_id", l.Peer.RequestID}, {"method", knownMethod(l.Method)}, {"route", l.Route}, {"peer", l.Peer.Address},
		{"tenant", string(l.Tenant)}, {"user", string(l.User)}, {"problem", l.problem()},
	} {
		if a.value != "" {
			text(a.key, a.value)
		}
	}
	number("status", float64(l.Status))
	number("duration_ms", float64(l.Took.Microseconds())/1000)
	number("bytes", float64(l.Bytes))
}

func (l Line) problem() string {
	if p := problem.Of(l.Err); p != nil {
		return p.Code
	}
	return ""
}

func (l Line) level() slog.Level {
	if l.Status < 500 || errors.Is(l.Err, context.Canceled) { // whoever asked may have gone: no fault of ours
		return slog.LevelInfo
	}
	if p := problem.Of(l.Err); p != nil && p.Kind == problem.Busy { // told to come back: many such lines make an overload worse
		return slog.LevelWarn
	}
	return slog.LevelError
}

// appendJSON is the line as slog would write it.
func (l Line) appendJSON(b []byte) []byte {
	b = append(b, `{"time":"`...)
	b = l.At.UTC().AppendFormat(b, time.RFC3339Nano)
	b = append(b, `","level":"INFO","msg":"request"`...)
	l.attributes(func(key, value string) {
		b = appendText(append(appendKey(b, key), '"'), value)
		b = append(b, '"')
	}, func(key string, number float64) {
		b = strconv.AppendFloat(appendKey(b, key), number, 'f', -1, 64)
	})
	return append(b, "}\n"...)
}

// appendKey takes a key without anything to escape.
func appendKey(b []byte, key string) []byte {
	return append(append(append(b, ',', '"'), key...), '"', ':')
}

// appendText escapes what a JSON text cannot hold (RFC 8259, section 7).
func appendText(b []byte, text string) []byte {
	for i := range len(text) {
		if c := text[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			whole, err := json.Marshal(text)
			if err != nil {
				return b // no text is refused
			}
			return append(b, whole[1:len(whole)-1]...)
		}
	}
	return append(b, text...)
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
