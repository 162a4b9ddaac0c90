// Package manual shows an OpenAPI description to people: one page that lists
// every call with what it takes, answers and refuses. The page needs no script
// and asks nobody but this server.
package manual

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"html/template"
	"maps"
	"slices"
	"strings"
)

//go:embed page.html
var pageText string

// Style is the stylesheet of the page.
//
//go:embed style.css
var Style []byte

var page = template.Must(template.New("page").Parse(pageText))

// The order in which the calls of one address stand.
var methods = []string{"get", "post", "put", "patch", "delete"}

// Page is the page of an OpenAPI 3.1 description in JSON. style and source are
// where a browser finds Style and the description itself. The error says what
// of the description cannot be read.
func Page(description []byte, style, source string) ([]byte, error) {
	var doc document
	if err := json.Unmarshal(description, &doc); err != nil {
		return nil, fmt.Errorf("read the description: %w", err)
	}
	shown := shownPage{Title: doc.Info.Title, Version: doc.Info.Version, Style: style, Source: source}
	for _, address := range slices.Sorted(maps.Keys(doc.Paths)) {
		for _, method := range methods {
			if op, ok := doc.Paths[address][method]; ok {
				shown.add(doc.call(strings.ToUpper(method), address, op))
			}
		}
	}
	var text bytes.Buffer
	if err := page.Execute(&text, shown); err != nil {
		return nil, fmt.Errorf("write the manual: %w", err)
	}
	return text.Bytes(), nil
}

// What the template uses.
type (
	shownPage struct {
		Title, Version, Style, Source string
		Parts                         []part
	}
	// A part is the calls about one noun, the first of their addresses.
	part struct {
		Noun  string
		Calls []call
	}
	call struct {
		ID, Method, Address, Summary string
		Who                          string // may: anyone, signed in, operator token
		Parameters                   []field
		Body                         []field
		Answers                      []answer
	}
	answer struct {
		Status, Text string
		Problem      bool
		Fields       []field
	}
)

// add puts a call beside those about the same noun.
func (p *shownPage) add(c call) {
	noun, _, _ := strings.Cut(strings.TrimPrefix(c.Address, "/api/v1/"), "/")
	if n := len(p.Parts); n == 0 || p.Parts[n-1].Noun != noun {
		p.Parts = append(p.Parts, part{Noun: noun})
	}
	last := &p.Parts[len(p.Parts)-1]
	last.Calls = append(last.Calls, c)
}

func (d *document) call(method, address string, op operation) call {
	c := call{
		ID:     strings.Trim(notID.Replace(strings.ToLower(method)+address), "-"),
		Method: method, Address: address, Summary: op.Summary, Who: op.who(),
	}
	for _, p := range op.Parameters {
		f := d.field(p.Name, p.Schema, p.Required)
		f.Kind += ", in the " + p.In
		f.Note = strings.TrimSpace(p.Description + " " + f.Note)
		c.Parameters = append(c.Parameters, f)
	}
	if op.RequestBody != nil {
		c.Body = d.content(*op.RequestBody)
	}
	for _, status := range slices.Sorted(maps.Keys(op.Responses)) {
		r := op.Responses[status]
		a := answer{Status: status, Text: r.Description, Problem: status >= "400"}
		if !a.Problem { // problems all have the same members
			a.Fields = d.content(r)
		}
		c.Answers = append(c.Answers, a)
	}
	return c
}

// who may make a call, in the words of its mark.
func (op operation) who() string {
	switch {
	case len(op.Security) == 0:
		return "anyone"
	case op.Security[0]["operator_token"] != nil:
		return "operator token"
	}
	return "signed in"
}

var notID = strings.NewReplacer("/", "-", "{", "", "}", "", ".", "-")

// content is the fields of a JSON body.
func (d *document) content(b body) []field {
	return d.fields("", b.Content["application/json"].Schema, 0)
}
