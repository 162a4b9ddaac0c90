package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"
)

// output is how a read command writes what it found.
type output struct {
	Output string `default:"table" enum:"table,json" placeholder:"FORMAT" help:"table for people or json for programs."`
}

// list writes items: as they are for programs, as rows for people.
func (o output) list(p *program, items any, head string, rows [][]string) error {
	if o.Output == "json" {
		return p.json(items)
	}
	table := tabwriter.NewWriter(p.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, strings.ReplaceAll(head, " ", "\t"))
	for _, row := range rows {
		fmt.Fprintln(table, strings.Join(row, "\t"))
	}
	return table.Flush()
}

// one writes a single thing: as it is for programs, a line a field for people.
func (o output) one(p *program, item any, fields [][2]string) error {
	if o.Output == "json" {
		return p.json(item)
	}
	table := tabwriter.NewWriter(p.stdout, 0, 0, 2, ' ', 0)
	for _, field := range fields {
		fmt.Fprintf(table, "%s\t%s\n", field[0], field[1])
	}
	return table.Flush()
}

func (p *program) json(item any) error {
	encoder := json.NewEncoder(p.stdout)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(item)
}

// say tells people what has been done; programs look at the exit code.
func (p *program) say(format string, args ...any) {
	fmt.Fprintf(p.stderr, format+"\n", args...)
}

// moment is a time for people and programs alike; "-" is never.
func moment(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.UTC().Format(time.RFC3339)
}

// instant is a time in JSON; null is never.
func instant(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC().Truncate(time.Second)
	return &t
}

// filled is a cell of a table that is never empty, so that columns can be
// counted.
func filled(text string) string {
	if text == "" {
		return "-"
	}
	return text
}
