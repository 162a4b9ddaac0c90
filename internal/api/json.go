package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/vestibule-id/vestibule/internal/front"
	"github.com/vestibule-id/vestibule/internal/problem"
)

// maxDepth is how deep objects and lists may lie inside each other.
const maxDepth = 16

// What is wrong with a body.
var (
	ErrNotJSON = problem.New(problem.BadRequest, "invalid_json", "The body is not JSON.")
	ErrBody    = problem.New(problem.Invalid, "invalid_body", "The body does not have the right form.")
)

// Read decodes the body of r into v, a pointer to a struct with json tags, or
// leaves v alone and returns one of the problems above or front's. encoding/json takes
// "RoLe" for "role", the last of two equal names and whatever follows the value;
// a proxy or a log that looked at the same bytes would see another request. So
// every name is compared byte by byte at every depth, and nothing is converted
// or left out in silence: no null for a plain field, no halves of surrogate
// pairs, no NUL (which PostgreSQL could not keep).
func Read(r *http.Request, v any) error {
	if !isJSON(r.Header) {
		return front.ErrContentType.Because("The body must be JSON, sent as application/json.")
	}
	raw, err := readBody(r)
	if err != nil {
		return err
	}
	if err := checkText(raw); err != nil {
		return err
	}
	var c checker
	c.value(raw, reflect.TypeOf(v).Elem(), "body")
	if len(c.faults) > 0 {
		return ErrBody.In(c.faults...)
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(v); err != nil {
		return ErrBody // the checker should have seen it; err repeats values
	}
	return nil
}

// isJSON takes no other charset (RFC 8259, section 8.1) and no compression,
// behind which a small body could be a huge one.
func isJSON(h http.Header) bool {
	types, coding := h.Values("Content-Type"), h.Get("Content-Encoding")
	if len(types) != 1 || coding != "" && !strings.EqualFold(coding, "identity") {
		return false
	}
	if types[0] == "application/json" {
		return true
	}
	media, params, err := mime.ParseMediaType(types[0])
	if err != nil || media != "application/json" {
		return false
	}
	charset, given := params["charset"]
	return len(params) == 0 || len(params) == 1 && given && strings.EqualFold(charset, "utf-8")
}

func readBody(r *http.Request) ([]byte, error) {
	if r.ContentLength > front.MaxBody {
		return nil, front.ErrTooLarge
	}
	if r.Body == nil {
		return nil, ErrNotJSON.Because("The body is empty.")
	}
	raw, err := io.ReadAll(io.LimitReader(r.Body, front.MaxBody+1))
	_, limited := errors.AsType[*http.MaxBytesError](err)
	switch {
	case limited || len(raw) > front.MaxBody:
		return nil, front.ErrTooLarge
	case err != nil:
		return nil, ErrNotJSON.Because("The body broke off after %d bytes.", len(raw))
	case len(raw) == 0:
		return nil, ErrNotJSON.Because("The body is empty.")
	}
	return raw, nil
}

// checkText finds what is no JSON text (RFC 8259) whatever its names are.
func checkText(raw []byte) error {
	if !utf8.Valid(raw) {
		return ErrNotJSON.Because("The body is not UTF-8.")
	}
	if !json.Valid(raw) {
		at := int64(len(raw))
		var whole json.RawMessage
		if syntax, ok := errors.AsType[*json.SyntaxError](json.Unmarshal(raw, &whole)); ok {
			at = syntax.Offset
		}
		return ErrNotJSON.Because("The body is not JSON from byte %d on.", at)
	}
	depth := 0
	for i := 0; i < len(raw); i++ {
		switch raw[i] {
		case '{', '[':
			if depth++; depth > maxDepth {
				return ErrNotJSON.Because("At byte %d the body is nested deeper than %d levels.", i+1, maxDepth)
			}
		case '}', ']':
			depth--
		case '"':
			end, ok := skipString(raw, i+1)
			if !ok {
				return ErrNotJSON.Because("At byte %d half of a surrogate pair stands alone.", end+1)
			}
			i = end
		}
	}
	return nil
}

// skipString returns where the string that starts at i ends, or where it holds
// half a surrogate pair, which encoding/json would turn into a question mark:
// two passwords would become one. raw is valid JSON.
func skipString(raw []byte, i int) (end int, ok bool) {
	for ; raw[i] != '"'; i++ {
		if raw[i] != '\\' {
			continue
		}
		if i++; raw[i] != 'u' {
			continue
		}
		if first := hex4(raw[i+1:]); utf16.IsSurrogate(first) {
			if raw[i+5] != '\\' || raw[i+6] != 'u' || utf16.DecodeRune(first, hex4(raw[i+7:])) == utf8.RuneError {
				return i - 1, false
			}
			i += 6
		}
		i += 4
	}
	return i, true
}

func hex4(digits []byte) rune {
	if len(digits) < 4 {
		return 0
	}
	n, _ := strconv.ParseUint(string(digits[:4]), 16, 16)
	return rune(n)
}

// texts are where answers are written before they are sent.
var texts = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// Write answers with v as JSON, whole or not at all: when v cannot be written,
// nothing is.
func Write(w http.ResponseWriter, status int, v any) error {
	text := texts.Get().(*bytes.Buffer)
	defer texts.Put(text)
	text.Reset()
	if err := json.NewEncoder(text).Encode(v); err != nil {
		return fmt.Errorf("write JSON: %w", err)
	}
	send(w, status, "application/json", text.Bytes())
	return nil
}

func send(w http.ResponseWriter, status int, media string, body []byte) {
	w.Header().Set("Content-Type", media)
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	w.Write(body) // the caller is gone if this fails; there is nobody to tell
}
