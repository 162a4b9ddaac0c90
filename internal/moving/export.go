package moving

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/vestibule-id/vestibule/internal/audit"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/operator"
	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/secret"
	"github.com/vestibule-id/vestibule/internal/store"
)

// Exported says what is in a file.
type Exported struct {
	Tenant identity.Tenant
	Counts
	Head   string // where the trail's chain ended; beside the file, a proof of it
	Broken string // why the trail did not hold; empty: it did
}

// ExportFile is Export into a new file at path, which only its owner may read.
// It is there when it is whole, or not at all. Errors are Export's, ErrExists
// and operator.ErrNoFolder.
func (s *Service) ExportFile(ctx context.Context, slug, path string, passphrase secret.Password, progress func(done, total int64)) (out Exported, err error) {
	defer problem.Wrap(&err, "export into a file")
	folder := filepath.Dir(path)
	if info, err := os.Stat(folder); err != nil || !info.IsDir() {
		return out, operator.ErrNoFolder.Because("There is no folder %s; make it first.", folder)
	}
	if _, err := os.Lstat(path); err == nil {
		return out, ErrExists.Because("%s is there already; an export overwrites nothing.", path)
	}
	part, err := os.CreateTemp(folder, ".vestibule-export-*") // mode 0600
	if err != nil {
		return out, err
	}
	defer os.Remove(part.Name())
	out, err = s.Export(ctx, slug, part, passphrase, progress)
	if err == nil {
		err = part.Sync()
	}
	if err = errors.Join(err, part.Close()); err != nil {
		return out, err
	}
	err = os.Link(part.Name(), path) // unlike rename it replaces nothing
	if errors.Is(err, os.ErrExist) {
		err = ErrExists.Because("%s is there already; an export overwrites nothing.", path)
	}
	return out, err
}

// Export writes a tenant as it stands at one moment, while its people go on;
// what they change from then on is not in it. progress may be nil. The export
// leaves an event, also one that broke off. Errors are operator.ErrNoTenant,
// identity's, ErrPassphrase and w's.
func (s *Service) Export(ctx context.Context, slug string, w io.Writer, passphrase secret.Password, progress func(done, total int64)) (out Exported, err error) {
	defer problem.Wrap(&err, "export tenant")
	found, err := s.Operator.Tenant(ctx, slug)
	if err != nil {
		return out, err
	}
	archive, err := sealArchive(w, passphrase)
	if err != nil {
		return out, err
	}
	t := s.Store.Tenant(found.ID)
	if err := (&audit.Sealer{Store: s.Store}).SealTenant(ctx, t); err != nil {
		return out, err
	}
	err = t.Snapshot(ctx, func(t store.Tenant) error {
		e := &exporting{t: t, lines: json.NewEncoder(archive), progress: progress}
		e.lines.SetEscapeHTML(false)
		err := e.run(ctx, s.Now())
		out = e.out
		return err
	})
	if err == nil {
		err = archive.Close()
	}
	told := event(identity.EventTenantExported, s.Now(), map[string]string{
		"users": strconv.Itoa(out.Users), "events": strconv.Itoa(out.Events), "head": out.Head})
	if err != nil {
		told.Result = "failed"
	}
	ctx = context.WithoutCancel(ctx) // what has left the house is told of
	return out, errors.Join(err, t.Tx(ctx, func(tx *store.Tx) error { return tx.AddEvent(ctx, told) }))
}

// exporting is one export under way.
type exporting struct {
	t        store.Tenant // as it stood at one moment
	lines    *json.Encoder
	progress func(done, total int64)
	total    int64
	out      Exported
}

func (e *exporting) run(ctx context.Context, now time.Time) (err error) {
	if err := e.header(ctx, now); err != nil {
		return err
	}
	for _, sheet := range store.Sheets() {
		if err := e.sheet(ctx, sheet); err != nil {
			return err
		}
	}
	if err := e.trail(ctx); err != nil {
		return err
	}
	return e.lines.Encode(endLine{e.out.Counts})
}

