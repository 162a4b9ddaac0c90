package moving

import (
	"strings"
	"time"
	"unicode"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/store"
)

// Bounds of what stands in a column, in bytes. The detail of an event is longer
// than any that is written here, all settings at once included.
const (
	maxText   = 1000 // 200 characters, each of four bytes, and some
	maxAnswer = 2000 // more than is ever kept of what a mail server said
	maxDetail = 32 << 10
)

// The times there are, ends included: years that JSON and people can read.
var (
	earliest = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro()
	latest   = time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro()
)

// fields reads a row by the names of its columns.
type fields struct {
	sheet store.Sheet
	row   []any
}

func (f fields) text(column string) string {
	text, _ := f.row[f.sheet.At(column)].(string)
	return text
}

func (f fields) number(column string) int64 { return f.row[f.sheet.At(column)].(int64) }
func (f fields) bytes(column string) []byte { return f.row[f.sheet.At(column)].([]byte) }

// bounded holds every column to what its kind may be; a time that is 0 is none.
func (f fields) bounded() string {
	for i, kind := range f.sheet.Kinds {
		column := f.sheet.Columns[i]
		most, known := map[string]int{"detail": maxDetail, "mail_answer": maxAnswer}[column]
		if !known {
			most = maxText
		}
		switch kind {
		case store.TimeColumn:
			if at := f.number(column); at != 0 && !isTime(at) {
				return "the column " + column + " holds no time there is"
			}
		case store.TextColumn, store.NullTextColumn:
			if len(f.text(column)) > most {
				return "the column " + column + " holds too much"
			}
		}
	}
	return ""
}

func isTime(at int64) bool { return at >= earliest && at <= latest }

// fits: one line of up to so many bytes, which a terminal may show.
func fits(text string, most int) bool {
	return len(text) <= most && !strings.ContainsFunc(text, unicode.IsControl)
}

// isNoneOrID: who is named may have been deleted since.
func isNoneOrID(text, prefix string) bool { return text == "" || isID(text, prefix) }

func isID(text, prefix string) bool {
	_, err := identity.Bytes(text)
	return err == nil && strings.HasPrefix(text, prefix+"_")
}

// isEmail: the empty text is none, and that is right.
func isEmail(text string) bool {
	email, err := identity.ParseEmail(text)
	return text == "" || err == nil && email.Typed == text
}

// parses reports whether a text is what people may type, as it is kept.
func parses(parse func(string) (string, error), text string) bool {
	kept, err := parse(text)
	return err == nil && kept == text
}
