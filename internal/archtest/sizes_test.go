package archtest

import (
	"go/ast"
	"maps"
	"os"
	"path"
	"slices"
	"strings"
	"testing"
)

// How large things may grow. A package's size is its code: comments and blank
// lines are free.
const (
	packageCode      = 1500
	fileLines        = 400
	functionLines    = 60
	interfaceMethods = 3
)

// larger are the packages that may be larger, and why.
var larger = map[string]int{
	"internal/store": 4500, // a transaction crosses all nouns, and a tenant's walls can only be trusted in one room
	"internal/web":   4700, // a page a noun, each in a file of its own, around one frame
	"internal/api":   2700, // a call a noun, as web, and the description of them all
	"cmd/vestibule":  2500, // a command a noun, with its flags and what it prints
}

// Proves: 2.1
func TestSizes(t *testing.T) {
	code := map[string]int{}
	for _, f := range house(t) {
		if f.lines > fileLines {
			t.Errorf("%s has %d lines, at most %d", f.name, f.lines, fileLines)
		}
		if f.test {
			continue
		}
		code[f.pkg] += f.code
		ast.Inspect(f.parsed, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.FuncDecl:
				if lines := f.set.Position(n.End()).Line - f.set.Position(n.Pos()).Line + 1; lines > functionLines {
					t.Errorf("%s: %s has %d lines, at most %d", f.name, n.Name.Name, lines, functionLines)
				}
			case *ast.InterfaceType:
				if n.Methods.NumFields() > interfaceMethods {
					t.Errorf("%s: an interface has %d methods, at most %d", f.set.Position(n.Pos()), n.Methods.NumFields(), interfaceMethods)
				}
			}
			return true
		})
	}
	for pkg, lines := range code {
		if limit := max(packageCode, larger[pkg]); lines > limit {
			t.Errorf("%s has %d lines of code, at most %d", pkg, lines, limit)
		}
	}
}

// Proves: 2.1
func TestPackagesSayWhatTheyAre(t *testing.T) {
	said := map[string]string{}
	for _, f := range house(t) {
		said[f.pkg] += f.parsed.Doc.Text()
		if slices.Contains([]string{"utils", "util", "common", "models", "types", "helpers", "misc", "base", "shared", "handlers", "services"}, path.Base(f.pkg)) {
			t.Errorf("package %s: its name says nothing", f.pkg)
		}
	}
	for pkg, comment := range said {
		command := strings.HasPrefix(pkg, "cmd/")
		if comment == "" || !command && !strings.Contains(comment, "Package ") {
			t.Errorf("package %s has no package comment", pkg)
		}
	}
}

// Every package is on the map, and the map shows nothing that is not there.
//
// Proves: 2.1
func TestArchitectureNamesEveryPackage(t *testing.T) {
	text, err := os.ReadFile("../../ARCHITECTURE.md")
	if err != nil {
		t.Fatal(err)
	}
	packages := map[string]bool{}
	for _, f := range house(t) {
		if name, inside := strings.CutPrefix(f.pkg, "internal/"); inside {
			packages[name] = true
		}
	}
	for name := range maps.Keys(packages) {
		if !strings.Contains(string(text), "`"+name+"`") {
			t.Errorf("ARCHITECTURE.md does not name `%s`", name)
		}
	}
	for line := range strings.Lines(string(text)) { // the table's rows begin with the packages' names
		first, _, _ := strings.Cut(strings.TrimPrefix(line, "| `"), "|")
		if !strings.HasPrefix(line, "| `") {
			continue
		}
		for _, name := range strings.Split(first, ",") {
			if name = strings.Trim(name, " `"); !packages[name] {
				t.Errorf("ARCHITECTURE.md names `%s`, which is not there", name)
			}
		}
	}
}
