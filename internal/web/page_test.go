package web

import "testing"

// Templates are parsed when they are first shown: here, all of them.
func TestEveryPageHasATemplate(t *testing.T) {
	for name, template := range templates {
		if template().Lookup("main") == nil {
			t.Errorf("pages/%s.html has no main part", name)
		}
	}
}
