package server_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"html"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vestibule-id/vestibule/internal/api"
	"github.com/vestibule-id/vestibule/internal/front"
	"github.com/vestibule-id/vestibule/internal/housetest"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/web"
)

var update = flag.Bool("update", false, "write testdata/routes.txt anew")

const tableFile = "testdata/routes.txt"

const tableHead = `# What every route answers, to each visitor and about each object: "go test ./internal/server -run RouteTable -update"
# writes it anew. Whatever changes here is a change of who may do what, and is looked at as one.
# Under a route stand the columns, where it has more than one, then a line for each visitor; one answer stands for all
# columns where they are the same. A page that sends to sign-in is "303 sign-in"; a refusal has the problem's code.
`

// allRoutes are the calls and the pages.
func allRoutes() []front.Route {
	return slices.Concat((&api.API{}).Routes(), (&web.Pages{Demo: &web.Demo{}}).Routes())
}

// Every route, every visitor, every object: the table is the specification, and
// a route that is missing in it, or in “sent”, fails.
//
// Proves: 5.7, G3, W2
func TestRouteTable(t *testing.T) {
	w := openWorld(t)
	if housetest.Race { // is too slow for everybody, and looks for something else
		defer func(all []string) { visitors = all }(visitors)
		visitors = []string{"nobody", identity.Manager}
	}
	table, given := tableHead, map[string]answers{}
	for _, route := range allRoutes() {
		given[route.Pattern] = w.answers(t, route.Pattern)
		table += "\n" + route.Pattern + "\n" + given[route.Pattern].rows()
	}
	if *update && !housetest.Race {
		must(t, os.MkdirAll("testdata", 0o755))
		must(t, os.WriteFile(tableFile, []byte(table), 0o644))
	}
	golden, err := os.ReadFile(tableFile)
	must(t, err)
	table, golden = asked(table), []byte(asked(string(golden)))
	if table != string(golden) {
		t.Errorf("%s is not what is answered; look at each of these, then write it anew with -update", tableFile)
	}
	was, is := strings.Split(string(golden), "\n\n"), strings.Split(table, "\n\n")
	for _, block := range was {
		if !slices.Contains(is, block) {
			t.Errorf("it says\n%s", block)
		}
	}
	for _, block := range is {
		if !slices.Contains(was, block) {
			t.Errorf("answered is\n%s", block)
		}
	}
	for _, page := range allRoutes() {
		if twin := given[page.Twin]; page.Twin != "" && !unlike[page.Pattern] {
			alike(t, page, given[page.Pattern], twin)
		}
	}
}

// asked is a table without the visitors who were not asked for, and without
// the names of columns, which may be theirs alone.
func asked(table string) string {
	var kept strings.Builder
	for line := range strings.Lines(table) {
		name, _, _ := strings.Cut(strings.TrimPrefix(line, "  "), " ")
		if !strings.HasPrefix(line, "  ") || slices.Contains(visitors, name) || len(visitors) > 2 {
			kept.WriteString(line)
		}
	}
	return kept.String()
}

// unlike are pages whose answers are not compared with their twins': a stranger
// may press the one, the other is a second step without its first here.
var unlike = map[string]bool{"POST /logout": true, "POST /login/choice": true}

// alike holds a page to its twin: who gets it done there gets it done here, and
// who is refused is refused for the same reason.
func alike(t *testing.T, page front.Route, here, there answers) {
	t.Helper()
	for _, visitor := range visitors {
		for name, one := range here.of[visitor] {
			other, both := there.of[visitor][name]
			if unsaid := one.short == other.short[:min(3, len(other.short))]; both && !unsaid && one.outcome() != other.outcome() {
				t.Errorf("%s, %s, %s: %s, but %s: %s", page.Pattern, visitor, name, one.short, page.Twin, other.short)
			}
		}
	}
}

// outcome is what became of it: done, sign in first, or a problem.
func (a answer) outcome() string {
	status, code, _ := strings.Cut(a.short, " ")
	switch {
	case a.short == "303 sign-in" || status == "401" && code != "invalid_credentials" && code != "sign_in_again":
		return "sign in"
	case status < "400":
		return "done"
	case code == "" && status == "410":
		return "link_invalid"
	}
	return code
}

// answers are a route's, by visitor and column.
type answers struct {
	columns []string
	of      map[string]map[string]answer
}

// answers asks for a route as each visitor, about each object.
func (w *world) answers(t *testing.T, pattern string) answers {
	t.Helper()
	w.begin(t, pattern)
	all := answers{of: map[string]map[string]answer{}}
	for _, visitor := range visitors {
		got := map[string]answer{}
		var names []string
		for i := range w.aims(t, pattern, visitor) {
			a := w.aims(t, pattern, visitor)[i] // in the world as it is by now
			if got[a.name] = w.ask(t, pattern, a); a.name != nobodys {
				names = append(names, a.name)
			}
		}
		if theirs, none := got[columns[3]], got[nobodys]; theirs != none {
			t.Errorf("%s: %s is told what is another tenant's from what is nobody's:\n%s", pattern, visitor, cmp.Diff(none.whole, theirs.whole))
		}
		all.of[visitor] = got
		if len(names) > len(all.columns) {
			all.columns = names
		}
	}
	return all
}

