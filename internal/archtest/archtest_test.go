// Package archtest keeps ARCHITECTURE.md true: it reads the source and fails
// when an import points up, a reserved power is used elsewhere, or something
// has outgrown its size.
package archtest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/vestibule-id/vestibule/"

// The storeys of the house, from the ground up. A package imports only
// packages of lower storeys.
var storeys = [][]string{
	{"internal/problem"},
	{"internal/identity"},
	{"internal/policy/commonest", "internal/secret/argon2id"},
	{"internal/policy", "internal/secret", "internal/config"},
	{"internal/store"},
	{"internal/session"},
	{"internal/signin", "internal/enroll", "internal/recovery", "internal/account", "internal/admin", "internal/operator", "internal/audit", "internal/once"},
	{"internal/moving"},
	{"internal/mail"},
	{"internal/outbox"},
	{"internal/front"},
	{"internal/api/manual"},
	{"internal/web", "internal/api", "internal/authz"},
	{"internal/server"},
	{"cmd/vestibule"},
}

// beside are the imports within a storey. Growth of the list is a question of
// whether two packages are one.
var beside = map[string]string{
	"internal/admin":    "internal/signin", // a new password gets the salt that signing in expects
	"internal/account":  "internal/signin", // the current password is asked for through the limiter of signing in
	"internal/enroll":   "internal/signin", // so does the first one
	"internal/operator": "internal/enroll", // a tenant is made with its first administrator, who is invited
	"internal/recovery": "internal/signin", // and clears the lanes where tries of its user count
}

// forTests are the packages that no other than tests, and each other, use.
var forTests = []string{"internal/store/storetest", "internal/mail/mailtest", "internal/housetest", "internal/archtest"}

// A goFile is one file of the house: what is in internal and cmd, and the
// public package. What measures, checks and releases it is outside.
type goFile struct {
	name   string // from the root of the tree
	pkg    string // its folder
	test   bool
	text   string
	lines  int // all of them
	code   int // those that are neither blank nor only a comment
	parsed *ast.File
	set    *token.FileSet
}

func house(t *testing.T) (files []goFile) {
	t.Helper()
	root := "../.."
	err := filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		if entry.IsDir() {
			inside := rel == "." || rel == "internal" || rel == "cmd" || strings.HasPrefix(rel, "internal/") || strings.HasPrefix(rel, "cmd/")
			if !inside || entry.Name() == "testdata" || entry.Name() == "node_modules" {
				return fs.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(rel, ".go") {
			return nil
		}
		f, err := readGo(name, rel)
		if err != nil {
			return err
		}
		if f.parsed.Name.Name != "main" || strings.HasPrefix(rel, "cmd/") { // else a program that makes something
			files = append(files, f)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(files) < 50 {
		t.Fatalf("found only %d files; has the tree moved?", len(files))
	}
	return files
}

func readGo(name, rel string) (goFile, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return goFile{}, err
	}
	f := goFile{name: rel, pkg: path.Dir(rel), test: strings.HasSuffix(rel, "_test.go"), text: string(text), set: token.NewFileSet()}
	for line := range strings.Lines(f.text) {
		f.lines++
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "//") {
			f.code++
		}
	}
	f.parsed, err = parser.ParseFile(f.set, rel, text, parser.ParseComments)
	return f, err
}

func (f goFile) imports() (list []string) {
	for _, spec := range f.parsed.Imports {
		name, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			panic(err) // the parser has read it
		}
		list = append(list, name)
	}
	return list
}

func storey(pkg string) int {
	return slices.IndexFunc(storeys, func(s []string) bool { return slices.Contains(s, pkg) })
}

// Proves: 2.1
func TestImportsPointDown(t *testing.T) {
	for _, f := range house(t) {
		if f.test || f.pkg == "." || slices.Contains(forTests, f.pkg) {
			continue
		}
		if storey(f.pkg) < 0 {
			t.Errorf("%s: package %s is on no storey", f.name, f.pkg)
		}
		for _, imported := range f.imports() {
			dep, ours := strings.CutPrefix(imported, module)
			if !ours {
				continue
			}
			if slices.Contains(forTests, dep) {
				t.Errorf("%s imports %s, which is for tests", f.name, dep)
			} else if storey(dep) >= storey(f.pkg) && beside[f.pkg] != dep {
				t.Errorf("%s imports %s, which is not below it", f.name, dep)
			}
		}
	}
}

// The public package is what applications import, so it needs nothing of ours.
//
// Proves: 2.1
func TestThePublicPackageStandsAlone(t *testing.T) {
	for _, f := range house(t) {
		for _, imported := range f.imports() {
			if f.pkg == "." && !f.test && strings.HasPrefix(imported, module) {
				t.Errorf("%s imports %s", f.name, imported)
			}
		}
	}
}

