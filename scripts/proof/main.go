// Proof prints, for every row of proof.txt, the tests that prove it and what
// they said on SQLite and on PostgreSQL.
//
// A test carries its rows in the comment above its function:
//
//	// Proves: W2, W9, 2.6
//	func TestLimiter(t *testing.T) {
//
// and a test, or a group of tests, of the browser likewise:
//
//	// Proves: W12
//	test('The menu leads out', async ({ page }) => {
//
// A letter and a number is a row of the requirements, `2.6` is item 6 of issue
// 2. Subtests named sqlite and postgres, anywhere in the path, give the result
// for their database; a test without such subtests counts as `any` for both.
// A row without a test fails, and so does one whose test failed or did not
// run, and a test that names a row proof.txt does not list.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
)

func main() {
	rows := flag.String("rows", "proof.txt", "`file` of the rows")
	logs := flag.String("results", ".test-results/test.json,.test-results/browser.json", "`files` of go test -json's output, and of its like")
	fresh := flag.Bool("fresh", false, "only tell, by the exit code, whether the results are of today's files")
	verbose := flag.Bool("v", false, "name every test of a row")
	flag.Parse()
	if *fresh {
		for log := range strings.SplitSeq(*logs, ",") {
			if !isFresh(log) {
				os.Exit(1)
			}
		}
		return
	}
	failed, err := prove(os.Stdout, *rows, strings.Split(*logs, ","), *verbose)
	if err != nil {
		fmt.Fprintln(os.Stderr, "proof:", err)
		os.Exit(1)
	}
	if failed > 0 {
		os.Exit(1)
	}
}

func prove(out io.Writer, rowsFile string, logs []string, verbose bool) (failed int, err error) {
	rows, err := readRows(rowsFile)
	if err != nil {
		return 0, err
	}
	claims, err := findClaims(".")
	if err != nil {
		return 0, err
	}
	results, err := readResults(logs)
	if err != nil {
		return 0, err
	}
	for _, row := range rows {
		if !printRow(out, row, claims[row.id], results, verbose) {
			failed++
		}
		delete(claims, row.id)
	}
	for id, tests := range claims {
		fmt.Fprintf(out, "%-5s proof.txt does not list this row, which %s claims to prove\n", id, tests[0].name)
		failed++
	}
	fmt.Fprintf(out, "%d rows proven, %d not\n", len(rows)-min(failed, len(rows)), failed)
	return failed, nil
}

// printRow prints one line, and with verbose one more for each test. It
// reports whether the row is proven.
func printRow(out io.Writer, row row, tests []testID, results map[testID]result, verbose bool) bool {
	if len(tests) == 0 {
		fmt.Fprintf(out, "%-5s %-58s %-9s %-9s %s\n", row.id, "NO TEST", "-", "-", row.sentence)
		return false
	}
	var all result
	for _, t := range tests {
		all = all.and(results[t].orMissing())
	}
	name := tests[0].name
	if len(tests) > 1 {
		name = fmt.Sprintf("%s and %d more", name, len(tests)-1)
	}
	fmt.Fprintf(out, "%-5s %-58s %-9s %-9s %s\n", row.id, name, all.sqlite, all.postgres, row.sentence)
	if verbose {
		for _, t := range tests {
			r := results[t].orMissing()
			fmt.Fprintf(out, "%-5s   %-56s %-9s %-9s %s\n", "", t.name, r.sqlite, r.postgres, t.dir)
		}
	}
	return all.good()
}
