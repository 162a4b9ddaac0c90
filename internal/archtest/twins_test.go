package archtest

import (
	"go/ast"
	"maps"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/vestibule-id/vestibule/internal/api"
	"github.com/vestibule-id/vestibule/internal/front"
	"github.com/vestibule-id/vestibule/internal/web"
)

// What pages do, the API does: each page that acts names its twin in the route
// table, and both call the same use case.
//
// Proves: 5.7
func TestPagesThatActHaveTwins(t *testing.T) {
	calls := map[string]front.Route{}
	for _, call := range (&api.API{}).Routes() {
		calls[call.Pattern] = call
	}
	pages, programs := edgeOf(t, "internal/web"), edgeOf(t, "internal/api")
	for _, page := range (&web.Pages{}).Routes() {
		twin, there := calls[page.Twin]
		switch {
		case strings.HasPrefix(page.Pattern, "GET ") || page.Alone != "" && page.Twin == "":
		case page.Alone != "":
			t.Errorf("%s has a twin and says why it has none", page.Pattern)
		case page.Twin == "":
			t.Errorf("%s acts and has no twin: write .Like(\"POST /api/v1/…\") behind its line, or .Only(\"why\")", page.Pattern)
		case !there:
			t.Errorf("%s has the twin %s, which is no call", page.Pattern, page.Twin)
		default:
			alike(t, page, twin, pages.useCases(t, page.Pattern), programs.useCases(t, twin.Pattern))
		}
	}
}

func alike(t *testing.T, page, twin front.Route, onPage, byCall map[string]bool) {
	t.Helper()
	for one := range onPage {
		if byCall[one] {
			return
		}
	}
	t.Errorf("%s calls %v, its twin %s calls %v: no use case is the same", page.Pattern,
		slices.Sorted(maps.Keys(onPage)), twin.Pattern, slices.Sorted(maps.Keys(byCall)))
}

// An edge is a package of routes: what it is made of, and which expression
// answers each.
type edge struct {
	functions map[string][]*ast.FuncDecl // by name
	handlers  map[string]ast.Expr        // by pattern
	services  map[string]string          // fields of services: "Admin" → "admin.Service"
	texts     map[string]string          // constants
}

// wrappers are what every form goes through.
var wrappers = []string{"sent", "opened", "uploaded"}

// usual are methods of services that pages and calls use whatever they do.
var usual = []string{"Now", "Effective", "Interact", "Carries", "Left", "Forget", "Grant", "State", "Owner", "KeepForm", "KeptForm"}

func edgeOf(t *testing.T, pkg string) edge {
	t.Helper()
	e := edge{map[string][]*ast.FuncDecl{}, map[string]ast.Expr{}, map[string]string{}, map[string]string{}}
	src := readSource(t)
	for name, file := range src.files {
		if path.Dir(name) != pkg {
			continue
		}
		consts, err := src.constants(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range consts {
			e.texts[c.name] = c.value
		}
		for _, d := range file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Body != nil {
				e.functions[f.Name.Name] = append(e.functions[f.Name.Name], f)
			}
		}
		ast.Inspect(file, func(n ast.Node) bool { e.field(n); return true })
	}
	for name, file := range src.files {
		if path.Dir(name) == pkg {
			ast.Inspect(file, func(n ast.Node) bool { e.route(n); return true })
		}
	}
	return e
}

// field notes a field that is a use case's service, as "Admin *admin.Service".
func (e edge) field(n ast.Node) {
	f, ok := n.(*ast.Field)
	if !ok {
		return
	}
	if of := serviceIn(f.Type); of != "" {
		for _, name := range f.Names {
			e.services[name.Name] = of
		}
	}
}

// serviceIn is "admin.Service" for *admin.Service and &admin.Service{…}.
func serviceIn(n ast.Node) string {
	switch x := n.(type) {
	case *ast.StarExpr:
		return serviceIn(x.X)
	case *ast.UnaryExpr:
		return serviceIn(x.X)
	case *ast.CompositeLit:
		return serviceIn(x.Type)
	case *ast.SelectorExpr:
		if pkg, ok := x.X.(*ast.Ident); ok && slices.Contains([]string{"Service", "Invitations"}, x.Sel.Name) {
			return pkg.Name + "." + x.Sel.Name
		}
	}
	return ""
}

// route notes a line of a route table: front.Post(path, guard, handler).
func (e edge) route(n ast.Node) {
	call, ok := n.(*ast.CallExpr)
	if !ok || len(call.Args) != 3 {
		return
	}
	f, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return
	}
	if pkg, ok := f.X.(*ast.Ident); ok && pkg.Name == "front" {
		e.handlers[strings.ToUpper(f.Sel.Name)+" "+e.text(call.Args[0])] = call.Args[2]
	}
}

func (e edge) text(x ast.Expr) string {
	switch x := x.(type) {
	case *ast.BinaryExpr:
		return e.text(x.X) + e.text(x.Y)
	case *ast.Ident:
		return e.texts[x.Name]
	}
	text, _ := literal(x)
	return text
}

// useCases are the methods of services that a route comes to call.
func (e edge) useCases(t *testing.T, pattern string) map[string]bool {
	t.Helper()
	handler, ok := e.handlers[pattern]
	if !ok {
		t.Fatalf("no line front.Method(path, guard, handler) for %s was found", pattern)
	}
	found, seen := map[string]bool{}, map[string]bool{}
	for _, name := range wrappers {
		seen[name] = true
	}
	e.walk(handler, found, seen)
	return found
}

func (e edge) walk(n ast.Node, found, seen map[string]bool) {
	local := map[string]string{} // variables that hold a service
	ast.Inspect(n, func(n ast.Node) bool {
		switch x := n.(type) {
		case *ast.AssignStmt:
			if name, ok := x.Lhs[0].(*ast.Ident); ok {
				local[name.Name] = serviceIn(x.Rhs[0])
			}
		case *ast.SelectorExpr:
			if of := e.serviceOf(x.X, local); of != "" && !slices.Contains(usual, x.Sel.Name) {
				found[of+"."+x.Sel.Name] = true
			}
			e.enter(x.Sel.Name, found, seen)
		case *ast.Ident:
			e.enter(x.Name, found, seen)
		}
		return true
	})
}

// enter goes on in the functions of the package that have a name.
func (e edge) enter(name string, found, seen map[string]bool) {
	if seen[name] || ast.IsExported(name) {
		return
	}
	seen[name] = true
	for _, f := range e.functions[name] {
		e.walk(f.Body, found, seen)
	}
}

// serviceOf is the service an expression is: p.Admin, a variable, or a call of
// a function that answers one.
func (e edge) serviceOf(x ast.Expr, local map[string]string) string {
	switch x := x.(type) {
	case *ast.Ident:
		return local[x.Name]
	case *ast.SelectorExpr:
		return e.services[x.Sel.Name]
	case *ast.CallExpr:
		f, ok := x.Fun.(*ast.SelectorExpr)
		if !ok {
			return ""
		}
		for _, made := range e.functions[f.Sel.Name] {
			if made.Type.Results != nil {
				return serviceIn(made.Type.Results.List[0].Type)
			}
		}
	}
	return ""
}
