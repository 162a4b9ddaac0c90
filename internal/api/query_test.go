package api_test

import (
	"encoding/json"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"

	"github.com/vestibule-id/vestibule/internal/api"
	"github.com/vestibule-id/vestibule/internal/housetest"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/store/storetest"
)

// Proves: 2.5, 2.8
func TestQueriesAreAsDescribed(t *testing.T) {
	h := housetest.New(t, storetest.Address(t, "sqlite"))
	c := caller{t, handlerOf(h)}
	_, bearers := office(t, h, c)
	boss := bearers[identity.Admin]
	for _, row := range []struct{ name, call, at, says string }{
		{"an unknown name", "GET /api/v1/users?stauts=active", "query.stauts", "There is no such name here."},
		{"another case", "GET /api/v1/users?Status=active", "query.Status", "There is no such name here; it is written status."},
		{"a name of another list", "GET /api/v1/invitations?status=active", "query.status", "There is no such name here."},
		{"a name twice", "GET /api/v1/users?status=active&status=invited", "query.status", "This is there more than once."},
		{"a cursor twice", "GET /api/v1/mails?cursor=&cursor=", "query.cursor", "This is there more than once."},
		{"where there is none", "GET /api/v1/me?a=b", "query.a", "There is no such name here."},
		{"where somebody acts", "DELETE /api/v1/sessions/current?all=true", "query.all", "There is no such name here."},
		{"nobody shows what is no name", "GET /api/v1/users?%3Cb%3E=x", "query", "There is a name in it that is not known here."},
		{"neither true nor false", "POST /api/v1/users/import?check=1", "query.check", "This must be true or false."},
		{"nothing for true or false", "POST /api/v1/users/import?partial=", "query.partial", "This must be true or false."},
	} {
		t.Run(row.name, func(t *testing.T) {
			method, path, _ := strings.Cut(row.call, " ")
			r := caller{t, c.handler}.send(method, path, "", boss...).want(422, "invalid_query")
			if want := `"errors":[{"location":"` + row.at + `","message":"` + row.says + `"}]`; !strings.Contains(r.Body.String(), want) {
				t.Errorf("%s in %s", want, r.Body)
			}
		})
	}
	c.send("GET", "/api/v1/users?q=%zz", "", boss...).want(422, "invalid_query")
	c.send("GET", "/api/v1/users?a=b", "").want(401, "sign_in_required")
	c.send("GET", "/api/v1/me", "", boss...).want(200, "")
}

// Every value that the description offers is taken, and no other.
//
// Proves: 2.8
func TestDescribedValuesAreTaken(t *testing.T) {
	h := housetest.New(t, storetest.Address(t, "sqlite"))
	c := caller{t, handlerOf(h)}
	_, bearers := office(t, h, c)
	boss, tried := bearers[identity.Admin], 0
	for _, address := range []string{"/api/v1/users", "/api/v1/mails", "/api/v1/invitations", "/api/v1/audit-events"} {
		for _, p := range api.Described("GET " + address).Parameters {
			if p.Description == "" || p.In != "query" {
				t.Errorf("%s: %s %s is described as %q", address, p.In, p.Name, p.Description)
			}
			for _, value := range p.Schema.Enum {
				c.send("GET", address+"?"+p.Name+"="+value.(string), "", boss...).want(200, "")
				tried++
			}
			if len(p.Schema.Enum) > 0 {
				c.send("GET", address+"?"+p.Name+"=none", "", boss...).want(422, "invalid_filter")
			}
		}
	}
	if tried < 12 {
		t.Errorf("%d values were tried", tried)
	}
}

// A query is read where its names are known, and nowhere else.
//
// Proves: 2.8
func TestQueriesAreReadInOnePlace(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	elsewhere := regexp.MustCompile(`\.Query\(\)|RawQuery|FormValue|ParseForm|ParseQuery`)
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if found := elsewhere.Find(text); found != nil && name != "query.go" && !strings.HasSuffix(name, "_test.go") {
			t.Errorf("%s has %s: say what is read beside the call, and read it by queryOf", name, found)
		}
	}
}

// Every call that reads a query has it in the table: queryOf panics where it
// does not, whatever was sent.
//
// Proves: 2.8
func TestEveryCallWithAQueryIsInTheTable(t *testing.T) {
	h := housetest.New(t, storetest.Address(t, "sqlite"))
	c := caller{t, handlerOf(h)}
	_, bearers := office(t, h, c)
	for pattern, want := range map[string]string{
		"GET /api/v1/users": "cursor limit q role sort status", "GET /api/v1/mails": "cursor limit q state user",
		"GET /api/v1/invitations": "cursor limit", "GET /api/v1/audit-events": "address cursor from kind limit q result to user",
		"GET /api/v1/operator/tenants": "cursor limit", "DELETE /api/v1/operator/tenants/{slug}": "confirm slug",
		"POST /api/v1/users/import": "check partial",
	} {
		if got := namesOf(api.Described(pattern).Parameters); got != want {
			t.Errorf("%s describes %s, want %s", pattern, got, want)
		}
		method, path, _ := strings.Cut(pattern, " ")
		if r := c.send(method, path, "", bearers[identity.Admin]...); r.Code >= 500 {
			t.Errorf("%s: %d %s", pattern, r.Code, r.Body)
		}
	}
}

