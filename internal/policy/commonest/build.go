//go:build ignore

// Build makes commonest.bin from a list of passwords, one a line, the
// commonest first:
//
//	go run build.go LIST
//
// It takes the first 100,000 of eight or more characters that differ in more
// than case. The data here was made from the first million of the ten million
// passwords that Mark Burnett gave to the public domain in 2015, in the form
// OWASP SecLists distributes them (10-million-password-list-top-1000000.txt;
// that collection is under the MIT licence). Only hashes of them are kept.
package main

import (
	"bufio"
	"fmt"
	"os"
	"unicode/utf8"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/policy/commonest"
)

const wanted = 100_000

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: go run build.go LIST")
		os.Exit(2)
	}
	if err := build(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func build(list string) error {
	file, err := os.Open(list)
	if err != nil {
		return err
	}
	defer file.Close()
	seen := map[string]bool{}
	var passwords []string
	lines := bufio.NewScanner(file)
	for lines.Scan() && len(passwords) < wanted {
		password := identity.FoldSearch(lines.Text())
		if utf8.RuneCountInString(password) < 8 || seen[password] {
			continue
		}
		seen[password] = true
		passwords = append(passwords, password)
	}
	if err := lines.Err(); err != nil {
		return err
	}
	if len(passwords) < wanted {
		return fmt.Errorf("the list has %d passwords that will do, %d are wanted", len(passwords), wanted)
	}
	return os.WriteFile("commonest.bin", commonest.Encode(passwords), 0o644)
}
