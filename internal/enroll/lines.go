package enroll

import (
	"bufio"
	"bytes"
	"errors"
	"io"
)

// maxRecord is how long a record may be, in bytes, however many lines it goes
// over.
const maxRecord = 64 << 10

// errCutOff says that a record has no end in sight. Where it ends cannot be
// known, so what follows must not be taken for records: it may be the inside
// of somebody's name.
var errCutOff = errors.New("a quoted field has no end")

// lines hands out one line at a time, never more than asked for, so that the
// CSV reader behind it stands at the beginning of a line whenever it begins a
// record and never holds more than one record of bounded length. A line that
// is too long is left out, with an empty one in its place.
type lines struct {
	src    *bufio.Reader // as large as a record may be
	rest   []byte        // of the line that is being handed out
	number int           // of that line
	tooBig func(number int)

	// The record so far.
	begin, size, quotes int
}

func newLines(src io.Reader, tooBig func(int)) *lines {
	return &lines{src: bufio.NewReaderSize(src, maxRecord), tooBig: tooBig}
}

// newRecord is called before each record.
func (l *lines) newRecord() { l.begin, l.size, l.quotes = 0, 0, 0 }

func (l *lines) Read(p []byte) (int, error) {
	if len(l.rest) == 0 {
		if err := l.next(); err != nil {
			return 0, err
		}
	}
	n := copy(p, l.rest)
	l.rest = l.rest[n:]
	return n, nil
}

func (l *lines) next() error {
	line, err := l.src.ReadSlice('\n')
	if len(line) > 0 {
		l.number++
	}
	switch {
	case errors.Is(err, bufio.ErrBufferFull):
		return l.leaveOut(line)
	case err != nil && (err != io.EOF || len(line) == 0):
		return err
	}
	l.rest = line
	if l.size == 0 {
		if len(bytes.TrimRight(line, "\r\n")) == 0 {
			return nil // belongs to no record
		}
		l.begin = l.number
	}
	l.size += len(line)
	l.quotes += bytes.Count(line, quote)
	if l.size > maxRecord {
		return errCutOff
	}
	return nil
}

var quote = []byte{'"'}

// leaveOut reads to the end of a line that is too long. With an odd number of
// quotation marks the line ends inside a field, and the record goes on.
func (l *lines) leaveOut(line []byte) error {
	quotes, err := 0, bufio.ErrBufferFull
	for {
		quotes += bytes.Count(line, quote)
		if !errors.Is(err, bufio.ErrBufferFull) {
			break
		}
		line, err = l.src.ReadSlice('\n')
	}
	if err != nil && err != io.EOF {
		return err
	}
	if l.size > 0 || quotes%2 != 0 {
		if l.size == 0 {
			l.begin = l.number
		}
		return errCutOff
	}
	l.tooBig(l.number)
	l.rest = []byte{'\n'}
	return nil
}
