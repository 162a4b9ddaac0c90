package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/danielgtaylor/huma/v2"
)

var ourDescription = sync.OnceValue(func() *huma.OpenAPI {
	a := &API{Product: "Vestibule", Version: "test"}
	return a.description(a.calls())
})

// Described is one call as the description has it; nil: there is none.
func Described(pattern string) *huma.Operation {
	method, path, _ := strings.Cut(pattern, " ")
	item := ourDescription().Paths[path]
	if item == nil {
		return nil
	}
	return map[string]*huma.Operation{"GET": item.Get, "POST": item.Post, "PUT": item.Put, "PATCH": item.Patch, "DELETE": item.Delete}[method]
}

// Fits says what of an answer the description does not tell of: its status, its
// media type, when to ask again, and every member of its body.
func Fits(pattern string, status int, header http.Header, body []byte) error {
	op := Described(pattern)
	if op == nil {
		return nil // not a call
	}
	described := op.Responses[strconv.Itoa(status)]
	if described == nil {
		described = op.Responses["default"]
		if status < 400 || described == nil {
			return fmt.Errorf("%s is not said to answer %d", pattern, status)
		}
	}
	for _, name := range []string{"Retry-After", replayedHeader} {
		if header.Get(name) != "" && described.Headers[name] == nil {
			return fmt.Errorf("%s is not said to send %s with %d", pattern, name, status)
		}
	}
	if len(body) == 0 {
		return nil
	}
	kind, _, _ := mime.ParseMediaType(header.Get("Content-Type"))
	media := described.Content[kind]
	switch {
	case media == nil:
		return fmt.Errorf("%s is said to answer %v, not %s", pattern, slices.Collect(maps.Keys(described.Content)), kind)
	case !strings.HasSuffix(kind, "json"):
		return nil
	}
	var value any
	if err := json.Unmarshal(body, &value); err != nil {
		return err
	}
	return FitsSchema(media.Schema, value)
}

// FitsSchema compares a value with a schema; an object has no members that the
// schema does not name, whether it allows others or not.
func FitsSchema(schema *huma.Schema, value any) error {
	schemas := ourDescription().Components.Schemas
	var found huma.ValidateResult
	huma.Validate(schemas, schema, huma.NewPathBuffer(nil, 0), huma.ModeReadFromServer, value, &found)
	for schema.Ref != "" {
		schema = schemas.SchemaFromRef(schema.Ref)
	}
	if object, ok := value.(map[string]any); ok && len(schema.Properties) > 0 {
		for name := range object {
			if schema.Properties[name] == nil {
				found.Errors = append(found.Errors, fmt.Errorf("%s is not described", name))
			}
		}
	}
	return errors.Join(found.Errors...)
}
