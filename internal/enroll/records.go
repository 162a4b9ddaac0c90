package enroll

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

var tooLong = fmt.Sprintf("The line is longer than %d bytes.", maxRecord)

// maxField is how long one field may be, in bytes.
const maxField = 4 << 10

// records reads a file as RFC 4180 has it: commas, double quotes, LF or CRLF.
// A byte-order mark is taken as UTF-8's; blank lines are skipped.
type records struct {
	lines   *lines
	csv     *csv.Reader
	columns [columnCount]int // where a column is in a record; -1: nowhere
	width   int
	refuse  func(Line)
}

// openRecords reads the first line. Errors are ErrText and ErrHeader, saying
// what is wrong. refuse is told of lines that cannot be read.
func openRecords(src io.Reader, refuse func(Line)) (*records, error) {
	headerTooLong := false
	r := &records{refuse: func(Line) { headerTooLong = true }}
	r.lines = newLines(src, func(number int) { r.refuse(Line{number, tooLong}) })
	start, err := r.lines.src.Peek(512)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if bytes.HasPrefix(start, []byte("\xff\xfe")) || bytes.HasPrefix(start, []byte("\xfe\xff")) || bytes.IndexByte(start, 0) >= 0 {
		return nil, ErrText.Because("The file is not text in UTF-8 but, it seems, in UTF-16. Save it as “CSV UTF-8” and try again.")
	}
	if bytes.HasPrefix(start, []byte("\xef\xbb\xbf")) {
		if _, err := r.lines.src.Discard(3); err != nil {
			return nil, err
		}
	}
	if named := separator(bytes.TrimPrefix(start, []byte("\xef\xbb\xbf"))); named != "" {
		return nil, ErrHeader.Because("This file is separated by %s; save it with commas.", named)
	}
	r.csv = csv.NewReader(r.lines)
	r.csv.FieldsPerRecord = -1 // counted here, to say what is wrong
	r.csv.ReuseRecord = true
	names, err := r.csv.Read()
	if headerTooLong {
		return nil, ErrHeader.Because("The first line is longer than %d bytes.", maxRecord)
	}
	r.refuse = refuse
	return r, r.header(names, err)
}

// separator names what a file has instead of commas, "" where nothing tells:
// spreadsheets write whatever the language of their machine is used to.
func separator(start []byte) string {
	first, _, _ := bytes.Cut(bytes.TrimLeft(start, "\r\n"), []byte("\n"))
	switch {
	case bytes.IndexByte(first, ',') >= 0:
		return ""
	case bytes.IndexByte(first, ';') >= 0:
		return "semicolons"
	case bytes.IndexByte(first, '\t') >= 0:
		return "tabs"
	case bytes.IndexByte(first, '|') >= 0:
		return "vertical bars"
	}
	return ""
}

func (r *records) header(names []string, err error) error {
	switch _, bad := errors.AsType[*csv.ParseError](err); {
	case errors.Is(err, io.EOF):
		return ErrHeader.Because("The file is empty. Its first line names the columns, like %s.", strings.Join(columnNames[:], ","))
	case errors.Is(err, errCutOff), bad:
		return ErrHeader.Because("The first line cannot be read: its quotation marks do not match.")
	case err != nil:
		return err
	}
	r.width = len(names)
	for i := range r.columns {
		r.columns[i] = -1
	}
	for i, name := range names {
		if err := r.column(i, strings.TrimSpace(name)); err != nil {
			return err
		}
	}
	return nil
}

// column notes that the column at place i has that name.
func (r *records) column(i int, name string) error {
	if !utf8.ValidString(name) {
		return ErrText
	}
	for known, knownName := range columnNames {
		if name != knownName {
			continue
		}
		if r.columns[known] >= 0 {
			return ErrHeader.Because("The column %s is there twice.", name)
		}
		r.columns[known] = i
		return nil
	}
	for _, knownName := range columnNames {
		if strings.EqualFold(name, knownName) {
			return ErrHeader.Because("There is no column %s; it is written %s.", shown(name), knownName)
		}
	}
	return ErrHeader.Because("There is no column %s. The columns are %s.", shown(name), strings.Join(columnNames[:], ", "))
}

// shown is a column's name as a message can repeat it.
func shown(name string) string {
	if runes := []rune(name); len(runes) > 40 {
		name = string(runes[:40]) + "…"
	}
	return fmt.Sprintf("%q", name)
}

// next returns a record, which holds until the next call, and the number of
// its first line; or nil where it refused what is there instead. The error is
// io.EOF at the end, or reading's.
func (r *records) next() (record []string, number int, err error) {
	r.lines.newRecord()
	record, err = r.csv.Read()
	parseError, unreadable := errors.AsType[*csv.ParseError](err)
	switch {
	case errors.Is(err, errCutOff), unreadable && r.lines.quotes%2 != 0:
		r.refuse(Line{r.lines.begin, fmt.Sprintf("A quotation mark is not closed within %d bytes. Nothing from this line on was read.", maxRecord)})
		return nil, 0, io.EOF
	case unreadable:
		r.refuse(Line{parseError.StartLine, "A quotation mark stands where none may be: a field with quotation marks is enclosed in them, and those inside are doubled."})
		return nil, 0, nil
	case err != nil:
		return nil, 0, err
	case blank(record):
		return nil, 0, nil // the bare commas spreadsheets leave below a table
	}
	number, _ = r.csv.FieldPos(0)
	if wrong := r.wrong(record); wrong != "" {
		r.refuse(Line{number, wrong})
		return nil, 0, nil
	}
	return record, number, nil
}

func blank(record []string) bool {
	for _, field := range record {
		if strings.Trim(field, " \t") != "" {
			return false
		}
	}
	return true
}

// wrong says what keeps a record from being looked at more closely.
func (r *records) wrong(record []string) string {
	if len(record) != r.width {
		return fmt.Sprintf("The line has %d columns; the first line has %d.", len(record), r.width)
	}
	for i, place := range r.columns {
		switch {
		case place < 0:
		case len(record[place]) > maxField:
			return fmt.Sprintf("Column %s: longer than %d bytes.", columnNames[i], maxField)
		case !utf8.ValidString(record[place]):
			return fmt.Sprintf("Column %s: not text in UTF-8.", columnNames[i])
		}
	}
	return ""
}

// field is the text of one column of a record, "" where there is none.
func (r *records) field(record []string, column int) string {
	if r.columns[column] < 0 {
		return ""
	}
	return record[r.columns[column]]
}
