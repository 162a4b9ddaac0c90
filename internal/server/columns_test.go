package server_test

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"

	"github.com/vestibule-id/vestibule/internal/front"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/store"
)

// raw opens the database of a world past the store.
func (w *world) raw(t *testing.T) *sql.DB {
	t.Helper()
	path, _ := store.SQLitePath(w.Address)
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=busy_timeout(5000)")
	must(t, err)
	t.Cleanup(func() { db.Close() })
	return db
}

// columnsOf are the columns of all tables, by table.
func columnsOf(t *testing.T, db *sql.DB) map[string][]string {
	t.Helper()
	rows, err := db.Query(`SELECT m.name, c.name FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%'`)
	must(t, err)
	defer rows.Close()
	columns := map[string][]string{}
	for rows.Next() {
		var table, column string
		must(t, rows.Scan(&table, &column))
		columns[table] = append(columns[table], column)
	}
	if must(t, rows.Err()); len(columns) < 15 {
		t.Fatalf("only %d tables", len(columns))
	}
	return columns
}

// spelled are names as a database might take them: UserID for user_id, too.
func spelled(columns map[string][]string) (list []string) {
	all := map[string]bool{}
	for _, names := range columns {
		for _, name := range names {
			words := strings.Split(name, "_")
			for i, word := range words {
				words[i] = string(unicode.ToUpper(rune(word[0]))) + word[1:]
			}
			title := strings.Join(words, "")
			all[name], all[strings.ToUpper(name)], all[title], all[strings.ToLower(title[:1])+title[1:]] = true, true, true, true
			all[strings.Join(words, "_")] = true
		}
	}
	return slices.Sorted(maps.Keys(all))
}

const marker = "came-by-a-column"

// tempting is a value that would do harm in a column, had it been taken.
func tempting(t *testing.T, w *world, column string) string {
	switch name := strings.ToLower(strings.ReplaceAll(column, "_", "")); {
	case name == "role":
		return identity.Admin
	case name == "status":
		return string(identity.Deactivated)
	case name == "tenantid":
		return string(w.other.row.ID)
	case name == "userid", name == "id", name == "madeby", name == "invitedby":
		return string(w.person(t, w.own, superior).user.ID)
	case strings.Contains(name, "must"), strings.HasSuffix(name, "at"), strings.HasSuffix(name, "end"), name == "credential":
		return "1"
	}
	return marker
}

// Every column name of every table, in any case, is refused in every body and
// changes nothing.
//
// Proves: 5.7, W8
func TestColumnsAreRefusedInBodies(t *testing.T) {
	w := openWorld(t)
	db := w.raw(t)
	names := spelled(columnsOf(t, db))
	w.moveIn(t, w.own, identity.Admin, colleague, superior)
	a := aim{by: w.person(t, w.own, identity.Admin), at: w.own, values: w.known(t, w.person(t, w.own, identity.Admin), w.own)}
	a.values["id"], a.values["name"] = a.values["user"], w.own.spareRole()
	known := w.bodies(t)
	before := deed{rows: w.dump(t, db, w.own)}
	for _, route := range allRoutes() {
		pattern, body := route.Pattern, sent[route.Pattern]
		if !strings.HasPrefix(body, "{") {
			continue
		}
		if len(known[pattern]) == 0 {
			t.Errorf("%s: no names in its description", pattern)
		}
		var strange []string
		for _, name := range names {
			if !slices.Contains(known[pattern], name) {
				strange = append(strange, name)
			}
		}
		for some := range slices.Chunk(strange, 10) { // more faults than that are not told
			w.refuses(t, pattern, w.as(a, pattern), some)
		}
	}
	for _, name := range names {
		w.refusesSetting(t, a, name)
	}
	if diff := cmp.Diff(steady(before, before, before), steady(deed{rows: w.dump(t, db, w.own)}, before, before)); diff != "" {
		t.Errorf("something has changed\n%s", diff)
	}
}

// bodies are the names that bodies may have, by call, as its description says.
func (w *world) bodies(t *testing.T) map[string][]string {
	t.Helper()
	got := httptest.NewRecorder()
	w.server.Public.ServeHTTP(got, httptest.NewRequest("GET", "/api/v1/openapi.json", nil))
	var doc struct {
		Paths map[string]map[string]struct {
			RequestBody struct {
				Content map[string]struct {
					Schema struct {
						Ref string `json:"$ref"`
					}
				}
			}
		}
		Components struct {
			Schemas map[string]struct{ Properties map[string]any }
		}
	}
	must(t, json.Unmarshal(got.Body.Bytes(), &doc))
	known := map[string][]string{}
	for path, methods := range doc.Paths {
		for method, call := range methods {
			for _, body := range call.RequestBody.Content {
				schema := doc.Components.Schemas[body.Schema.Ref[strings.LastIndex(body.Schema.Ref, "/")+1:]]
				known[strings.ToUpper(method)+" "+path] = slices.Collect(maps.Keys(schema.Properties))
			}
		}
	}
	return known
}

