package main

import "testing"

func TestParse(t *testing.T) {
	m, err := parse("x", "# why: a reason\n# red: ./internal/a TestA/b\n# red: ./internal/c TestC\n# databases: both\ndiff --git\n# red: ./no TestNo\n")
	if err != nil {
		t.Fatal(err)
	}
	want := []target{{"./internal/a", "TestA/b", "both"}, {"./internal/c", "TestC", "both"}}
	if len(m.red) != 2 || m.red[0] != want[0] || m.red[1] != want[1] || m.why != "a reason" {
		t.Errorf("%+v", m)
	}
	for _, bad := range []string{
		"diff --git",
		"# red: ./a TestA\n",
		"# why: w\n",
		"# why: w\n# red: TestA\n",
		"# why: w\n# red: ./a TestA\n# databases: oracle\n",
	} {
		if _, err := parse("x", bad); err == nil {
			t.Errorf("%q was accepted", bad)
		}
	}
}

func TestJudge(t *testing.T) {
	for _, c := range []struct{ name, log, word string }{
		{"passed", `{"Action":"pass","Test":"T"}`, green},
		{"failed", `{"Action":"fail","Test":"T"}`, red},
		{"another failed", `{"Action":"fail","Test":"U"}`, "BROKEN!"},
		{"did not compile", `{"Action":"build-fail","ImportPath":"p"}`, "BROKEN!"},
		{"skipped", `{"Action":"skip","Test":"T"}`, "BROKEN!"},
		{"timed out", `{"Action":"output","Output":"panic: test timed out after 2m0s\n"}
{"Action":"fail","Test":"T"}`, "BROKEN!"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := judge([]byte(c.log), "T"); got.word != c.word {
				t.Errorf("%s, want %s", got.word, c.word)
			}
		})
	}
}
