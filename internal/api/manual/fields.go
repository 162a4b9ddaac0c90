package manual

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// What of an OpenAPI 3.1 description the page shows.
type (
	document struct {
		Info       struct{ Title, Version string }
		Paths      map[string]map[string]operation
		Components struct{ Schemas map[string]*schema }
	}
	operation struct {
		Summary     string
		Parameters  []parameter
		RequestBody *body
		Responses   map[string]body
		Security    []map[string]any
	}
	parameter struct {
		Name, In, Description string
		Required              bool
		Schema                *schema
	}
	body struct {
		Description string
		Content     map[string]struct{ Schema *schema }
	}
	schema struct {
		Ref                 string `json:"$ref"`
		Type                kinds
		Format, Description string
		Enum                []any
		Items               *schema
		Properties          map[string]*schema
		Required            []string
	}
)

// kinds is a JSON schema's type: one word or several.
type kinds []string

func (k *kinds) UnmarshalJSON(text []byte) error {
	var one string
	if json.Unmarshal(text, &one) == nil {
		*k = kinds{one}
		return nil
	}
	return json.Unmarshal(text, (*[]string)(k))
}

// A field is a member of a body, with the way to it: "user.email",
// "sessions[].id".
type field struct {
	Name, Kind string
	Required   bool
	Note       string
}

// deepest is how far into a body the page goes; none of ours is as deep.
const deepest = 6

// fields lists what is inside a schema, members of members behind them.
func (d *document) fields(at string, s *schema, depth int) (list []field) {
	s = d.resolve(s)
	if s == nil || depth > deepest {
		return nil
	}
	if s.Items != nil {
		return d.fields(at+"[]", s.Items, depth+1)
	}
	for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
		if strings.HasPrefix(name, "$") {
			continue // about the schema, not of the body
		}
		inner, place := s.Properties[name], name
		if at != "" {
			place = at + "." + name
		}
		list = append(list, d.field(place, inner, slices.Contains(s.Required, name)))
		list = append(list, d.fields(place, inner, depth+1)...)
	}
	return list
}

func (d *document) field(name string, given *schema, required bool) field {
	f := field{Name: name, Required: required}
	s := d.resolve(given)
	if s == nil {
		return f
	}
	f.Kind = d.kind(s)
	f.Note = s.Description
	if given.Description != "" {
		f.Note = given.Description
	}
	if len(s.Enum) > 0 {
		values := make([]string, len(s.Enum))
		for i, value := range s.Enum {
			values[i] = fmt.Sprint(value)
		}
		f.Note = strings.TrimSpace(f.Note + " One of " + strings.Join(values, ", ") + ".")
	}
	return f
}

// kind is a type in words.
func (d *document) kind(s *schema) string {
	words := strings.Join(s.Type, " or ")
	if inner := d.resolve(s.Items); inner != nil {
		words = "list of " + d.kind(inner)
	}
	if s.Format != "" {
		words += " (" + s.Format + ")"
	}
	return words
}

// resolve follows a reference to where its schema stands.
func (d *document) resolve(s *schema) *schema {
	if s == nil || s.Ref == "" {
		return s
	}
	return d.Components.Schemas[strings.TrimPrefix(s.Ref, "#/components/schemas/")]
}
