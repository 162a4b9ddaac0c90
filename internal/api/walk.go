package api

import (
	"bytes"
	"encoding/json"
)

// A walk goes through what is in an object or a list, one name or value after
// the other. It takes apart only what has been found to be JSON.
type walk struct{ rest []byte }

func into(raw []byte) walk { return walk{raw[1:]} }

// more reports whether there is anything before the end of the object or list.
func (w *walk) more() bool {
	w.rest = bytes.TrimLeft(w.rest, " \t\r\n,")
	return w.rest[0] != '}' && w.rest[0] != ']'
}

// next is the next name, with its quotes, or the next value.
func (w *walk) next() []byte {
	w.rest = bytes.TrimLeft(w.rest, " \t\r\n:")
	end := lengthOf(w.rest)
	value := w.rest[:end]
	w.rest = w.rest[end:]
	return value
}

// lengthOf is how long the value at the beginning of raw is.
func lengthOf(raw []byte) int {
	if raw[0] != '"' && raw[0] != '{' && raw[0] != '[' {
		return len(raw) - len(bytes.TrimLeft(raw, "+-.0123456789Eaeflnrstu")) // a number, true, false or null
	}
	depth := 0
	for i := 0; ; i++ {
		switch raw[i] {
		case '"':
			i, _ = skipString(raw, i+1)
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		}
		if depth == 0 {
			return i + 1
		}
	}
}

// nameIn is what a name in its quotes says.
func nameIn(quoted []byte) string {
	if bytes.IndexByte(quoted, '\\') < 0 {
		return string(quoted[1 : len(quoted)-1])
	}
	var name string
	_ = json.Unmarshal(quoted, &name) // it is a string
	return name
}