// refuses sends a right body with names in it that are not its own.
func (w *world) refuses(t *testing.T, pattern string, a aim, names []string) {
	t.Helper()
	body := strings.TrimSuffix(a.filledIn(sent[pattern], "{{", "}}", plain), "}")
	for _, name := range names {
		body += fmt.Sprintf(",%q:%q", name, tempting(t, w, name))
	}
	r := w.request(t, pattern, a, nil)
	r.Body, r.ContentLength = io.NopCloser(strings.NewReader(body+"}")), -1
	got := httptest.NewRecorder()
	w.server.Public.ServeHTTP(got, r)
	var told struct {
		Code   string
		Errors []struct{ Location string }
	}
	must(t, json.Unmarshal(got.Body.Bytes(), &told))
	if got.Code != 422 || told.Code != "invalid_body" {
		t.Errorf("%s with %q: %d %s", pattern, names, got.Code, told.Code)
	}
	for _, name := range names {
		if !slices.ContainsFunc(told.Errors, func(e struct{ Location string }) bool { return e.Location == "body."+name }) {
			t.Errorf("%s takes %s", pattern, name)
		}
	}
}

// refusesSetting sends a column as a setting of the organization.
func (w *world) refusesSetting(t *testing.T, a aim, name string) {
	t.Helper()
	const pattern = "PATCH /api/v1/organization"
	if _, known := settingKeys[name]; known {
		return
	}
	r := w.request(t, pattern, a, nil)
	r.Body, r.ContentLength = io.NopCloser(strings.NewReader(fmt.Sprintf(`{"settings":{%q:%q}}`, name, tempting(t, w, name)))), -1
	got := httptest.NewRecorder()
	if w.server.Public.ServeHTTP(got, r); got.Code != 422 {
		t.Errorf("the organization takes the setting %s: %d %s", name, got.Code, got.Body)
	}
}

// settingKeys are settings that are called like a column.
var settingKeys = map[string]bool{"name": true, "style": true, "language": true, "accent": true}

// Every column name of every table, in any case, is ignored in every form, and
// in what comes with calls that have no body: the same is answered, the same
// has changed.
//
// Proves: 5.7, W8
func TestColumnsAreIgnoredInForms(t *testing.T) {
	w := openWorld(t)
	db := w.raw(t)
	names := spelled(columnsOf(t, db))
	for _, route := range allRoutes() {
		if strings.HasPrefix(route.Pattern, "GET ") || strings.HasPrefix(sent[route.Pattern], "{") {
			continue
		}
		more := url.Values{}
		for _, name := range names {
			if !slices.Contains(formFields[route.Pattern], name) && !strings.Contains(sent[route.Pattern], name+"=") {
				more.Set(name, tempting(t, w, name))
			}
		}
		without, again := w.done(t, db, route, nil), w.done(t, db, route, nil)
		with := w.done(t, db, route, more)
		if with.short >= "4" && without.short < "4" { // refused: then nothing at all has changed
			without, again = w.done(t, db, route, nothing), w.done(t, db, route, nothing)
			without.short = with.short
		}
		if diff := cmp.Diff(steady(without, without, again), steady(with, without, again)); diff != "" {
			t.Errorf("%s (-without +with the columns)\n%s", route.Pattern, diff)
		}
	}
}

// formFields are fields of forms that are called like a column and that the
// forms of “sent” leave out.
var formFields = map[string][]string{
	"POST /admin/users":        {"extension"},
	"POST /admin/users/{id}":   {"email", "extension", "role"},
	"POST /admin/audit/export": {"kind", "result", "user", "address"},
}

// as is an aim by whoever may do what a route does.
func (w *world) as(a aim, pattern string) aim {
	if strings.Contains(pattern, "/operator/") {
		a.by = w.operator
	}
	return a
}

var nothing = url.Values{"": nil}

// A deed is what was answered and what a tenant's rows are afterwards.
type deed struct {
	short string
	rows  map[string]table
}

// done does something in a tenant of its own, as its administrator and to a
// colleague or what is one's own; or, with nothing, does not do it.
func (w *world) done(t *testing.T, db *sql.DB, route front.Route, more url.Values) deed {
	t.Helper()
	w.begin(t, route.Pattern)
	w.moveIn(t, w.own, identity.Admin, colleague, superior)
	acting, home := w.person(t, w.own, identity.Admin), w.own
	a := w.as(aim{by: acting, at: home, values: w.known(t, acting, home)}, route.Pattern)
	a.values["new"], a.values["name"], a.values["id"] = "new@home.test", home.spareRole(), a.values["user"]
	for start, id := range map[string]string{"/sessions/{id}": string(acting.spare), "/invitations/{id}": string(acting.invitation), "/users/{id}/invitation": string(acting.invitee)} {
		if strings.Contains(route.Pattern, start) {
			a.values["id"] = id
		}
	}
	if _, not := more[""]; not {
		return deed{rows: w.dump(t, db, home)}
	}
	r := w.request(t, route.Pattern, a, more)
	if strings.HasPrefix(r.URL.Path, "/api/") && sent[route.Pattern] == "" && more != nil {
		raw, err := json.Marshal(more)
		must(t, err)
		r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(raw)), int64(len(raw))
	}
	got := httptest.NewRecorder()
	w.server.Public.ServeHTTP(got, r)
	return deed{fmt.Sprint(got.Code, " ", a.hidden(got.Header().Get("Location"))), w.dump(t, db, home)}
}
