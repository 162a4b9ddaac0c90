package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/vestibule-id/vestibule/internal/front"
)

// FuzzRead holds Read to its promise: what it accepts means one thing.
func FuzzRead(f *testing.F) {
	for _, seed := range []string{
		`{}`, `{"email":"a","role":null,"count":-1,"on":true,"tags":["x"]}`, `{"role":"a","RoLe":"b"}`,
		`{"role":"a","r\u006fle":"b"}`, `{"inner":{"list":[{"nick":"\ud83d\ude00"}]},"data":"AQI="}`,
		`{"any":{"a":{"a":[1e5]}},"raw":[{}],"pair":[1,2]}`, `{"wait":"30m","at":"2030-01-02T12:00:00Z"}`,
		deep(16), deep(17), "\ufeff{}", `{"email":"\ud800"}`, `{"detail":{"a":"b"},"share":-0.5}`, `null`, ``,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		var first, again sample
		if Read(request(string(body)), &first) != nil {
			return
		}
		if name, twice := repeated(t, body); twice {
			t.Fatalf("%q is there twice in %s", name, body)
		}
		var text bytes.Buffer
		encoder := json.NewEncoder(&text)
		encoder.SetEscapeHTML(false)
		if err := encoder.Encode(first); err != nil {
			t.Fatalf("%s cannot be written: %v", body, err)
		}
		if err := Read(request(text.String()), &again); errors.Is(err, front.ErrTooLarge) {
			return
		} else if err != nil {
			t.Fatalf("%s was read, %s was not: %v", body, &text, err)
		}
		compact(&first)
		if compact(&again); !reflect.DeepEqual(first, again) {
			t.Fatalf("%s\nbecame %s", body, &text)
		}
	})
}

// compact takes the white space out of what is kept as text.
func compact(s *sample) {
	for ; s != nil; s = s.Inner {
		var b bytes.Buffer
		if s.Raw != nil && json.Compact(&b, s.Raw) == nil {
			s.Raw = b.Bytes()
		}
	}
}

// repeated looks for a name that stands twice in one object, case aside where
// the names are ours, in another way than Read does.
func repeated(t *testing.T, body []byte) (string, bool) {
	t.Helper()
	var open []map[string]bool // of the values we are in; nil: a list
	name := false
	for d := json.NewDecoder(bytes.NewReader(body)); ; {
		token, err := d.Token()
		if err != nil {
			return "", false
		}
		inObject := len(open) > 0 && open[len(open)-1] != nil
		if text, ok := token.(string); ok && inObject && name {
			if len(open) == 1 {
				text = strings.ToLower(text)
			}
			if open[len(open)-1][text] {
				return text, true
			}
			open[len(open)-1][text], name = true, false
			continue
		}
		switch token {
		case json.Delim('{'):
			open = append(open, map[string]bool{})
		case json.Delim('['):
			open = append(open, nil)
		case json.Delim('}'), json.Delim(']'):
			open = open[:len(open)-1]
		}
		name = true
	}
}
