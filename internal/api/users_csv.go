package api

import (
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"
	"time"

	"github.com/vestibule-id/vestibule/internal/enroll"
	"github.com/vestibule-id/vestibule/internal/front"
	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/session"
)

// A file that comes by API has at most so many bytes, and so much time; commands
// take any.
const (
	maxFile  = 8 << 20
	fileTime = 2 * time.Minute
)

var errLargeFile = front.ErrTooLarge.Because("The file is larger than 8 MiB. Import it in parts, or by command.")

func (a *API) userFileCalls() []call {
	inside := []*problem.Problem{policy.ErrSignIn, session.ErrEnded, policy.ErrDenied}
	return []call{
		{front.Post("/api/v1/users/import", front.Can(policy.UsersWrite), a.importUsers), "Import users from text/csv", importQuery{}, importAnswer{}, http.StatusOK,
			append(inside[:3:3], front.ErrTooLarge, front.ErrContentType, enroll.ErrHeader, enroll.ErrText, enroll.ErrRefused, enroll.ErrRunning, enroll.ErrGivenUp)},
		{front.Post("/api/v1/users/export", front.Can(policy.UsersExport), a.exportUsers), "All users as text/csv, without their password hashes; leaves an event", nil, nil, http.StatusOK, inside},
	}
}

type importQuery struct {
	Check   bool `query:"check" default:"false" doc:"Only look at the file and report."`
	Partial bool `query:"partial" default:"false" doc:"Leave wrong lines out instead of refusing the file."`
}

// importAnswer is the report on a file.
type importAnswer struct {
	Read     int          `json:"read" doc:"Lines that are to be users."`
	Imported int          `json:"imported"`
	Invited  int          `json:"invited" doc:"Of the imported, those without a password."`
	Refused  int          `json:"refused"`
	Lines    []lineAnswer `json:"lines" doc:"Why lines were refused; a thousand at most."`
}

type lineAnswer struct {
	Number  int    `json:"number" doc:"As an editor counts."`
	Message string `json:"message"`
}

func reportOf(r enroll.Report) importAnswer {
	answer := importAnswer{Read: r.Read, Imported: r.Imported, Invited: r.Invited, Refused: r.Refused, Lines: []lineAnswer{}}
	for _, line := range r.Lines {
		answer.Lines = append(answer.Lines, lineAnswer{line.Number, line.Message})
	}
	return answer
}

// importUsers reads the whole file before it begins, so that nobody's slow line
// holds an import open.
func (a *API) importUsers(w http.ResponseWriter, r *http.Request, v *front.Visit) error {
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || media != "text/csv" || r.Header.Get("Content-Encoding") != "" {
		return front.ErrContentType.Because("The file must be sent as text/csv.")
	}
	if err := front.MoreTime(w, fileTime); err != nil {
		return err
	}
	text, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxFile))
	if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
		return errLargeFile
	} else if err != nil {
		return ErrBody.Because("The file did not arrive whole.")
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), fileTime)
	defer cancel()
	importer := &enroll.Service{Now: a.Sessions.Now}
	query := queryOf[importQuery](r)
	options := enroll.Options{Check: query.Check, Partial: query.Partial}
	report, err := importer.Import(ctx, a.tenantOfVisit(v), v.Actor, strings.NewReader(string(text)), options, v.Peer)
	if errors.Is(err, enroll.ErrRefused) {
		refused := reportOf(report)
		return with(err, problemAnswer{Report: &refused})
	} else if err != nil {
		return err
	}
	return Write(w, http.StatusOK, reportOf(report))
}

func (a *API) exportUsers(w http.ResponseWriter, r *http.Request, v *front.Visit) error {
	exporter := &enroll.Service{Now: a.Sessions.Now}
	return front.Download(w, r, "users-"+v.Live.Tenant.Slug+".csv", "text/csv; charset=utf-8", func(ctx context.Context, out io.Writer) error {
		_, err := exporter.Export(ctx, a.tenantOfVisit(v), v.Actor, out, false, v.Peer)
		return err
	})
}
