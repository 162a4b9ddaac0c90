package moving

import (
	"context"
	"errors"
	"io"
	"strconv"
	"time"

	"github.com/vestibule-id/vestibule/internal/audit"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/operator"
	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/secret"
	"github.com/vestibule-id/vestibule/internal/store"
)

// Options say how a tenant is imported.
type Options struct {
	As       string                  // its slug here; empty: as there
	Progress func(done, total int64) // may be nil; in bytes, and every byte is read twice
}

// Imported says what there is now.
type Imported struct {
	Tenant identity.Tenant
	Counts
	Admins int               // that are active; without one nobody in it can look after it
	Was    identity.TenantID // its id there, where it has another here, for that one is taken
	Head   string            // where the trail's chain ended there
	Broken string            // why the trail did not hold there; empty: it did
}

// Import makes a tenant of what Export wrote. The file is read twice: to its
// end, so that one that was changed, cut off or is none leaves nothing behind,
// and again to add its rows in small pieces, while others sign in. Nobody finds
// the tenant before all of it is there; one last transaction shows it. The
// tenant keeps its id and those of all that is in it, unless its own is taken
// here. Errors are the archive's, ErrContent, ErrNewer, operator.ErrSlugTaken,
// identity's about slugs and store.ErrMoveOver.
func (s *Service) Import(ctx context.Context, src io.ReadSeeker, passphrase secret.Password, o Options) (in Imported, err error) {
	defer problem.Wrap(&err, "import tenant")
	if err := s.Operator.TidyMoves(ctx); err != nil { // what a killed import left
		return in, err
	}
	begin, size, err := measure(src)
	if err != nil {
		return in, err
	}
	im := &importing{service: s, passphrase: passphrase, src: src, begin: begin, size: size, progress: o.Progress}
	h, err := im.check()
	if err != nil {
		return in, err
	}
	t := identity.Tenant{ID: h.Tenant.ID, Slug: h.Tenant.Slug, Name: h.Tenant.Name, Style: h.Tenant.Style,
		Status: h.Tenant.Status, Policy: h.Tenant.Policy, CreatedAt: h.Tenant.CreatedAt}
	if o.As != "" {
		if t.Slug, err = identity.ParseSlug(o.As); err != nil {
			return in, err
		}
	}
	if _, err := s.Store.TenantBySlug(ctx, t.Slug); err == nil {
		return in, taken(t.Slug)
	} else if !errors.Is(err, problem.NotFound) {
		return in, err
	}
	in.Tenant, in.Head, in.Broken = t, h.Chain.Head, h.Chain.Broken
	if in.Was, err = im.enter(ctx, &in.Tenant); err != nil {
		return in, err
	}
	if err = im.add(ctx, &in); err != nil {
		return in, errors.Join(err, s.Operator.GiveUpImport(context.WithoutCancel(ctx), in.Tenant.ID))
	}
	return in, nil
}

func taken(slug string) error {
	return operator.ErrSlugTaken.Because("There is a tenant with the slug %q already. Give the imported one another with --as.", slug)
}

// measure says where a file begins, and how many bytes there are.
func measure(src io.Seeker) (begin, size int64, err error) {
	begin, err = src.Seek(0, io.SeekCurrent)
	if err != nil {
		return 0, 0, err
	}
	end, err := src.Seek(0, io.SeekEnd)
	return begin, end - begin, err
}

// importing is one import under way.
type importing struct {
	service     *Service
	passphrase  secret.Password
	src         io.ReadSeeker
	begin, size int64
	progress    func(done, total int64)

	tenant store.Tenant
	trail  *audit.Successor
}

// open begins to read the file, for the first time or the second.
func (im *importing) open(before int64) (*reading, header, error) {
	if _, err := im.src.Seek(im.begin, io.SeekStart); err != nil {
		return nil, header{}, err
	}
	return open(im.src, im.passphrase, func(read int64) {
		if im.progress != nil {
			im.progress(before+min(read, im.size), 2*im.size)
		}
	})
}

// Check reads a file to its end, as Import does first, and leaves it where it
// was: before a database is made for it. Errors are the archive's, ErrContent,
// ErrNewer and identity's about slugs.
func Check(src io.ReadSeeker, passphrase secret.Password, o Options) (err error) {
	defer problem.Wrap(&err, "check what is imported")
	if o.As != "" {
		if _, err := identity.ParseSlug(o.As); err != nil {
			return err
		}
	}
	begin, size, err := measure(src)
	if err != nil {
		return err
	}
	if _, err := (&importing{passphrase: passphrase, src: src, begin: begin, size: size}).check(); err != nil {
		return err
	}
	_, err = src.Seek(begin, io.SeekStart)
	return err
}

