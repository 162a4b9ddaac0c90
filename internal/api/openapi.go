package api

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/vestibule-id/vestibule/internal/front"
	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/store"
)

// describe writes the table of calls as OpenAPI 3.1; the schemas come from the
// Go types, so the two cannot drift apart.
func (a *API) describe(calls []call) []byte {
	text, err := json.MarshalIndent(a.description(calls), "", " ")
	if err != nil {
		panic(err) // the table is ours
	}
	return text
}

func (a *API) description(calls []call) *huma.OpenAPI {
	schemas := huma.NewMapRegistry(schemaPrefix, schemaName)
	doc := &huma.OpenAPI{
		OpenAPI: "3.1.0",
		Info:    &huma.Info{Title: a.Product + " API", Version: a.Version},
		Servers: []*huma.Server{{URL: "/", Description: "The public address, from which this description comes."}},
		Paths:   map[string]*huma.PathItem{},
		Components: &huma.Components{
			Schemas: schemas,
			SecuritySchemes: map[string]*huma.SecurityScheme{
				"bearer":         {Type: "http", Scheme: "bearer", BearerFormat: "JWT"},
				"operator_token": {Type: "http", Scheme: "bearer", Description: "Made by “vestibule operator token create”."},
			},
		},
	}
	for _, c := range calls {
		method, path, _ := strings.Cut(c.Pattern, " ")
		item := doc.Paths[path]
		if item == nil {
			item = &huma.PathItem{}
			doc.Paths[path] = item
		}
		place(item, method, c.operation(schemas, path))
	}
	for name, schema := range schemas.Map() {
		sayNull(schemas, schema, schemas.TypeFromRef(schemaPrefix+name))
	}
	return doc
}

const schemaPrefix = "#/components/schemas/"

// sayNull mends what a description says of null: lists of ours are never null,
// objects that may be missing are.
func sayNull(schemas huma.Registry, of *huma.Schema, t reflect.Type) {
	if t.Kind() != reflect.Struct {
		return
	}
	for _, f := range reflect.VisibleFields(t) {
		name, more, _ := strings.Cut(f.Tag.Get("json"), ",")
		property := of.Properties[name]
		switch {
		case property == nil:
		case property.Type == huma.TypeArray:
			property.Nullable = false
		case f.Type.Kind() == reflect.Pointer && property.Ref != "" && more != "omitempty":
			inner := *schemas.SchemaFromRef(property.Ref)
			inner.Nullable, inner.Description = true, property.Description
			of.Properties[name] = &inner
		}
	}
}

// schemaName is the name of a Go type in the description: grantAnswer is
// Grant.
func schemaName(t reflect.Type, hint string) string {
	name := huma.DefaultSchemaNamer(t, hint)
	name = strings.TrimSuffix(strings.TrimSuffix(name, "Answer"), "Body")
	return strings.ToUpper(name[:1]) + name[1:]
}

func place(item *huma.PathItem, method string, op *huma.Operation) {
	switch method {
	case http.MethodGet:
		item.Get = op
	case http.MethodPost:
		item.Post = op
	case http.MethodPut:
		item.Put = op
	case http.MethodPatch:
		item.Patch = op
	case http.MethodDelete:
		item.Delete = op
	default:
		panic("no place for " + method)
	}
}

func (c call) operation(schemas huma.Registry, path string) *huma.Operation {
	op := &huma.Operation{Summary: c.Summary, Parameters: c.parameters(schemas, path), Responses: map[string]*huma.Response{}}
	file, example := files[c.Pattern], examples[c.Pattern]
	switch {
	case len(file.taken) > 0:
		op.RequestBody = &huma.RequestBody{Required: true, Content: fileContent(file.taken)}
	case c.In != nil && len(paramsOf(c.In)) == 0:
		op.RequestBody = &huma.RequestBody{Required: true, Content: content(schemas, "application/json", c.In)}
		op.RequestBody.Content["application/json"].Example = example.in
	}
	success := &huma.Response{Description: http.StatusText(c.Status), Content: fileContent(file.answered)}
	if c.Out != nil {
		success.Content = content(schemas, "application/json", c.Out)
		success.Content["application/json"].Example = example.out
	}
	if c.keyed() {
		success.Headers = map[string]*huma.Param{replayedHeader: {Description: "true: the answer is the one of before.", Schema: &huma.Schema{Type: "string", Enum: []any{"true"}}}}
	}
	op.Responses[strconv.Itoa(c.Status)] = success
	for status, codes := range byStatus(c.Problems) {
		op.Responses[strconv.Itoa(status)] = refusal(schemas, status, codes)
	}
	op.Responses["default"] = &huma.Response{
		Description: "Any other problem; status and code are in it.", Content: content(schemas, "application/problem+json", problemAnswer{}),
	}
	switch {
	case c.Guard.ForOperators():
		op.Security = []map[string][]string{{"operator_token": {}}}
	case c.Guard.Check(front.Nobody) != nil:
		op.Security = []map[string][]string{{"bearer": {}}}
	}
	return op
}

