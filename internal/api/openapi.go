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
)

// describe writes the table of calls as OpenAPI 3.1; the schemas come from the
// Go types, so the two cannot drift apart.
func (a *API) describe(calls []call) []byte {
	schemas := huma.NewMapRegistry("#/components/schemas/", schemaName)
	doc := &huma.OpenAPI{
		OpenAPI: "3.1.0",
		Info:    &huma.Info{Title: a.Product + " API", Version: a.Version},
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
	text, err := json.MarshalIndent(doc, "", " ")
	if err != nil {
		panic(err) // the table is ours
	}
	return text
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
	op := &huma.Operation{Summary: c.Summary, Responses: map[string]*huma.Response{}}
	for name := range strings.SplitSeq(path, "/") {
		if inner, ok := strings.CutPrefix(name, "{"); ok {
			op.Parameters = append(op.Parameters, &huma.Param{
				Name: strings.TrimSuffix(inner, "}"), In: "path", Required: true, Schema: &huma.Schema{Type: "string"},
			})
		}
	}
	if c.keyed() {
		op.Parameters = append(op.Parameters, &huma.Param{Name: keyHeader, In: "header", Schema: &huma.Schema{Type: "string"},
			Description: "Of your choosing, one for each thing to be done: asked again with the same one within 24 hours, the answer is the same and nothing is done twice."})
	}
	if c.In != nil {
		op.RequestBody = &huma.RequestBody{Required: true, Content: content(schemas, "application/json", c.In)}
	}
	success := &huma.Response{Description: http.StatusText(c.Status)}
	if c.Out != nil {
		success.Content = content(schemas, "application/json", c.Out)
	}
	op.Responses[strconv.Itoa(c.Status)] = success
	for status, codes := range byStatus(c.Problems) {
		op.Responses[strconv.Itoa(status)] = &huma.Response{
			Description: "Problem with the code " + strings.Join(codes, ", ") + ".",
			Content:     content(schemas, "application/problem+json", problemAnswer{}),
		}
	}
	switch {
	case c.Guard.ForOperators():
		op.Security = []map[string][]string{{"operator_token": {}}}
	case c.Guard.Check(front.Nobody) != nil:
		op.Security = []map[string][]string{{"bearer": {}}}
	}
	return op
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

// problemAnswer is what WriteProblem writes, for the description.
type problemAnswer struct {
	Type     string         `json:"type"`
	Title    string         `json:"title"`
	Status   int            `json:"status"`
	Detail   string         `json:"detail"`
	Code     string         `json:"code"`
	Instance string         `json:"instance" doc:"The request's id, as in the log."`
	Errors   []problemField `json:"errors,omitempty"`
}

type problemField struct {
	Location string `json:"location"`
	Message  string `json:"message"`
}
