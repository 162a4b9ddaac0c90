package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// A mutant is one patch and the tests that must turn red under it.
type mutant struct {
	name  string
	patch string // absolute path
	why   string
	red   []target
}

// A target is a test and the databases it runs on.
type target struct{ pkg, name, databases string }

// readMutants reads the patches of dir, or only the named ones.
func readMutants(dir string, names []string) ([]mutant, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.patch"))
	if err != nil {
		return nil, err
	}
	var list []mutant
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".patch")
		if len(names) > 0 && !slices.Contains(names, name) {
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		m, err := parse(name, string(text))
		if err != nil {
			return nil, err
		}
		if m.patch, err = filepath.Abs(file); err != nil {
			return nil, err
		}
		list = append(list, m)
	}
	for _, name := range names {
		if !slices.ContainsFunc(list, func(m mutant) bool { return m.name == name }) {
			return nil, fmt.Errorf("there is no mutant %s", name)
		}
	}
	return list, nil
}

// parse reads the header, which ends where the diff begins.
func parse(name, text string) (mutant, error) {
	m := mutant{name: name}
	databases := "sqlite"
	for line := range strings.Lines(text) {
		header, ok := strings.CutPrefix(line, "# ")
		if !ok {
			break
		}
		key, value, _ := strings.Cut(strings.TrimSpace(header), ":")
		value = strings.TrimSpace(value)
		switch key {
		case "why":
			m.why = value
		case "databases":
			databases = value
		case "red":
			pkg, test, ok := strings.Cut(value, " ")
			if !ok || !strings.HasPrefix(pkg, "./") {
				return m, fmt.Errorf("%s: %q names no package and test", name, value)
			}
			m.red = append(m.red, target{pkg: pkg, name: strings.TrimSpace(test)})
		}
	}
	if m.why == "" || len(m.red) == 0 {
		return m, fmt.Errorf("%s: its header must say `# why:` and `# red:`", name)
	}
	if !slices.Contains([]string{"sqlite", "postgres", "both"}, databases) {
		return m, fmt.Errorf("%s: databases are sqlite, postgres or both, not %q", name, databases)
	}
	for i := range m.red {
		m.red[i].databases = databases
	}
	return m, nil
}
