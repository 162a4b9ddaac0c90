package front

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"time"
)

// How long a download may take, and how long one piece of it may be on its way.
const (
	downloadTime  = 10 * time.Minute
	downloadPiece = 30 * time.Second
)

// Download answers with a file that is made while it is sent, beyond the time
// other requests have. An error before its first bytes is refused as any other;
// after them the connection breaks off, so that nobody takes a part for the
// whole. name is what browsers call the file.
func Download(w http.ResponseWriter, r *http.Request, name, media string, write func(context.Context, io.Writer) error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), downloadTime)
	defer cancel()
	d := &download{w: w, control: http.NewResponseController(w), begin: func(h http.Header) {
		h.Set("Content-Type", media)
		h.Set("Content-Disposition", `attachment; filename="`+name+`"`)
	}}
	out := bufio.NewWriterSize(d, 32<<10)
	err := write(ctx, out)
	if err == nil {
		err = out.Flush()
	}
	switch {
	case err == nil && !d.begun: // an empty file
		d.begin(w.Header())
		w.WriteHeader(http.StatusOK)
	case err != nil && d.begun:
		_ = d.control.SetWriteDeadline(time.Unix(1, 0)) // where that cannot be, the end is missing
	}
	return err
}

// download is where the file goes.
type download struct {
	w       http.ResponseWriter
	control *http.ResponseController
	begin   func(http.Header)
	begun   bool
}

// Write sends a piece, however long those before it took.
func (d *download) Write(piece []byte) (int, error) {
	if !d.begun {
		d.begun = true
		d.begin(d.w.Header())
	}
	_ = d.control.SetWriteDeadline(time.Now().Add(downloadPiece)) // tests' recorders have none
	return d.w.Write(piece)
}
