package api

import (
	"bytes"
	"encoding"
	"encoding/json"
	"reflect"
	"strconv"
	"strings"
	"sync"

	"github.com/vestibule-id/vestibule/internal/problem"
)

// The most faults that one answer lists.
const maxFaults = 10

// A checker compares JSON with the Go type it is to become and gathers what does
// not fit. Messages repeat names, never values.
type checker struct{ faults []problem.Field }

func (c *checker) fault(at, message string) {
	if len(c.faults) < maxFaults {
		c.faults = append(c.faults, problem.Field{Location: at, Message: message})
	}
}

var (
	anything        = reflect.TypeFor[any]()
	plainText       = reflect.TypeFor[string]()
	textUnmarshaler = reflect.TypeFor[encoding.TextUnmarshaler]()
	jsonUnmarshaler = reflect.TypeFor[json.Unmarshaler]()
)

// value checks raw, one valid JSON value, against t.
func (c *checker) value(raw []byte, t reflect.Type, at string) {
	raw = bytes.TrimLeft(raw, " \t\r\n")
	nullable := false
	for t.Kind() == reflect.Pointer {
		t, nullable = t.Elem(), true
	}
	if raw[0] == 'n' {
		if !nullable && t.Kind() != reflect.Interface {
			c.fault(at, "This must not be null.")
		}
		return
	}
	wanted := wants(t)
	switch {
	case wanted.first != 0 && wanted.first != kindOf(raw[0]):
		c.fault(at, "This must be "+wanted.words+".")
	case raw[0] == '{':
		c.object(raw, t, at)
	case raw[0] == '[':
		c.list(raw, t, at)
	default:
		c.leaf(raw, t, at, wanted.words)
	}
}

// leaf lets the type itself decide about text, numbers and truth. Its error may
// repeat the value and is dropped.
func (c *checker) leaf(raw []byte, t reflect.Type, at, words string) {
	if t == plainText && bytes.IndexByte(raw, '\\') < 0 {
		return // any text without escapes is one
	}
	if raw[0] == '"' && bytes.Contains(raw, []byte(`\u0000`)) {
		var text string
		if json.Unmarshal(raw, &text) == nil && strings.ContainsRune(text, 0) {
			c.fault(at, "This must not contain the character NUL.")
			return
		}
	}
	if json.Unmarshal(raw, reflect.New(t).Interface()) != nil {
		c.fault(at, "This must be "+words+" in the form and range that is expected here.")
	}
}

func (c *checker) object(raw []byte, t reflect.Type, at string) {
	members := fieldsOf(t)
	seen := map[string]bool{}
	for w := into(raw); w.more(); {
		name := nameIn(w.next())
		member := w.next()
		where := at
		if showable(name) {
			where += "." + name
		}
		inner, known := members[name]
		if members == nil {
			inner, known = elementOf(t), true
		}
		switch {
		case seen[name]:
			c.fault(where, "This name occurs more than once.")
		case strings.ContainsRune(name, 0):
			c.fault(where, "A name must not contain the character NUL.")
		case !known:
			c.fault(where, unknown(name, members))
		default:
			c.value(member, inner, where)
		}
		seen[name] = true
	}
	if opaque(t) {
		c.leaf(raw, t, at, "an object")
	}
}

func (c *checker) list(raw []byte, t reflect.Type, at string) {
	n := 0
	for w := into(raw); w.more(); n++ {
		c.value(w.next(), elementOf(t), at+"["+strconv.Itoa(n)+"]")
	}
	if opaque(t) {
		c.leaf(raw, t, at, "a list")
	} else if t.Kind() == reflect.Array && n != t.Len() {
		c.fault(at, "This must be a list of "+strconv.Itoa(t.Len())+".")
	}
}

// opaque types read JSON themselves; of what is inside only names are checked.
func opaque(t reflect.Type) bool { return reflect.PointerTo(t).Implements(jsonUnmarshaler) }

// elementOf is the type of the values in a map or list.
func elementOf(t reflect.Type) reflect.Type {
	switch t.Kind() {
	case reflect.Map, reflect.Slice, reflect.Array:
		if !opaque(t) {
			return t.Elem()
		}
	}
	return anything
}

// A want is what stands for a type in JSON; first is 0 where anything may.
type want struct {
	first byte // as kindOf has it
	words string
}

func wants(t reflect.Type) want {
	switch {
	case reflect.PointerTo(t).Implements(textUnmarshaler): // also time.Time
		return want{'"', "text"}
	case opaque(t):
		return want{0, "a value"}
	}
	switch t.Kind() {
	case reflect.Struct, reflect.Map:
		return want{'{', "an object"}
	case reflect.Slice, reflect.Array:
		if t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Uint8 {
			return want{'"', "base64"}
		}
		return want{'[', "a list"}
	case reflect.String:
		return want{'"', "text"}
	case reflect.Bool:
		return want{'t', "true or false"}
	case reflect.Float32, reflect.Float64:
		return want{'0', "a number"}
	case reflect.Interface:
		return want{0, "a value"}
	}
	return want{'0', "a whole number"}
}

// kindOf tells by its first byte what a JSON value is.
func kindOf(first byte) byte {
	switch first {
	case '{', '[', '"', 't':
		return first
	case 'f':
		return 't'
	}
	return '0'
}

// showable keeps what is no name of ours, perhaps a secret in the wrong place or
// a text that would break the location, out of the answer.
func showable(name string) bool {
	return name != "" && len(name) <= 40 && !strings.ContainsFunc(name, func(c rune) bool {
		return (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '_' && c != '-'
	})
}

func unknown(name string, members map[string]reflect.Type) string {
	for ours := range members {
		if strings.EqualFold(ours, name) {
			return "There is no such name here; it is written " + ours + "."
		}
	}
	if !showable(name) {
		return "There is a name in it that is not known here."
	}
	return "There is no such name here."
}

var knownFields sync.Map // reflect.Type → map[string]reflect.Type

// fieldsOf returns the JSON names of a struct and their types, or nil where any
// name may stand. It follows encoding/json, embedded structs included.
func fieldsOf(t reflect.Type) map[string]reflect.Type {
	if t.Kind() != reflect.Struct || opaque(t) {
		return nil
	}
	if known, ok := knownFields.Load(t); ok {
		return known.(map[string]reflect.Type)
	}
	members := map[string]reflect.Type{}
	for i := range t.NumField() {
		f := t.Field(i)
		tag := f.Tag.Get("json")
		name, _, _ := strings.Cut(tag, ",")
		inner := f.Type
		if inner.Kind() == reflect.Pointer {
			inner = inner.Elem()
		}
		switch {
		case tag == "-":
		case f.Anonymous && name == "" && inner.Kind() == reflect.Struct:
			for name, of := range fieldsOf(inner) {
				if _, taken := members[name]; !taken {
					members[name] = of
				}
			}
		case !f.IsExported():
		case name == "":
			members[f.Name] = f.Type
		default:
			members[name] = f.Type
		}
	}
	knownFields.Store(t, members)
	return members
}
