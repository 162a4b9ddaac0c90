package audit

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"io"
	"strconv"
	"time"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/store"
)

// The formats of an export.
const (
	CSV       = "csv"
	JSONLines = "jsonl"
)

// ErrFormat refuses a format there is not.
var ErrFormat = problem.New(problem.Invalid, "unknown_format", "The formats are csv and jsonl.")

// exportPage is how many events are held at a time.
const exportPage = 500

// An Entry is an event as it is exported, in JSON lines and by the API.
type Entry struct {
	ID        string            `json:"id"`
	At        time.Time         `json:"at"`
	Kind      string            `json:"kind"`
	Result    string            `json:"result" doc:"ok, or the code of a problem."`
	User      string            `json:"user_id" doc:"On whom; may be empty."`
	UserName  string            `json:"user_name" doc:"What they are called now."`
	Actor     string            `json:"actor_id" doc:"By whom; empty when nobody was signed in or an operator acted."`
	ActorName string            `json:"actor_name"`
	Session   string            `json:"session_id"`
	Address   string            `json:"address"`
	UserAgent string            `json:"user_agent"`
	RequestID string            `json:"request_id"`
	Detail    map[string]string `json:"detail"`
}

// EntryOf is how an event is exported.
func EntryOf(e store.TrailEvent) Entry {
	detail := e.Detail
	if detail == nil {
		detail = map[string]string{}
	}
	return Entry{ID: string(e.ID), At: e.At, Kind: e.Kind, Result: e.Result, User: string(e.User), UserName: e.UserName,
		Actor: string(e.Actor), ActorName: e.ActorName, Session: string(e.Session),
		Address: e.Peer.Address, UserAgent: e.Peer.UserAgent, RequestID: e.Peer.RequestID, Detail: detail}
}

var columns = []string{"id", "at", "kind", "result", "user_id", "user_name", "actor_id", "actor_name", "session_id", "address", "user_agent", "request_id", "detail"}

// A Wanted is what somebody wants to have of the trail.
type Wanted struct {
	Filter Filter
	Format string
}

// File is the media type and the name of the file.
func (w Wanted) File() (media, name string) {
	if w.Format == JSONLines {
		return "application/jsonl; charset=utf-8", "audit-events.jsonl"
	}
	return "text/csv; charset=utf-8; header=present", "audit-events.csv"
}

// Export writes the events of a tenant that fit, the newest first, and says how
// many. Cells of CSV that a spreadsheet would take for formulas have an
// apostrophe before them. Every export leaves an event, also one that broke
// off. Errors are policy's, ErrFilter and ErrFormat; then nothing was written.
func (s *Service) Export(ctx context.Context, t store.Tenant, actor identity.Actor, wanted Wanted, out io.Writer, from identity.Peer) (n int, err error) {
	defer problem.Wrap(&err, "export events")
	if err := policy.Allow(actor, policy.AuditExport); err != nil {
		return 0, err
	}
	if wanted.Format != CSV && wanted.Format != JSONLines {
		return 0, ErrFormat
	}
	q, err := wanted.Filter.query()
	if err != nil {
		return 0, err
	}
	write, finish := writerOf(wanted.Format, out)
	n, err = s.write(ctx, t, q, write)
	if ferr := finish(); err == nil {
		err = ferr
	}
	e := actor.Event(identity.EventAuditExported, "", from, s.Now())
	if err != nil {
		e.Result = "failed"
	}
	e.Detail["format"], e.Detail["events"] = wanted.Format, strconv.Itoa(n)
	for name, value := range map[string]string{"kind": wanted.Filter.Kind, "result": wanted.Filter.Result, "user": wanted.Filter.User, "from": wanted.Filter.From, "to": wanted.Filter.To} {
		if value != "" {
			e.Detail[name] = value
		}
	}
	ctx = context.WithoutCancel(ctx) // what has left the house is told of
	if terr := t.Tx(ctx, func(tx *store.Tx) error { return tx.AddEvent(ctx, e) }); err == nil {
		err = terr
	}
	return n, err
}

func (s *Service) write(ctx context.Context, t store.Tenant, q store.EventQuery, write func(Entry) error) (n int, err error) {
	for q.Limit = exportPage; ; {
		list, err := t.FindEvents(ctx, q)
		if err != nil {
			return n, err
		}
		for _, e := range list {
			if err := write(EntryOf(e)); err != nil {
				return n, err
			}
			q.Before, n = e.ID, n+1
		}
		if len(list) < exportPage {
			return n, nil
		}
	}
}

// writerOf is what writes a line, and what writes the rest in the end.
func writerOf(format string, out io.Writer) (write func(Entry) error, finish func() error) {
	if format == JSONLines {
		lines := json.NewEncoder(out)
		lines.SetEscapeHTML(false)
		return func(l Entry) error { return lines.Encode(l) }, func() error { return nil }
	}
	rows := csv.NewWriter(out)
	head := rows.Write(columns)
	return func(l Entry) error {
			if head != nil {
				return head
			}
			detail, err := json.Marshal(l.Detail)
			if err != nil {
				return err
			}
			cells := []string{l.ID, l.At.Format(time.RFC3339Nano), l.Kind, l.Result, l.User, l.UserName, l.Actor, l.ActorName,
				l.Session, l.Address, l.UserAgent, l.RequestID, string(detail)}
			for i := range cells {
				cells[i] = identity.GuardCell(cells[i])
			}
			return rows.Write(cells)
		}, func() error {
			rows.Flush()
			return rows.Error()
		}
}
