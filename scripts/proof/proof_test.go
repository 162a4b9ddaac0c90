package main

import "testing"

func TestResultsByDatabase(t *testing.T) {
	for _, c := range []struct {
		name string
		ends map[string]string
		want result
	}{
		{"no databases", map[string]string{"": "pass", "a": "pass"}, result{"any", "any"}},
		{"no databases, failed", map[string]string{"": "FAIL"}, result{"FAIL", "FAIL"}},
		{"both", map[string]string{"": "pass", "sqlite": "pass", "postgres": "pass"}, result{"pass", "pass"}},
		{"deep in the path", map[string]string{"": "FAIL", "a/sqlite/b": "pass", "a/postgres/b": "FAIL"}, result{"pass", "FAIL"}},
		{"one only", map[string]string{"": "pass", "sqlite": "pass"}, result{"pass", "-"}},
		{"failed beside them", map[string]string{"": "FAIL", "x": "FAIL", "sqlite": "pass"}, result{"FAIL", "FAIL"}},
		{"failed by itself", map[string]string{"": "FAIL", "sqlite": "pass", "postgres": "pass"}, result{"FAIL", "FAIL"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := resultOf(c.ends); got != c.want {
				t.Errorf("%v, want %v", got, c.want)
			}
		})
	}
}

func TestClaims(t *testing.T) {
	claims := map[string][]testID{}
	err := addClaims(claims, "internal/x/x_test.go", []byte(`package x

// TestA says something.
//
// Proves: W2, 2.6
func TestA(t *testing.T) {}
`))
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"W2", "2.6"} {
		if got := claims[id]; len(got) != 1 || got[0] != (testID{"internal/x", "TestA"}) {
			t.Errorf("%s is claimed by %v", id, got)
		}
	}
	if addClaims(claims, "y_test.go", []byte("package y\n\n// Proves: nonsense\nfunc TestB() {}\n")) == nil {
		t.Error("an id that is none was accepted")
	}
}

func TestBrowserClaims(t *testing.T) {
	claims := map[string][]testID{}
	err := addBrowserClaims(claims, "e2e/x.spec.ts", []byte(`import { test } from './test.ts';

// Proves: W2
// Proves nothing else.
test('It goes in', async () => {});

// Proves: P4, 3.3
test.describe('Out', () => {
	test('by itself', async () => {});
});

// Proves: P1
walk(
	'Along',
	async () => {},
);
`))
	if err != nil {
		t.Fatal(err)
	}
	for id, title := range map[string]string{"W2": "It goes in", "P4": "Out", "3.3": "Out", "P1": "Along"} {
		if got := claims[id]; len(got) != 1 || got[0] != (testID{"e2e/x.spec.ts", title}) {
			t.Errorf("%s is claimed by %v", id, got)
		}
	}
	for _, wrong := range []string{"// Proves: W2\n\ntest('Late')", "// Proves: W2\ntest(`made ${up}`)", "// Proves: nonsense\ntest('x')",
		"test.describe('x', () => {\n\t// Proves: W2\n\ttest('y')"} {
		if addBrowserClaims(claims, "y.spec.ts", []byte(wrong+"\n")) == nil {
			t.Errorf("%q was accepted", wrong)
		}
	}
}

// Every claim in this project can be read and is of a row there is, and every
// row is claimed.
func TestClaimsOfThisProject(t *testing.T) {
	rows, err := readRows("../../proof.txt")
	if err != nil {
		t.Fatal(err)
	}
	claims, err := findClaims("../..")
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		if len(claims[row.id]) == 0 {
			t.Errorf("nothing claims to prove %s", row.id)
		}
		delete(claims, row.id)
	}
	for id, tests := range claims {
		t.Errorf("%s claims to prove %s, which proof.txt does not list", tests[0].name, id)
	}
}
