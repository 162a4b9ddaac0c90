package archtest

import (
	"flag"
	"fmt"
	"go/ast"
	"go/token"
	"os"
	"path"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var updateReference = flag.Bool("update", false, "write the pages of docs/reference that this package checks anew")

// references are the pages of docs/reference that are made from the source,
// beside config.md, which package config makes.
var references = map[string]func(*source) (string, error){
	"api.md":         apiReference,
	"events.md":      eventsReference,
	"pages.md":       pagesReference,
	"permissions.md": permissionsReference,
	"problems.md":    problemsReference,
	"words.md":       wordsReference,
}

// Proves: 2.1
func TestReferencesAreCurrent(t *testing.T) {
	src := readSource(t)
	for name, write := range references {
		t.Run(name, func(t *testing.T) {
			want, err := write(src)
			if err != nil {
				t.Fatal(err)
			}
			file := "../../docs/reference/" + name
			if *updateReference {
				if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			page, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, string(page)); diff != "" {
				t.Errorf("go test ./internal/archtest -update writes it anew\n%s", diff)
			}
		})
	}
}

// source is the house without its tests.
type source struct {
	files map[string]*ast.File // by path from the root, "internal/store/store.go"
}

func readSource(t *testing.T) *source {
	t.Helper()
	src := &source{files: map[string]*ast.File{}}
	for _, f := range house(t) {
		if !f.test {
			src.files[f.name] = f.parsed
		}
	}
	return src
}

// A constant is a named text with the comment behind it.
type constant struct{ name, value, remark string }

// constants are the texts a file declares as constants, in its order.
func (s *source) constants(file string) (list []constant, err error) {
	parsed := s.files[file]
	if parsed == nil {
		return nil, fmt.Errorf("there is no %s", file)
	}
	for _, d := range parsed.Decls {
		group, ok := d.(*ast.GenDecl)
		if !ok || group.Tok != token.CONST {
			continue
		}
		for _, one := range group.Specs {
			spec := one.(*ast.ValueSpec)
			for i, name := range spec.Names {
				if i >= len(spec.Values) {
					continue
				}
				if text, ok := literal(spec.Values[i]); ok {
					list = append(list, constant{name.Name, text, strings.TrimSpace(spec.Comment.Text())})
				}
			}
		}
	}
	return list, nil
}

// usersOf are the packages that use an exported name of another package,
// "internal/signin" for example.
func (s *source) usersOf(pkg, name string) map[string]bool {
	users := map[string]bool{}
	for file, parsed := range s.files {
		ast.Inspect(parsed, func(n ast.Node) bool {
			selector, ok := n.(*ast.SelectorExpr)
			if !ok || selector.Sel.Name != name {
				return true
			}
			if x, ok := selector.X.(*ast.Ident); ok && x.Name == pkg {
				users[path.Dir(file)] = true
			}
			return true
		})
	}
	return users
}

// texts are all texts that are written out in quotes.
func (s *source) texts() (list []string) {
	for _, file := range s.files {
		ast.Inspect(file, func(n ast.Node) bool {
			if e, ok := n.(ast.Expr); ok {
				if text, ok := literal(e); ok {
					list = append(list, text)
				}
			}
			return true
		})
	}
	return list
}

// literal is the value of a text written in quotes.
func literal(e ast.Expr) (string, bool) {
	lit, ok := e.(*ast.BasicLit)
	if !ok || lit.Kind != token.STRING {
		return "", false
	}
	text, err := strconv.Unquote(lit.Value)
	return text, err == nil
}

// cell keeps a text from ending its cell of a Markdown table.
func cell(text string) string { return strings.ReplaceAll(text, "|", `\|`) }
