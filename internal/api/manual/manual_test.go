package manual_test

import (
	"strings"
	"testing"

	"github.com/vestibule-id/vestibule/internal/api/manual"
)

const calls = `{"openapi":"3.1.0","info":{"title":"An <API>","version":"1"},"paths":{"/api/v1/things/{id}":{
 "post":{"summary":"Make","security":[{"operator_token":[]}],"responses":{}},
 "delete":{"summary":"Drop","responses":{"204":{"description":"No Content"}}},
 "get":{"summary":"Look","parameters":[{"name":"id","in":"path","required":true,"schema":{"type":"string"}},
   {"name":"deep","in":"query","description":"How far.","schema":{"type":"integer"}}],
  "security":[{"bearer":[]}],
  "responses":{"200":{"description":"OK","content":{"application/json":{"schema":{"$ref":"#/components/schemas/Thing"}}}},
   "404":{"description":"Problem with the code not_found.","content":{"application/problem+json":{"schema":{"$ref":"#/components/schemas/Thing"}}}}}}}},
 "components":{"schemas":{"Thing":{"type":"object","required":["name"],"properties":{
  "$schema":{"type":"string"},"name":{"type":"string","description":"What it is called."},
  "seen":{"type":["string","null"],"format":"date-time"},"parts":{"type":"array","items":{"$ref":"#/components/schemas/Thing"}}}}}}}`

// Proves: 2.8
func TestPage(t *testing.T) {
	page, err := manual.Page([]byte(calls), "/style.css", "/calls.json")
	if err != nil {
		t.Fatal(err)
	}
	text := string(page)
	for _, row := range []struct{ name, want string }{
		{"the title is text", "<h1>An &lt;API&gt;</h1>"},
		{"the style", `href="/style.css"`},
		{"the description", `href="/calls.json"`},
		{"calls have places", `<section id="get-api-v1-things-id"`},
		{"and lead there", `<a href="#delete-api-v1-things-id">`},
		{"by noun", "<h2>things</h2>"},
		{"in the path", `<tr><td><code>id</code></td><td>string, in the path</td>`},
		{"in the query", `<tr><td><code>deep</code></td><td>integer, in the query, may be left out</td><td>How far.</td>`},
		{"a field", `<tr><td><code>name</code></td><td>string</td><td>What it is called.</td>`},
		{"null and a format", `<td>string or null (date-time), may be left out</td>`},
		{"a list of what is behind a reference", `<code>parts</code></td><td>list of object`},
		{"inside of it", `<code>parts[].parts[].name</code>`},
		{"a problem", `<dt class="problem">404</dt>`},
		{"its code", "Problem with the code not_found."},
		{"who may", `Look. <span class="tag">signed in</span>`},
		{"and a program", `Make. <span class="tag">operator token</span>`},
		{"who may, too", `Drop. <span class="tag">anyone</span>`},
	} {
		if !strings.Contains(text, row.want) {
			t.Errorf("%s: no %s", row.name, row.want)
		}
	}
	if strings.Contains(text, "$schema") || strings.Index(text, "Look.") > strings.Index(text, "Drop.") {
		t.Error("there is $schema, or calls stand in another order")
	}
	if _, err := manual.Page([]byte("no"), "", ""); err == nil {
		t.Error("what is no description was shown")
	}
}