// The members of single problems, waiting, files and examples: what only some
// answers have is described too.
//
// Proves: 2.8
func TestTheDescriptionIsWhole(t *testing.T) {
	h := housetest.New(t, storetest.Address(t, "sqlite"))
	var doc struct {
		Servers []struct{ URL string }
		Paths   map[string]map[string]json.RawMessage
	}
	if err := json.Unmarshal(caller{t, handlerOf(h)}.send("GET", "/api/v1/openapi.json", "").Body.Bytes(), &doc); err != nil {
		t.Fatal(err)
	}
	if len(doc.Servers) != 1 || doc.Servers[0].URL != "/" {
		t.Errorf("the servers are %v", doc.Servers)
	}
	examples := 0
	for path, calls := range doc.Paths {
		for method := range calls {
			pattern := strings.ToUpper(method) + " " + path
			op := api.Described(pattern)
			if op == nil || op.Responses["default"] == nil {
				t.Fatalf("%s has no answer for what may happen to any call", pattern)
			}
			for _, p := range op.Parameters {
				if p.Description == "" || p.Schema == nil {
					t.Errorf("%s: %s is not described", pattern, p.Name)
				}
			}
			for status, answer := range op.Responses {
				if waits := status == "429" || status == "503"; waits && answer.Headers["Retry-After"] == nil {
					t.Errorf("%s does not say that %s tells when to ask again", pattern, status)
				}
				examples += exampleFits(t, pattern, answer.Content)
			}
			if op.RequestBody != nil {
				examples += exampleFits(t, pattern, op.RequestBody.Content)
			}
		}
	}
	if examples < 7 {
		t.Errorf("there are %d examples", examples)
	}
}

func exampleFits(t *testing.T, pattern string, content map[string]*huma.MediaType) (n int) {
	t.Helper()
	for kind, media := range content {
		if media.Example == nil {
			continue
		}
		text, err := json.Marshal(media.Example)
		if err != nil {
			t.Fatal(err)
		}
		var value any
		if err := json.Unmarshal(text, &value); err != nil {
			t.Fatal(err)
		}
		if err := api.FitsSchema(media.Schema, value); err != nil {
			t.Errorf("the example of %s, %s: %v", pattern, kind, err)
		}
		n++
	}
	return n
}

func namesOf(params []*huma.Param) string {
	var names []string
	for _, p := range params {
		names = append(names, p.Name)
	}
	slices.Sort(names)
	return strings.Join(names, " ")
}

// Every list is read page by page, also one that is short by nature.
//
// Proves: 5.7
func TestEveryListHasPages(t *testing.T) {
	h := housetest.New(t, storetest.Address(t, "sqlite"))
	c := caller{t, handlerOf(h)}
	people, bearers := office(t, h, c)
	boss := bearers[identity.Admin]
	c.send("POST", "/api/v1/sessions", `{"tenant":"acme","email":"`+people[identity.Admin].Email.Folded+`","password":"`+rightPassword+`"}`).want(201, "")
	for _, path := range []string{
		"/api/v1/sessions", "/api/v1/users/" + string(people[identity.Admin].ID) + "/sessions", "/api/v1/roles", "/api/v1/permissions",
	} {
		whole := c.send("GET", path, "", boss...).want(200, "").items()
		var list []string
		for cursor := ""; ; {
			page := c.send("GET", path+"?limit=1&cursor="+url.QueryEscape(cursor), "", boss...).want(200, "")
			list = append(list, page.items()...)
			if cursor = page.field("next_cursor"); cursor == "" {
				break
			}
		}
		if len(whole) < 2 || !slices.Equal(list, whole) {
			t.Errorf("%s page by page: %q, not %q", path, list, whole)
		}
		c.send("GET", path+"?cursor=nothing", "", boss...).want(422, "invalid_page")
		c.send("GET", path+"?limit=0", "", boss...).want(422, "invalid_page")
	}
}

// items are those of a list, each as it stands there.
func (r reply) items() (list []string) {
	r.t.Helper()
	var answer struct{ Items []json.RawMessage }
	if err := json.Unmarshal(r.Body.Bytes(), &answer); err != nil {
		r.t.Fatal(err)
	}
	for _, one := range answer.Items {
		list = append(list, string(one))
	}
	return list
}
