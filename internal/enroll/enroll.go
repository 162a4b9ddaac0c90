// Package enroll brings people into a tenant: here many at once, from files
// that other systems wrote, and out again into such files.
//
// It knows which lines of a file make users and which do not, and what anybody
// sees while a long import runs. It does not know how the file arrived, nor
// how users are stored.
//
//	file ──► lines ──► records ──► rows ──► pieces ──► one last statement
//	         bounded   CSV         judged   invisible  all visible
package enroll

import (
	"time"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/problem"
)

// Service holds what the use cases of this package need.
type Service struct {
	Now func() time.Time
}

// What can keep a file from being imported.
var (
	ErrHeader  = problem.New(problem.Invalid, "import_header", "The first line does not name the columns of an import.")
	ErrText    = problem.New(problem.Invalid, "import_not_utf8", "The file is not text in UTF-8. Save it as “CSV UTF-8” and try again.")
	ErrRefused = problem.New(problem.Invalid, "import_refused", "Some lines are wrong, so nothing was imported.")
	ErrRunning = problem.New(problem.Conflict, "import_running", "Another import into this organization is under way. (One that was killed counts as running for two minutes.)")
	ErrGivenUp = problem.New(problem.Conflict, "import_given_up", "The import stood still for so long that it was taken for dead and undone. Nothing was imported.")
)

// The columns of a file, in the order an export writes them.
const (
	columnEmail = iota
	columnExtension
	columnName
	columnRole
	columnHash
	columnMustChange
	columnCount
)

var columnNames = [columnCount]string{"email", "extension", "name", "role", "password_hash", "must_change_password"}

// A Report tells what became of a file.
type Report struct {
	Read     int    // lines that are to be users
	Imported int    // users there are now
	Invited  int    // of those, users without a password
	Refused  int    // lines that are none; those cut off unread count as one
	Lines    []Line // the first maxLines of the refused ones, by number

	First []identity.User // of a Check: the first maxFirst who would be imported
}

// A Line is why one line was refused. Number is counted as an editor does;
// where a quoted field goes over several lines, it is the first. Message is
// one or more sentences that name the column and never the value.
type Line struct {
	Number  int
	Message string
}

// maxLines bounds what a file of nothing but wrong lines can make us keep.
const maxLines = 1000

// maxFirst is how many users a look at a file shows.
const maxFirst = 10