// header also checks the trail: what does not hold there is said, for over
// there it will get a chain that does.
func (e *exporting) header(ctx context.Context, now time.Time) error {
	t, err := e.t.Get(ctx)
	if err != nil {
		return err
	}
	head, err := e.t.ChainHead(ctx)
	if err != nil {
		return err
	}
	users, err := e.t.CountUsers(ctx, now)
	if err != nil {
		return err
	}
	report, err := (&audit.Service{}).Verify(ctx, e.t)
	if err != nil {
		return err
	}
	if b := report.Break; b != nil {
		e.out.Broken = fmt.Sprintf("place %d: %s", b.Place, b.Why)
	}
	e.out.Tenant, e.out.Head = t, report.Head.String()
	e.total = users.Active + users.Invited + users.Deactivated + head.Place - head.BasePlace
	return e.lines.Encode(header{
		Format: format, WrittenAt: now.UTC(),
		Tenant: tenantLine{t.ID, t.Slug, t.Name, t.Style, t.Status, t.Policy, t.CreatedAt},
		Chain:  chainLine{Head: e.out.Head, Broken: e.out.Broken, BasePlace: head.BasePlace, BaseMAC: head.BaseMAC},
	})
}

func (e *exporting) sheet(ctx context.Context, sheet store.Sheet) error {
	if err := e.lines.Encode(sheetLine{sheet.Name, sheet.Columns}); err != nil {
		return err
	}
	for after := ""; ; {
		rows, err := e.t.CarryOut(ctx, sheet, after, piece)
		if err != nil {
			return err
		}
		for _, row := range rows {
			if err := e.lines.Encode(row); err != nil {
				return err
			}
			e.out.count(sheet, row)
			after = row[0].(string)
		}
		e.tell()
		if len(rows) < piece {
			return nil
		}
	}
}

func (c *Counts) count(sheet store.Sheet, row []any) {
	c.Rows++
	switch sheet.Name {
	case "users":
		c.Users++
	case "events":
		c.Events++
	case "invitations":
		if row[sheet.At("accepted_at")] == int64(0) && row[sheet.At("revoked_at")] == int64(0) {
			c.Invitations++
		}
	}
}

func (e *exporting) tell() {
	if e.progress != nil {
		e.progress(min(int64(e.out.Users+e.out.Events), e.total), e.total)
	}
}

// trail writes the events in the order of their places, and then those that
// came in the moment before.
func (e *exporting) trail(ctx context.Context) error {
	if err := e.lines.Encode(sheetLine{eventSheet.Name, eventSheet.Columns}); err != nil {
		return err
	}
	head, err := e.t.ChainHead(ctx)
	if err != nil {
		return err
	}
	for after := head.BasePlace; ; {
		lines, err := e.t.ChainLines(ctx, after, piece)
		if err != nil {
			return err
		}
		if len(lines) == 0 {
			break
		}
		if err := e.events(lines); err != nil {
			return err
		}
		after = lines[len(lines)-1].Place
	}
	const most = 100_000
	lines, err := e.t.UnsealedEvents(ctx, most)
	if err == nil && len(lines) == most {
		err = errors.New("too many events wait for their place in the trail")
	}
	if err != nil {
		return err
	}
	return e.events(lines)
}

func (e *exporting) events(lines []store.ChainLine) error {
	for _, l := range lines {
		if l.Event.ID == "" {
			continue // the trail does not hold, and the header says so
		}
		if l.Event.Peer.Address != "" || l.Event.Peer.UserAgent != "" || l.Detail != nothing {
			l.Personal = nil // the same
		}
		row := rowOf(l)
		if err := e.lines.Encode(row); err != nil {
			return err
		}
		e.out.count(eventSheet, row)
	}
	e.tell()
	return nil
}

// nothing is the detail of an event whose personal parts were erased.
const nothing = "{}"

func rowOf(l store.ChainLine) []any {
	v := l.Event
	personal, at := l.Personal, int64(0)
	if personal == nil {
		personal = []byte{}
	}
	if !v.At.IsZero() {
		at = v.At.UnixMicro()
	}
	return []any{string(v.ID), v.Kind, v.Result, string(v.User), string(v.Actor), string(v.Session),
		v.Peer.Address, v.Peer.UserAgent, v.Peer.RequestID, l.Detail, at, personal}
}
