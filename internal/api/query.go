package api

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strconv"

	"github.com/vestibule-id/vestibule/internal/front"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/problem"
)

// What is wrong with a query.
var (
	ErrQuery = problem.New(problem.Invalid, "invalid_query", "The query of the address does not have the right form.")
	ErrPage  = problem.New(problem.Invalid, "invalid_page", "limit is a number from 1 to 200, cursor the next_cursor of the page before.")
)

// A pageQuery asks for a page of a list.
type pageQuery struct {
	Limit  int    `query:"limit" minimum:"1" maximum:"200" default:"50" doc:"How many there are on a page at most."`
	Cursor string `query:"cursor" doc:"The next_cursor of the page before; empty: the first page."`
}

// id is the cursor of a list that goes on behind an id.
func (q pageQuery) id() (string, error) {
	if _, err := identity.Bytes(q.Cursor); q.Cursor != "" && err != nil {
		return "", errCursor()
	}
	return q.Cursor, nil
}

// pageOf cuts a page out of a list that is read as a whole. key is what cursors
// are made of; one whose item has gone meanwhile is none any more.
func pageOf[T any](list []T, q pageQuery, key func(T) string) (page []T, next string, err error) {
	if q.Cursor != "" {
		last := slices.IndexFunc(list, func(one T) bool { return key(one) == q.Cursor })
		if last < 0 {
			return nil, "", errCursor()
		}
		list = list[last+1:]
	}
	if len(list) > q.Limit {
		list = list[:q.Limit]
		next = key(list[q.Limit-1])
	}
	return list, next, nil
}

func errCursor() error {
	return ErrPage.In(problem.Field{Location: "query.cursor", Message: "This is no next_cursor."})
}

type queryKey struct{}

// queryOf is the query of a request, as the table of calls declares it: a call
// cannot read what its description does not name.
func queryOf[Q any](r *http.Request) Q {
	query, declared := r.Context().Value(queryKey{}).(Q)
	if !declared {
		panic(fmt.Sprintf("the table of calls has no %T for %s", query, r.Pattern))
	}
	return query
}

// paramsOf are the fields of a call's In that stand in the query, none for a
// body.
func paramsOf(in any) (params []reflect.StructField) {
	if in == nil {
		return nil
	}
	for _, f := range reflect.VisibleFields(reflect.TypeOf(in)) {
		if f.Tag.Get("query") != "" {
			params = append(params, f)
		}
	}
	return params
}

// withQueries reads queries before the calls begin. A name that a call does not
// have is refused: whoever filters by a name typed wrong would else get the
// whole list and take it for the filtered one.
func (a *API) withQueries(calls []call) []call {
	for i, c := range calls {
		params := paramsOf(c.In)
		if len(params) == 0 {
			calls[i].Handle = withoutQuery(c.Handle)
			continue
		}
		calls[i].Handle = withQuery(c.Handle, reflect.TypeOf(c.In), params)
		calls[i].Problems = append(slices.Clip(c.Problems), ErrQuery)
	}
	return calls
}

func withoutQuery(do front.Handler) front.Handler {
	return func(w http.ResponseWriter, r *http.Request, v *front.Visit) error {
		if r.URL.RawQuery != "" {
			if err := readQuery(r.URL.RawQuery, nil, reflect.Value{}); err != nil {
				return err
			}
		}
		return do(w, r, v)
	}
}

func withQuery(do front.Handler, declared reflect.Type, params []reflect.StructField) front.Handler {
	return func(w http.ResponseWriter, r *http.Request, v *front.Visit) error {
		query := reflect.New(declared).Elem()
		if err := readQuery(r.URL.RawQuery, params, query); err != nil {
			return err
		}
		return do(w, r.WithContext(context.WithValue(r.Context(), queryKey{}, query.Interface())), v)
	}
}

// readQuery sets the fields params of into. What is there twice is refused like
// what is not known: a proxy might look at the other one.
func readQuery(raw string, params []reflect.StructField, into reflect.Value) error {
	given, err := url.ParseQuery(raw)
	if err != nil {
		return ErrQuery.Because("The query of the address cannot be read.") // err repeats values
	}
	known := map[string]reflect.Type{}
	for _, p := range params {
		known[p.Tag.Get("query")] = p.Type
	}
	var c checker
	for _, name := range slices.Sorted(maps.Keys(given)) {
		where := "query"
		if showable(name) {
			where += "." + name
		}
		switch {
		case known[name] == nil:
			c.fault(where, unknown(name, known))
		case len(given[name]) > 1:
			c.fault(where, "This is there more than once.")
		}
	}
	if len(c.faults) > 0 {
		return ErrQuery.In(c.faults...)
	}
	for _, p := range params {
		if err := setParam(into.FieldByIndex(p.Index), p, given[p.Tag.Get("query")]); err != nil {
			return err
		}
	}
	return nil
}

func setParam(field reflect.Value, p reflect.StructField, given []string) error {
	text, where := p.Tag.Get("default"), "query."+p.Tag.Get("query")
	if len(given) > 0 {
		text = given[0]
	}
	switch field.Kind() {
	case reflect.Bool:
		if text != "true" && text != "false" {
			return ErrQuery.In(problem.Field{Location: where, Message: "This must be true or false."})
		}
		field.SetBool(text == "true")
	case reflect.Int: // only pages have numbers
		least, most := p.Tag.Get("minimum"), p.Tag.Get("maximum")
		low, _ := strconv.Atoi(least)
		high, _ := strconv.Atoi(most)
		n, err := strconv.Atoi(text)
		if err != nil || n < low || n > high {
			return ErrPage.In(problem.Field{Location: where, Message: "This must be a number from " + least + " to " + most + "."})
		}
		field.SetInt(int64(n))
	default:
		field.SetString(text)
	}
	return nil
}