// reservedImports says which packages may import what reaches far; an empty
// list: none.
var reservedImports = []struct {
	prefix string
	from   func(pkg string) bool
	why    string
}{
	{"database/sql", in("internal/store"), "all SQL is in the store"},
	{"github.com/jackc/pgx", in("internal/store"), "all SQL is in the store"},
	{"modernc.org/sqlite", in("internal/store"), "all SQL is in the store"},
	{"net/http", func(pkg string) bool { return pkg == "." || storey(pkg) >= storey("internal/front") }, "below the front door nobody knows HTTP"},
	{"os/exec", in(), "a door that starts programs is a hole"},
	{"math/rand", in(), "randomness that can be guessed"},
	{"crypto/rand", in("internal/secret"), "randomness comes from secret"},
	{"unsafe", in("internal/secret/argon2id"), "the compiler's checks are ours"},
	{"plugin", in(), "what runs is what was built"},
}

func in(list ...string) func(string) bool {
	return func(pkg string) bool { return slices.Contains(list, pkg) }
}

// Proves: 2.1
func TestReservedImports(t *testing.T) {
	for _, f := range house(t) {
		if f.test || slices.Contains(forTests, f.pkg) {
			continue
		}
		for _, imported := range f.imports() {
			for _, r := range reservedImports {
				if (imported == r.prefix || strings.HasPrefix(imported, r.prefix+"/")) && !r.from(f.pkg) {
					t.Errorf("%s imports %s: %s", f.name, imported, r.why)
				}
			}
		}
	}
}

// Whoever can name any tenant can read any tenant, and whoever opens a
// transaction changes things past every policy; so few may. Time is told, so
// that tests can tell it. Entries are packages or single files.
var reservedCalls = []struct {
	what string
	is   func(*ast.SelectorExpr) bool
	only []string
	why  string
}{
	{"Tx", named("Tx"), []string{"internal/store", "internal/session", "internal/signin", "internal/enroll", "internal/recovery", "internal/account",
		"internal/admin", "internal/operator", "internal/outbox", "internal/server", "internal/audit", "internal/once", "internal/moving"}, "changes data; call a use case"},
	{"Store.Tenant", picksTenant, []string{"internal/store", "internal/session", "internal/signin", "internal/operator", "internal/moving", "internal/outbox",
		"internal/recovery", "internal/enroll/accept.go", // a link tells the tenant
		"internal/admin/unlock.go", "internal/audit/seal.go", "internal/server", "internal/web/place.go", "internal/web/flow.go", "internal/api/tenant.go",
		"internal/api/operator_tenants.go", // asks the operator's service, for whoever stands above tenants
		"internal/front", "cmd/vestibule"}, "picks a tenant; take a store.Tenant"},
	{"time.Now", ofTime("Now", "Since", "Until"), []string{"cmd/vestibule", "internal/server", "internal/front/front.go",
		"internal/front/deadline.go", "internal/front/download.go", "internal/front/log.go",
		"internal/store/migrate.go", "internal/store/sqlite_writer.go"}, "asks the clock; take a Now func() time.Time"},
}

func named(name string) func(*ast.SelectorExpr) bool {
	return func(s *ast.SelectorExpr) bool { return s.Sel.Name == name }
}

// picksTenant is x.Store.Tenant or store.Tenant as a method; the type of that
// name is no call.
func picksTenant(s *ast.SelectorExpr) bool { return s.Sel.Name == "Tenant" || s.Sel.Name == "Nowhere" }

func ofTime(names ...string) func(*ast.SelectorExpr) bool {
	return func(s *ast.SelectorExpr) bool {
		pkg, ok := s.X.(*ast.Ident)
		return ok && pkg.Name == "time" && slices.Contains(names, s.Sel.Name)
	}
}

// Proves: 2.1, 2.2
func TestReservedPowers(t *testing.T) {
	for _, f := range house(t) {
		if f.test || f.pkg == "." || slices.Contains(forTests, f.pkg) {
			continue
		}
		ast.Inspect(f.parsed, func(n ast.Node) bool {
			for _, r := range reservedCalls {
				selected, ok := n.(*ast.SelectorExpr)
				if call, isCall := n.(*ast.CallExpr); isCall {
					selected, ok = call.Fun.(*ast.SelectorExpr)
				} else if r.what != "time.Now" { // the clock may not be handed on either
					continue
				}
				if ok && r.is(selected) && !slices.Contains(r.only, f.pkg) && !slices.Contains(r.only, f.name) {
					t.Errorf("%s %s", f.set.Position(selected.Pos()), r.why)
				}
			}
			return true
		})
	}
}
