package web

import (
	"bytes"
	"context"
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/vestibule-id/vestibule/internal/enroll"
	"github.com/vestibule-id/vestibule/internal/front"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/problem"
)

const (
	importPath = "/admin/users/import"

	maxImport   = 8 << 20   // bytes of a file that comes by a page; commands take any
	maxShown    = 256 << 10 // so much of a file is shown to be put right
	importTime  = 2 * time.Minute
	maxUploaded = maxImport + front.MaxBody
)

var errLargeFile = front.ErrTooLarge.Because("The file is larger than 8 MiB. Import it in parts, or let the operator do it by command.")

type importPage struct {
	frame
	Lines    string         // the file, where it is short enough to be shown
	Long     bool           // it is not
	Partial  bool           // leave wrong lines out
	Report   *enroll.Report // nil: nothing has been looked at yet
	Checked  bool           // it was a look only
	Problem  string
	Imported bool
	Roles    identity.Roles // for their titles
}

// Right says how many lines of a file are right.
func (pg importPage) Right() int { return pg.Report.Read - pg.Report.Refused }

// ByExtension reports whether people here are known by an extension.
func (pg importPage) ByExtension() bool { return pg.Tenant.Style == identity.Extension }

func (p *Pages) imports() *enroll.Service { return &enroll.Service{Now: p.Sessions.Now} }

func (p *Pages) showImport(w http.ResponseWriter, r *http.Request, v *front.Visit) error {
	v.Page = importPath
	return render(w, http.StatusOK, importPage{frame: p.room("Import users", v)})
}

// uploaded is sent for a form with a file: its content is the field "file". It
// has more time than other forms.
func (p *Pages) uploaded(h formHandler) front.Handler {
	return func(w http.ResponseWriter, r *http.Request, v *front.Visit) error {
		if err := front.MoreTime(w, importTime); err != nil {
			return err
		}
		f, err := readUpload(w, r)
		if err != nil {
			return err
		}
		if err := p.checkBinding(f, v); err != nil {
			return err
		}
		v.Page = importPath
		if v.Live, err = p.Sessions.Interact(r.Context(), v.Live); err != nil {
			return err
		}
		return h(w, r, v, f)
	}
}

// readUpload is readForm for multipart/form-data (RFC 7578). It keeps the file
// in memory, so that no hashes in it are left on a disk.
func readUpload(w http.ResponseWriter, r *http.Request) (form, error) {
	r.Body = http.MaxBytesReader(w, r.Body, maxUploaded)
	reader, err := r.MultipartReader()
	if err != nil || len(r.Header.Values("Content-Type")) != 1 || r.Header.Get("Content-Encoding") != "" {
		return nil, front.ErrContentType.Because("The form must be sent as multipart/form-data.")
	}
	f := form{}
	for {
		part, err := reader.NextPart()
		if errors.Is(err, io.EOF) {
			return f, nil
		} else if err != nil {
			return nil, unread(err)
		}
		if err := readPart(part, f); err != nil {
			return nil, err
		}
	}
}

func readPart(part *multipart.Part, f form) error {
	name := part.FormName()
	raw, err := io.ReadAll(part)
	switch {
	case err != nil:
		return unread(err)
	case f.has(name):
		return ErrForm.Because("A field of the form was sent more than once.")
	case name == "file" && part.FileName() == "":
		f[name] = "" // none was chosen
	case name == "file":
		f[name] = string(raw) // of whatever encoding: the import says what is wrong with it
	case !utf8.ValidString(name) || !utf8.Valid(raw) || bytes.IndexByte(raw, 0) >= 0:
		return ErrForm.Because("The form is not UTF-8.")
	default:
		f[name] = string(raw)
	}
	return nil
}

func unread(err error) error {
	if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
		return errLargeFile
	}
	return ErrForm.Because("The form did not arrive whole.")
}

// importUsers looks at a file, or imports it, and shows the report. What was
// begun is brought to its end although nobody waits for it any more.
func (p *Pages) importUsers(w http.ResponseWriter, r *http.Request, v *front.Visit, f form) error {
	text := f["file"]
	if text == "" {
		text = f["lines"]
	}
	pg := importPage{frame: p.room("Import users", v), Partial: f["partial"] != "", Checked: f["act"] != "import", Lines: text}
	if len(text) > maxImport {
		return errLargeFile
	}
	if len(text) > maxShown || !utf8.ValidString(text) {
		pg.Lines, pg.Long = "", true
	}
	if strings.TrimSpace(text) == "" {
		pg.Problem = "Choose a file, or paste its lines."
		return render(w, http.StatusUnprocessableEntity, pg)
	}
	roles, err := p.Admin.RolesSeen(r.Context(), p.office(v), v.Actor)
	if err != nil {
		return err
	}
	pg.Roles = roles
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), importTime)
	defer cancel()
	report, err := p.imports().Import(ctx, p.office(v), v.Actor, strings.NewReader(text), enroll.Options{Partial: pg.Partial, Check: pg.Checked}, v.Peer)
	about := problem.Of(err)
	status := http.StatusOK
	switch {
	case err == nil:
		pg.Report, pg.Imported = &report, !pg.Checked
		if pg.Imported {
			pg.Lines, pg.Long = "", false
		}
	case again(err) == nil:
		return err
	default:
		status, pg.Problem = front.Status(about.Kind), sentence(about)
		if errors.Is(err, enroll.ErrRefused) {
			pg.Report = &report
		}
	}
	return render(w, status, pg)
}

// exportUsers hands out the users without their hashes. It is a form because it
// leaves an event.
func (p *Pages) exportUsers(w http.ResponseWriter, r *http.Request, v *front.Visit, _ form) error {
	return front.Download(w, r, "users-"+v.Live.Tenant.Slug+".csv", "text/csv; charset=utf-8", func(ctx context.Context, out io.Writer) error {
		_, err := p.imports().Export(ctx, p.office(v), v.Actor, out, false, v.Peer)
		return err
	})
}