// rows are a line for each visitor, below the names of the columns.
func (all answers) rows() string {
	var text strings.Builder
	wide := false
	for _, visitor := range visitors {
		var cells []string
		for _, name := range all.columns {
			if one, there := all.of[visitor][name]; there {
				cells = append(cells, one.short)
			}
		}
		if !slices.ContainsFunc(cells, func(c string) bool { return c != cells[0] }) {
			cells = cells[:1]
		}
		wide = wide || len(cells) > 1
		line(&text, visitor, cells)
	}
	if !wide {
		return text.String()
	}
	var head strings.Builder
	line(&head, "", all.columns)
	return head.String() + text.String()
}

func line(to *strings.Builder, name string, cells []string) {
	text := fmt.Sprintf("  %-9s", name)
	for _, cell := range cells {
		text += fmt.Sprintf(" %-22s", cell)
	}
	to.WriteString(strings.TrimRight(text, " ") + "\n")
}

// An answer is what came, without what differs each time.
type answer struct {
	short string // for the table
	whole string // all a visitor sees
}

// ask sends a request. What is done is done in a tenant that nobody uses again.
func (w *world) ask(t *testing.T, pattern string, a aim) answer {
	t.Helper()
	w.log.Reset()
	got := httptest.NewRecorder()
	w.server.Public.ServeHTTP(got, w.request(t, pattern, a, nil))
	if got.Code >= 500 {
		t.Errorf("%s, %s: %d\n%s", pattern, a.name, got.Code, w.log)
	}
	place := a.hidden(got.Header().Get("Location"))
	whole := strings.ReplaceAll(got.Body.String(), got.Header().Get("X-Request-Id"), "{request}")
	short := fmt.Sprint(got.Code)
	switch {
	case strings.HasSuffix(place, "/login") && got.Code == 303 && w.problem() != "":
		short += " sign-in"
	case got.Code == 303:
		short += " " + place[:strings.IndexAny(place+"?", "?#")]
	case got.Code >= 400:
		short += " " + w.problemOf(t, got)
	}
	if !strings.HasPrefix(pattern, "GET ") && got.Code < 400 {
		switch a.at {
		case w.own:
			w.own = w.furnish(t, a.at.row.Status)
		case w.other:
			w.other = w.furnish(t, a.at.row.Status)
		case w.suspended:
			w.suspended = w.furnish(t, a.at.row.Status)
		}
	}
	return answer{strings.TrimSpace(short), fmt.Sprint(got.Code, place, a.hidden(whole))}
}

var madeAnew = regexp.MustCompile(`[A-Z2-7]{26}|kft_[0-9a-f]+`)

// hidden is an address or a page without the values that are this aim's, and
// without where to return to.
func (a aim) hidden(text string) string {
	text, _, _ = strings.Cut(text, "?return_to=")
	for _, name := range []string{"name", "id", "user", "email", "slug", "reset", "undo", "address", "invitation", "refresh", "new"} {
		if value := a.values[name]; value != "" {
			text = strings.ReplaceAll(strings.ReplaceAll(text, url.QueryEscape(value), "{"+name+"}"), value, "{"+name+"}")
		}
	}
	return madeAnew.ReplaceAllString(text, "{new}")
}

// problem is the problem in the log's line about the last request.
func (w *world) problem() string {
	var line struct {
		Problem string `json:"problem"`
	}
	last := strings.TrimSpace(w.log.String())
	if err := json.Unmarshal([]byte(last[strings.LastIndex(last, "\n")+1:]), &line); err != nil {
		panic(err) // the log is JSON
	}
	return line.Problem
}

// problemOf is the code of a refusal: a program is told, a page has it in the
// log where the door refused, and else says the sentence.
func (w *world) problemOf(t *testing.T, got *httptest.ResponseRecorder) string {
	t.Helper()
	var told struct {
		Code string `json:"code"`
	}
	if json.Unmarshal(got.Body.Bytes(), &told) == nil && told.Code != "" {
		return told.Code
	}
	if code := w.problem(); code != "" {
		return code
	}
	page := html.UnescapeString(got.Body.String())
	for _, p := range sentences(t) {
		if strings.Contains(page, p[1]) {
			return p[0]
		}
	}
	return "" // a page of its own, or what its module reads
}

// sentences are codes with what people are told, from the reference.
func sentences(t *testing.T) (list [][2]string) {
	t.Helper()
	page, err := os.ReadFile("../../docs/reference/problems.md")
	must(t, err)
	for _, part := range bytes.Split(page, []byte("\n## "))[1:] {
		code, rest, _ := strings.Cut(string(part), "\n\n")
		_, sentence, _ := strings.Cut(rest, ". ")
		sentence, _, _ = strings.Cut(sentence, "\n")
		list = append(list, [2]string{code, sentence})
	}
	return list
}
