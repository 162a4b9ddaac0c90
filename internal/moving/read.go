package moving

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/vestibule-id/vestibule/internal/secret"
	"github.com/vestibule-id/vestibule/internal/store"
)

// maxLine bounds what one line of a file makes us hold: a logo is the longest.
// All others are shorter than maxRow, an event with the longest detail too.
const (
	maxLine = 2 << 20
	maxRow  = 128 << 10
)

// A reading goes through a file once, from its first line to its last.
type reading struct {
	scanner  *bufio.Scanner
	number   int
	sheets   []store.Sheet // that may still come
	sheet    store.Sheet   // whose rows come
	columns  []string      // of the file, by place
	progress func(read int64)
	passed   *passing
	counts   Counts
	checked  checker
}

// passing counts the bytes that were read.
type passing struct {
	from io.Reader
	n    int64
}

func (c *passing) Read(p []byte) (n int, err error) {
	n, err = c.from.Read(p)
	c.n += int64(n)
	return n, err
}

// open reads the header. Errors are the archive's, ErrContent and ErrNewer.
func open(src io.Reader, passphrase secret.Password, progress func(read int64)) (*reading, header, error) {
	passed := &passing{from: src}
	plain, err := openArchive(passed, passphrase)
	if err != nil {
		return nil, header{}, err
	}
	return begin(plain, passed, progress)
}

// begin is open for what the archive holds.
func begin(plain io.Reader, passed *passing, progress func(read int64)) (*reading, header, error) {
	var h header
	r := &reading{scanner: bufio.NewScanner(plain), sheets: sheets(), progress: progress, passed: passed}
	r.scanner.Buffer(make([]byte, 0, archivePiece), maxLine)
	line, err := r.line()
	if err != nil {
		return nil, h, err
	}
	var version struct {
		Format int `json:"format"`
	}
	if json.Unmarshal(line, &version) != nil || version.Format < 1 {
		return nil, h, r.wrong("it does not begin as an export does")
	}
	if version.Format > format {
		return nil, h, ErrNewer
	}
	if err := strictly(line, &h); err != nil {
		return nil, h, ErrNewer.Because("The file was written by a newer version: its first line says more than is known here. Bring this installation up to date first.")
	}
	if why := r.checked.header(h); why != "" {
		return nil, h, r.wrong("%s", why)
	}
	return r, h, nil
}

func strictly(line []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(line))
	d.DisallowUnknownFields()
	return d.Decode(into)
}

// wrong names the line and never repeats what stands there.
func (r *reading) wrong(why string, args ...any) error {
	return ErrContent.Because("Line %d of what is in the file: %s.", r.number, fmt.Sprintf(why, args...))
}

// line is the next line, which holds until the one after.
func (r *reading) line() ([]byte, error) {
	more, err := r.scanner.Scan(), r.scanner.Err()
	if more && err == nil { // else it may be half a line, before what cannot be read
		r.number++
		if line := r.scanner.Bytes(); len(line) <= maxRow || r.sheet.Name == "logos" {
			return line, nil
		}
		return nil, r.wrong("it is too long")
	}
	switch {
	case errors.Is(err, bufio.ErrTooLong):
		return nil, r.wrong("the next line is too long")
	case err != nil:
		return nil, err
	}
	return nil, r.wrong("the end is missing")
}

// rows hands over the rows of one sheet after another, in pieces, to the end of
// the file. What is handed over is checked by itself, and authentic; but only
// when rows returns without an error, the file is whole.
func (r *reading) rows(use func(sheet store.Sheet, rows [][]any) error) error {
	var waiting [][]any
	size := 0 // of what waits, in the file
	hand := func() error {
		if r.progress != nil {
			r.progress(r.passed.n)
		}
		if len(waiting) == 0 {
			return nil
		}
		rows := waiting
		waiting, size = nil, 0
		return use(r.sheet, rows)
	}
	for {
		line, err := r.line()
		if err != nil {
			return err
		}
		if bytes.HasPrefix(line, []byte("[")) {
			row, err := r.row(line)
			if err != nil {
				return err
			}
			size += len(line)
			if waiting = append(waiting, row); len(waiting) < piece && size < pieceBytes {
				continue
			}
		}
		if err := hand(); err != nil {
			return err
		}
		if bytes.HasPrefix(line, []byte("[")) {
			continue
		}
		if ended, err := r.heading(line); err != nil || ended {
			return err
		}
	}
}

// heading reads the line before a sheet, or the last one.
func (r *reading) heading(line []byte) (ended bool, err error) {
	var next struct {
		sheetLine
		End *Counts `json:"end"`
	}
	if err := strictly(line, &next); err != nil {
		return false, ErrNewer
	}
	if next.End != nil {
		if *next.End != r.counts {
			return false, r.wrong("other numbers are counted than were written")
		}
		if r.scanner.Scan() {
			return false, r.wrong("something comes after the end")
		}
		return true, r.scanner.Err()
	}
	i := slices.IndexFunc(r.sheets, func(s store.Sheet) bool { return s.Name == next.Sheet })
	if i < 0 {
		return false, ErrNewer.Because("The file was written by a newer version, or its sheets are in another order. Bring this installation up to date first.")
	}
	r.sheet, r.sheets, r.columns = r.sheets[i], r.sheets[i+1:], next.Columns
	for n, column := range r.columns {
		if r.sheet.At(column) < 0 || slices.Index(r.columns, column) != n {
			return false, ErrNewer
		}
	}
	if !slices.Contains(r.columns, r.sheet.Columns[0]) {
		return false, r.wrong("the sheet has no key")
	}
	return false, nil
}

// row puts the values of a line where the sheet of today has them. A column
// that an older version did not know is as if nobody had ever set it.
func (r *reading) row(line []byte) ([]any, error) {
	d := json.NewDecoder(bytes.NewReader(line))
	d.UseNumber()
	var values []any
	if err := d.Decode(&values); err != nil || len(values) != len(r.columns) || d.More() {
		return nil, r.wrong("it is no row of its sheet")
	}
	row := make([]any, len(r.sheet.Columns))
	for i, kind := range r.sheet.Kinds {
		row[i] = map[store.ColumnKind]any{store.TextColumn: "", store.NumberColumn: int64(0), store.TimeColumn: int64(0), store.BytesColumn: []byte{}}[kind]
	}
	for i, value := range values {
		at := r.sheet.At(r.columns[i])
		made, ok := typed(r.sheet.Kinds[at], value)
		if !ok {
			return nil, r.wrong("the column %s holds something of another kind", r.columns[i])
		}
		row[at] = made
	}
	if why := r.checked.row(r.sheet, row); why != "" {
		return nil, r.wrong("%s", why)
	}
	r.counts.count(r.sheet, row)
	return row, nil
}

// typed makes a value of its kind. PostgreSQL has no NUL in texts.
func typed(kind store.ColumnKind, value any) (any, bool) {
	switch v := value.(type) {
	case json.Number:
		n, err := v.Int64()
		return n, err == nil && (kind == store.NumberColumn || kind == store.TimeColumn)
	case string:
		if kind == store.BytesColumn {
			raw, err := base64.StdEncoding.DecodeString(v)
			return raw, err == nil
		}
		return v, (kind == store.TextColumn || kind == store.NullTextColumn) && !strings.ContainsRune(v, 0)
	case nil:
		return nil, kind == store.NullTextColumn
	}
	return nil, false
}
