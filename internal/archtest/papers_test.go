package archtest

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Proves: 2.1
func TestDependenciesAreDecided(t *testing.T) {
	page, err := os.ReadFile("../../docs/decisions/0013-dependencies.md")
	if err != nil {
		t.Fatal(err)
	}
	var decided []string
	for _, name := range quoted.FindAllStringSubmatch(string(page), -1) {
		decided = append(decided, name[1])
	}
	for _, f := range house(t) {
		for _, imported := range f.imports() {
			host, _, _ := strings.Cut(imported, "/")
			if !strings.Contains(host, ".") || strings.HasPrefix(imported, module) {
				continue // the standard library's, or ours
			}
			if !within(decided, imported) {
				t.Errorf("%s imports %s, on which docs/decisions/0013-dependencies.md says nothing", f.name, imported)
			}
		}
	}
}

var quoted = regexp.MustCompile("`([^`]+)`")

func within(decided []string, imported string) bool {
	for _, name := range decided {
		if imported == name || strings.HasPrefix(imported, name+"/") {
			return true
		}
	}
	return false
}

// Every link from one paper to another leads somewhere.
//
// Proves: 2.1
func TestLinksBetweenPapersHold(t *testing.T) {
	root := os.DirFS("../..")
	for name, text := range papers(t, root) {
		for _, link := range links.FindAllStringSubmatch(text, -1) {
			if strings.Contains(link[1], "://") {
				continue
			}
			target, anchor, _ := strings.Cut(link[1], "#")
			if target == "" {
				target = path.Base(name)
			}
			target = path.Join(path.Dir(name), target)
			there, err := fs.ReadFile(root, target)
			if info, serr := fs.Stat(root, target); serr == nil && info.IsDir() {
				continue
			}
			if err != nil {
				t.Errorf("%s: there is no %s", name, target)
			} else if anchor != "" && !headed(string(there), anchor) {
				t.Errorf("%s: %s has no heading for #%s", name, target, anchor)
			}
		}
	}
}

var links = regexp.MustCompile(`\]\(([^)\s]+)\)`)

// headed reports whether a page has a heading with that anchor, as GitHub
// makes it of the heading's words.
func headed(page, anchor string) bool {
	for line := range strings.Lines(page) {
		heading, ok := strings.CutPrefix(strings.TrimLeft(line, "#"), " ")
		if !ok || !strings.HasPrefix(line, "#") {
			continue
		}
		name := strings.ToLower(strings.TrimSpace(heading))
		name = notInAnchor.ReplaceAllString(strings.ReplaceAll(name, " ", "-"), "")
		if name == anchor {
			return true
		}
	}
	return false
}

var notInAnchor = regexp.MustCompile(`[^\p{L}\p{N}_-]`)

// papers are all Markdown files but those in folders that are not ours.
func papers(t *testing.T, root fs.FS) map[string]string {
	t.Helper()
	found := map[string]string{}
	err := fs.WalkDir(root, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && name != "." && (strings.HasPrefix(d.Name(), ".") || d.Name() == "node_modules" || d.Name() == "testdata") {
			return fs.SkipDir
		}
		if filepath.Ext(name) != ".md" {
			return nil
		}
		text, err := fs.ReadFile(root, name)
		found[name] = string(text)
		return err
	})
	if err != nil || len(found) < 10 {
		t.Fatalf("%d papers, %v", len(found), err)
	}
	return found
}

// metricName is what a metric of ours is called.
var metricName = regexp.MustCompile(`^vestibule_[a-z_]+$`)

// Operators find every metric of ours in docs/operate/metrics.md, and no other.
//
// Proves: 2.8
func TestMetricsAreDescribed(t *testing.T) {
	page, err := os.ReadFile("../../docs/operate/metrics.md")
	if err != nil {
		t.Fatal(err)
	}
	made := map[string]bool{}
	for _, name := range readSource(t).texts() {
		if metricName.MatchString(name) && name != "vestibule_app" && name != "vestibule_tenant" { // a role, a function
			made[name] = true
			if !strings.Contains(string(page), "`"+name+"`") {
				t.Errorf("docs/operate/metrics.md does not tell of %s", name)
			}
		}
	}
	for _, name := range quoted.FindAllStringSubmatch(string(page), -1) {
		if metricName.MatchString(name[1]) && !made[name[1]] {
			t.Errorf("docs/operate/metrics.md tells of %s, which nobody makes", name[1])
		}
	}
}