// check reads the file to its end.
func (im *importing) check() (h header, err error) {
	r, h, err := im.open(0)
	if err != nil {
		return h, err
	}
	return h, r.rows(func(store.Sheet, [][]any) error { return nil })
}

// enter makes the tenant, which nobody finds yet; was is the id it would have
// had if nobody else had it.
func (im *importing) enter(ctx context.Context, t *identity.Tenant) (was identity.TenantID, err error) {
	try := func() error {
		im.tenant = im.service.Store.Tenant(t.ID)
		return im.tenant.Tx(ctx, func(tx *store.Tx) error { return tx.Enter(ctx, *t, im.service.Now()) })
	}
	err = try()
	if errors.Is(err, problem.Exists) {
		was, t.ID = t.ID, identity.NewTenantID()
		err = try()
	}
	return was, err
}

// add reads the file again, adds what is in it, and shows the tenant.
func (im *importing) add(ctx context.Context, in *Imported) error {
	r, h, err := im.open(im.size)
	if err != nil {
		return err
	}
	im.trail = audit.Succeed(im.tenant, h.Chain.BasePlace, h.Chain.BaseMAC)
	err = r.rows(func(sheet store.Sheet, rows [][]any) error {
		err := im.piece(ctx, sheet, rows)
		switch {
		case errors.Is(err, problem.Exists):
			err = ErrContent.Because("Somebody, or something, is in the file twice (%s).", sheet.Name)
		case errors.Is(err, problem.NotFound):
			err = ErrContent.Because("Something in the file belongs to nobody there (%s).", sheet.Name)
		}
		return err
	})
	if err != nil {
		return err
	}
	in.Counts, in.Admins = r.counts, r.checked.admins
	return im.arrive(ctx, in, h)
}

func (im *importing) piece(ctx context.Context, sheet store.Sheet, rows [][]any) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	now := im.service.Now()
	if sheet.Name == eventSheet.Name {
		lines := make([]store.ChainLine, len(rows))
		for i, row := range rows {
			lines[i] = lineOf(row)
			im.trail.Place(&lines[i])
		}
		return im.tenant.Tx(ctx, func(tx *store.Tx) error { return tx.CarryEventsIn(ctx, lines, now) })
	}
	packed := im.tenant.Pack(sheet, rows)
	return im.tenant.Tx(ctx, func(tx *store.Tx) error { return tx.CarryIn(ctx, packed, now) })
}

// arrive shows the tenant with all it has.
func (im *importing) arrive(ctx context.Context, in *Imported, h header) error {
	told := event(identity.EventTenantImported, im.service.Now(), map[string]string{
		"slug": h.Tenant.Slug, "tenant": string(h.Tenant.ID), "head": h.Chain.Head, "users": strconv.Itoa(in.Users)})
	if h.Chain.Broken != "" {
		told.Detail["broken"] = h.Chain.Broken
	}
	err := im.tenant.Tx(ctx, func(tx *store.Tx) error {
		if head := im.trail.Head(); head.Place > 0 {
			if err := tx.CarryHeadIn(ctx, head); err != nil {
				return err
			}
		}
		if err := tx.AddEvent(ctx, told); err != nil {
			return err
		}
		return tx.Arrive(ctx, in.Tenant.Slug, in.Tenant.Style)
	})
	if errors.Is(err, problem.Exists) {
		return taken(in.Tenant.Slug)
	}
	return err
}

// lineOf is the way back from rowOf.
func lineOf(row []any) (l store.ChainLine) {
	f := fields{eventSheet, row}
	e := &l.Event
	e.ID, e.Kind, e.Result = identity.EventID(f.text("id")), f.text("kind"), f.text("result")
	e.User, e.Actor = identity.UserID(f.text("user_id")), identity.UserID(f.text("actor_id"))
	e.Session = identity.SessionID(f.text("session_id"))
	e.Peer = identity.Peer{Address: f.text("address"), UserAgent: f.text("user_agent"), RequestID: f.text("request_id")}
	l.Detail, l.Personal = f.text("detail"), f.bytes("personal")
	if at := f.number("at"); at != 0 {
		e.At = time.UnixMicro(at).UTC()
	}
	return l
}
