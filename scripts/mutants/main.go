// Mutants breaks the product on purpose, one patch of mutants/ at a time, and
// shows which test notices. mutants/README.md says how to write one.
//
//	mutants [-counts FILE] [-budget DURATION] [NAME…]
//
// Everything happens in a copy of the tree, one for all mutants, so that the
// build cache knows what a mutant did not touch.
package main

import (
	"flag"
	"fmt"
	"os"
	"time"
)

func main() {
	counts := flag.String("counts", "", "`file` that \"passed failed\" is appended to")
	budget := flag.Duration("budget", 0, "begin no mutant after this `time`; 0 is no end")
	flag.Parse()
	passed, failed, err := run(*budget, flag.Args())
	if err != nil {
		fmt.Fprintln(os.Stderr, "mutants:", err)
		failed++
	}
	if *counts != "" {
		if err := appendCounts(*counts, passed, failed); err != nil {
			fmt.Fprintln(os.Stderr, "mutants:", err)
			os.Exit(1)
		}
	}
	fmt.Printf("mutants: %d red as they should be, %d not\n", passed, failed)
	if failed > 0 {
		os.Exit(1)
	}
}

func run(budget time.Duration, names []string) (passed, failed int, err error) {
	started := time.Now()
	mutants, err := readMutants("mutants", names)
	if err != nil || len(mutants) == 0 {
		return 0, 0, err
	}
	tree, err := copyTree()
	if err != nil {
		return 0, 0, err
	}
	defer tree.remove()
	healthy := map[target]verdict{}
	for i, m := range mutants {
		if budget > 0 && time.Since(started) > budget {
			fmt.Printf("No time left for %d of %d mutants; `make mutants` runs them all.\n", len(mutants)-i, len(mutants))
			break
		}
		if m.try(tree, healthy) {
			passed++
		} else {
			failed++
		}
	}
	return passed, failed, nil
}

// try runs one mutant's tests, prints a line for each, and reports whether
// all turned red. In healthy it remembers how tests did without a mutant.
func (m mutant) try(t *tree, healthy map[target]verdict) bool {
	for _, test := range m.red {
		if _, known := healthy[test]; !known {
			healthy[test] = t.test(test)
		}
		if v := healthy[test]; v.word != green {
			m.print(test, verdict{"BROKEN!", "is not green without the mutant: " + v.word + "\n" + v.output})
			return false
		}
	}
	if output, err := t.apply(m.patch); err != nil {
		m.print(m.red[0], verdict{"BROKEN!", "no longer applies\n" + output})
		return false
	}
	defer t.restore(m.patch)
	caught := true
	for _, test := range m.red {
		v := t.test(test)
		switch v.word {
		case red:
			v.output = ""
		case green:
			v = verdict{"GREEN!", "nobody noticed: " + m.why}
		}
		m.print(test, v)
		caught = caught && v.word == red
	}
	return caught
}

func (m mutant) print(test target, v verdict) {
	fmt.Printf("%-8s %-40s %s %s\n", v.word, m.name, test.pkg, test.name)
	if v.output != "" {
		fmt.Println("         " + v.output)
	}
}

func appendCounts(name string, passed, failed int) error {
	f, err := os.OpenFile(name, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintln(f, passed, failed); err != nil {
		return err
	}
	return f.Close()
}
