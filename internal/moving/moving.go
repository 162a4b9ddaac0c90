// Package moving carries a tenant from one installation to another, whichever
// database either has.
//
//	Export: snapshot ──► lines of JSON ──► archive, sealed with a passphrase
//	Import: archive ──► checked to its end ──► read again ──► pieces, which
//	        nobody sees ──► a slug: all of it is there at once
//
// The archive holds what the tenant is: settings, logo, roles, users with their
// password hashes, invitations and the trail. It does not hold what belongs to
// the installation: sessions, the limiter's book, known browsers, letters, links
// that were mailed, keys. What rests sealed is opened on the way out, and sealed
// on the way in under the other installation's keys; the trail's chain is made
// anew there, event by event.
//
// The package knows what stands in the file. How rows are read and written,
// package store knows; who may ask for it, the caller.
package moving

import (
	"time"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/operator"
	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/store"
)

// Service holds what the use cases of this package need.
type Service struct {
	Store    *store.Store
	Now      func() time.Time
	Operator *operator.Service // finds tenants, and removes what a broken import leaves
}

// What can be wrong with a move, beside the archive's problems, the operator's
// and store.ErrMoveOver.
var (
	ErrContent = problem.New(problem.Invalid, "export_content", "The file holds something that cannot be imported.")
	ErrNewer   = problem.New(problem.Invalid, "export_newer", "The file was written by a newer version. Bring this installation up to date first.")
	ErrExists  = problem.New(problem.Conflict, "export_exists", "The file is there already; an export overwrites nothing.")
)

// piece is how many rows are read, or added in one transaction, at a time: a
// few hundredths of a second of the embedded database's writer.
const piece = 400

// pieceBytes is how much of the file makes a piece, even where it is of fewer
// rows.
const pieceBytes = 1 << 20

// format is the version of what stands in the file. It grows when an older
// version would misunderstand a newer file.
const format = 1

// A header is the first line of an export.
type header struct {
	Format    int        `json:"format"`
	WrittenAt time.Time  `json:"written_at"`
	Tenant    tenantLine `json:"tenant"`
	Chain     chainLine  `json:"chain"`
}

type tenantLine struct {
	ID        identity.TenantID     `json:"id"`
	Slug      string                `json:"slug"`
	Name      string                `json:"name"`
	Style     identity.Style        `json:"style"`
	Status    identity.TenantStatus `json:"status"`
	Policy    identity.Policy       `json:"policy"`
	CreatedAt time.Time             `json:"created_at"`
}

// A chainLine says where the trail's chain ended and began there.
type chainLine struct {
	Head      string `json:"head"` // as audit.Head is noted
	Broken    string `json:"broken,omitempty"`
	BasePlace int64  `json:"base_place"`
	BaseMAC   []byte `json:"base_mac"`
}

// A sheetLine comes before the rows of a sheet.
type sheetLine struct {
	Sheet   string   `json:"sheet"`
	Columns []string `json:"columns"`
}

// An endLine is the last line.
type endLine struct {
	End Counts `json:"end"`
}

// Counts are how many there are of what people ask for.
type Counts struct {
	Users       int `json:"users"`
	Invitations int `json:"invitations"` // that are open
	Events      int `json:"events"`
	Rows        int `json:"rows"` // of all sheets
}

// eventSheet is how the trail stands in the file: in the order of its chain.
// What stands for erased personal parts in the chain is in the last column.
var eventSheet = store.Sheet{
	Name:    "events",
	Columns: []string{"id", "kind", "result", "user_id", "actor_id", "session_id", "address", "user_agent", "request_id", "detail", "at", "personal"},
	Kinds: []store.ColumnKind{store.TextColumn, store.TextColumn, store.TextColumn, store.TextColumn, store.TextColumn, store.TextColumn,
		store.TextColumn, store.TextColumn, store.TextColumn, store.TextColumn, store.TimeColumn, store.BytesColumn},
}

// sheets are all that may stand in a file, in their order.
func sheets() []store.Sheet { return append(store.Sheets(), eventSheet) }

func event(kind string, now time.Time, detail map[string]string) identity.Event {
	detail["by"] = "operator"
	return identity.Event{Kind: kind, Result: identity.EventOK, Detail: detail, At: now}
}
