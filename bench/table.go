package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
)

// A line is one figure on one database, with one thing asked of it.
type line struct {
	Figure   string  `json:"figure"`
	Database string  `json:"database,omitempty"`
	Measured float64 `json:"measured"`
	Unit     string  `json:"unit"`
	Limit    float64 `json:"limit,omitzero"`    // taken in the same run, in the same unit
	Ratio    float64 `json:"ratio,omitzero"`    // to the limit; 0: the figure itself is judged
	AtLeast  float64 `json:"at_least,omitzero"` // what is asked
	AtMost   float64 `json:"at_most,omitzero"`
	Pass     bool    `json:"pass"`
	Note     string  `json:"note,omitempty"`
}

// judged is what the line is judged by.
func (l line) judged() float64 {
	if l.Ratio != 0 {
		return l.Ratio
	}
	return l.Measured
}

func (l line) passes() bool {
	if l.AtLeast != 0 {
		return l.judged() >= l.AtLeast
	}
	return l.judged() <= l.AtMost
}

func (l line) asked() string {
	sign, bound := "≤ ", l.AtMost
	if l.AtLeast != 0 {
		sign, bound = "≥ ", l.AtLeast
	}
	text := sign + strconv.FormatFloat(bound, 'f', -1, 64)
	if l.Ratio != 0 {
		return text + " ×"
	}
	return text + " " + l.Unit
}

// A table is what has been measured so far.
type table struct{ lines []line }

func (t *table) add(db *database, l line) {
	if db != nil {
		l.Database = db.name
	}
	l.Pass = l.passes()
	t.lines = append(t.lines, l)
}

// order is how the figures stand in the table, whatever the order they were
// measured in.
var order = []string{
	figureSignIns, figureChecks, figureRefreshes, figureChanges, figureForgot, figureLetters, figureFlood, figureFloodTime, figureServed,
	figureRest, figurePeak, figureStart, figureReady, figureSize, figureBigSignIn, figureBigCheck, figureFirstPage, figureLastPage, figureImport,
}

func (t *table) sort() {
	place := func(l line) int { return slices.Index(order, l.Figure) }
	slices.SortStableFunc(t.lines, func(a, b line) int { return place(a) - place(b) })
}

func (t *table) print(w io.Writer, b *bench, took time.Duration) {
	t.sort()
	if b.quick {
		fmt.Fprintf(w, "QUICK RUN: %s rounds, %d imported rows, %d users instead of a million. For a glance only.\n\n",
			b.round, b.imported, b.tenants*b.perHouse)
	}
	out := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(out, "figure\tdatabase\tmeasured\tlimit\tratio\tasked\t")
	for _, l := range t.lines {
		limit, ratio, verdict := "", "", "pass"
		if l.Limit != 0 {
			limit = number(l.Limit) + " " + l.Unit
		}
		if l.Ratio != 0 {
			ratio = number(l.Ratio)
		}
		if !l.Pass {
			verdict = "MISS"
		}
		fmt.Fprintf(out, "%s\t%s\t%s %s\t%s\t%s\t%s\t%s\n", l.Figure, l.Database, number(l.Measured), l.Unit, limit, ratio, l.asked(), verdict)
	}
	out.Flush()
	fmt.Fprintln(w)
	for _, l := range t.lines {
		if l.Note != "" {
			fmt.Fprintf(w, "%s: %s\n", strings.TrimSuffix(l.Figure+", "+l.Database, ", "), l.Note)
		}
	}
	fmt.Fprintf(w, "\n%s\n%s\n", legend, b.host.describe())
	fmt.Fprintf(w, "%d of %d passed, in %s.\n", t.passed(), len(t.lines), took.Round(time.Second))
}

const legend = `Each figure and its limit took turns in rounds on the same core, under the same
driver; measured and limit are medians of the rounds, the ratio is the median
of the ratios of neighbouring rounds. bench/main.go says what each limit is.`

func (t *table) passed() (n int) {
	for _, l := range t.lines {
		if l.Pass {
			n++
		}
	}
	return n
}

func (t *table) write(file string, b *bench, took time.Duration) error {
	text, err := json.MarshalIndent(map[string]any{
		"quick": b.quick, "seconds": took.Seconds(), "host": b.host.describe(), "lines": t.lines,
	}, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(file, append(text, '\n'), 0o644)
}

// number shows three digits or all those before the point.
func number(f float64) string {
	switch {
	case f >= 100:
		return strconv.FormatFloat(f, 'f', 0, 64)
	case f >= 10:
		return strconv.FormatFloat(f, 'f', 1, 64)
	}
	return strconv.FormatFloat(f, 'f', 2, 64)
}

func median(list []float64) float64 { return quantile(list, 0.5) }

// quantile is the least value that a share of all values is not above.
func quantile(list []float64, share float64) float64 {
	if len(list) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(list))
	at := int(share*float64(len(sorted)) + 0.999999)
	return sorted[min(max(at-1, 0), len(sorted)-1)]
}
