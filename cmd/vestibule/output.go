package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"
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
		shown := make([]string, len(row))
		for i, cell := range row {
			shown[i] = visible(cell)
		}
		fmt.Fprintln(table, strings.Join(shown, "\t"))
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
		fmt.Fprintf(table, "%s\t%s\n", field[0], visible(field[1]))
	}
	return table.Flush()
}

func (p *program) json(item any) error {
	var text strings.Builder
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(item); err != nil {
		return err
	}
	_, err := io.WriteString(p.stdout, escaped(text.String(), "\n")) // an escape is JSON's, too
	return err
}

// say tells people what has been done; programs look at the exit code.
func (p *program) say(format string, args ...any) {
	fmt.Fprintln(p.stderr, escaped(fmt.Sprintf(format, args...), "\n"))
}

// visible is a cell of a table as it may be shown: nothing in it moves the
// cursor, begins a row or a column, or turns the direction of what follows.
func visible(text string) string { return escaped(text, "") }

// escaped writes what steers a terminal (control characters, line and paragraph
// separators, the marks of bidirectional text) as JSON would; some of them may
// stay. What is no UTF-8, which old terminals read as control characters, gives
// way to U+FFFD.
func escaped(text, stay string) string {
	var shown strings.Builder
	for _, r := range text {
		if unicode.In(r, unicode.Cc, unicode.Zl, unicode.Zp, unicode.Bidi_Control) && !strings.ContainsRune(stay, r) {
			fmt.Fprintf(&shown, `\u%04x`, r)
			continue
		}
		shown.WriteRune(r)
	}
	return shown.String()
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
