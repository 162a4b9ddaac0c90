package main

import (
	"bufio"
	"cmp"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
)

// A row is something the product must do.
type row struct{ id, sentence string }

// A testID names a test function: the folder of its package, and its name. For
// the browser's tests it is their file, and the title.
type testID struct{ dir, name string }

// rowID is a row of the requirements or an item of an issue.
var rowID = regexp.MustCompile(`^([A-Z][0-9]+|[0-9]+\.[0-9]+)$`)

// readRows reads lines of an id, a tab and a sentence; # begins a comment.
func readRows(name string) ([]row, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	var rows []row
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		line := lines.Text()
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		id, sentence, ok := strings.Cut(line, "\t")
		if !ok || !rowID.MatchString(id) {
			return nil, fmt.Errorf("%s: %q is no row", name, line)
		}
		rows = append(rows, row{id, sentence})
	}
	return rows, lines.Err()
}

// findClaims reads which tests of the tree claim which rows.
func findClaims(root string) (map[string][]testID, error) {
	claims := map[string][]testID{}
	tree := os.DirFS(root)
	err := fs.WalkDir(tree, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && name != "." && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata" || d.Name() == "node_modules") {
			return fs.SkipDir
		}
		add := addClaims
		if strings.HasSuffix(name, ".spec.ts") {
			add = addBrowserClaims
		} else if !strings.HasSuffix(name, "_test.go") {
			return nil
		}
		source, err := fs.ReadFile(tree, name)
		if err != nil {
			return err
		}
		return add(claims, name, source)
	})
	for _, tests := range claims {
		slices.SortFunc(tests, func(a, b testID) int {
			return cmp.Or(cmp.Compare(a.dir, b.dir), cmp.Compare(a.name, b.name))
		})
	}
	return claims, err
}

func addClaims(claims map[string][]testID, name string, source []byte) error {
	file, err := parser.ParseFile(token.NewFileSet(), name, source, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	for _, d := range file.Decls {
		f, ok := d.(*ast.FuncDecl)
		if !ok || f.Doc == nil {
			continue
		}
		for line := range strings.Lines(f.Doc.Text()) {
			list, ok := strings.CutPrefix(strings.TrimSpace(line), "Proves:")
			if !ok {
				continue
			}
			if err := claim(claims, testID{path.Dir(name), f.Name.Name}, list); err != nil {
				return err
			}
		}
	}
	return nil
}

// titled finds the title of a browser's test, or group of tests, that begins
// at the margin with its title in quotes.
var titled = regexp.MustCompile(`^(?:test|test\.describe|walk)\('([^'/]+)'`)

// addBrowserClaims reads the comments above the tests of a spec file.
func addBrowserClaims(claims map[string][]testID, name string, source []byte) error {
	list := ""  // of the comment the line stands under
	begun := "" // a call whose title is on the next line
	for line := range strings.Lines(string(source)) {
		if rows, ok := strings.CutPrefix(line, "// Proves:"); ok {
			list = rows
			continue
		}
		if strings.HasPrefix(strings.TrimSpace(line), "// Proves:") {
			return fmt.Errorf("%s: “%s” is not at the margin", name, strings.TrimSpace(line))
		}
		if list == "" || strings.HasPrefix(line, "//") {
			continue
		}
		if strings.HasSuffix(line, "(\n") {
			begun = strings.TrimSpace(line)
			continue
		}
		if begun != "" {
			line, begun = begun+strings.TrimSpace(line), ""
		}
		title := titled.FindStringSubmatch(line)
		if title == nil {
			return fmt.Errorf("%s: “Proves:%s” stands above no test", name, strings.TrimRight(list, "\n"))
		}
		if err := claim(claims, testID{name, title[1]}, list); err != nil {
			return err
		}
		list = ""
	}
	return nil
}

// claim adds a test to the rows of a list such as "W2, 2.6".
func claim(claims map[string][]testID, test testID, list string) error {
	for id := range strings.SplitSeq(strings.TrimSuffix(strings.TrimSpace(list), "."), ",") {
		id = strings.TrimSpace(id)
		if !rowID.MatchString(id) {
			return fmt.Errorf("%s: %s: %q is no row's id", test.dir, test.name, id)
		}
		claims[id] = append(claims[id], test)
	}
	return nil
}