// pathWords are the names in paths and what they are.
var pathWords = map[string]string{
	"id": "The id, as lists and answers have it.", "name": "The role's name.", "slug": "The tenant's slug.",
}

func (c call) parameters(schemas huma.Registry, path string) (list []*huma.Param) {
	for part := range strings.SplitSeq(path, "/") {
		if inner, ok := strings.CutPrefix(part, "{"); ok {
			name := strings.TrimSuffix(inner, "}")
			list = append(list, &huma.Param{Name: name, In: "path", Required: true, Description: pathWords[name], Schema: &huma.Schema{Type: "string"}})
		}
	}
	for _, f := range paramsOf(c.In) {
		schema := huma.SchemaFromField(schemas, f, "")
		words := schema.Description
		schema.Description = "" // the parameter has it
		list = append(list, &huma.Param{Name: f.Tag.Get("query"), In: "query", Required: f.Tag.Get("required") != "", Description: words, Schema: schema})
	}
	if c.keyed() {
		list = append(list, &huma.Param{Name: keyHeader, In: "header", Schema: &huma.Schema{Type: "string"},
			Description: "Of your choosing, one for each thing to be done: asked again with the same one within 24 hours, the answer is the same and nothing is done twice."})
	}
	return list
}

// refusal is a status with the codes of its problems. When one has to wait it
// says how long.
func refusal(schemas huma.Registry, status int, codes []string) *huma.Response {
	r := &huma.Response{
		Description: "Problem with the code " + strings.Join(codes, ", ") + ".",
		Content:     content(schemas, "application/problem+json", problemAnswer{}),
	}
	if status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable || slices.Contains(codes, store.ErrTurnOver.Code) {
		r.Headers = map[string]*huma.Param{"Retry-After": {Description: "Ask again after so many seconds.", Schema: &huma.Schema{Type: "integer", Minimum: new(1.0)}}}
	}
	return r
}

// files are the calls that take or answer something else than JSON, and as
// what.
var files = map[string]struct{ taken, answered []string }{
	"POST /api/v1/users/import":        {taken: []string{"text/csv"}},
	"POST /api/v1/users/export":        {answered: []string{"text/csv"}},
	"POST /api/v1/audit-events/export": {answered: []string{"text/csv", "application/jsonl"}},
	"PUT /api/v1/organization/logo":    {taken: slices.Sorted(maps.Keys(pictureTypes))},
}

func fileContent(kinds []string) map[string]*huma.MediaType {
	list := map[string]*huma.MediaType{}
	for _, kind := range kinds {
		list[kind] = &huma.MediaType{Schema: &huma.Schema{Type: "string"}}
		if !strings.HasPrefix(kind, "text/") {
			list[kind] = &huma.MediaType{} // bytes have no schema in OpenAPI 3.1
		}
	}
	return list
}

func content(schemas huma.Registry, kind string, body any) map[string]*huma.MediaType {
	t := reflect.TypeOf(body)
	return map[string]*huma.MediaType{kind: {Schema: schemas.Schema(t, true, fmt.Sprint(t.Name()))}}
}

func byStatus(problems []*problem.Problem) map[int][]string {
	found := map[int]map[string]bool{}
	for _, p := range problems {
		status := front.Status(p.Kind)
		if found[status] == nil {
			found[status] = map[string]bool{}
		}
		found[status][p.Code] = true
	}
	out := map[int][]string{}
	for status, codes := range found {
		out[status] = slices.Sorted(maps.Keys(codes))
	}
	return out
}
