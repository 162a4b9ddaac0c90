package enroll

import (
	"context"
	"errors"
	"io"
	"slices"
	"strconv"
	"time"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/store"
)

// Options say how a file is imported.
type Options struct {
	Partial  bool                    // import what is right although other lines are wrong
	Check    bool                    // look at the lines only: nothing is imported
	Progress func(done, total int64) // may be nil; in bytes, and every byte is read twice unless Partial
}

// Import makes users of the lines of a CSV file with the columns
//
//	email,extension,name,role,password_hash,must_change_password
//
// in any order. Name is compulsory, and so is what people of the tenant's
// style sign in by; role is "user" where it is empty; without a hash a user is
// invited. Nobody sees any of the users before all are there: a file becomes
// users by one last statement, or it leaves nothing behind. Meanwhile others
// sign in; the transactions are small.
//
// The file is read twice: a line that is wrong anywhere keeps the whole file
// out (ErrRefused) before anything is written. With Partial it is read once
// and wrong lines are left out. The report tells of every refused line, also
// beside ErrRefused. Other errors are ErrHeader, ErrText, ErrRunning,
// ErrGivenUp, policy's for those who may not.
func (s *Service) Import(ctx context.Context, t store.Tenant, actor identity.Actor, src io.Reader, o Options, from identity.Peer) (r Report, err error) {
	defer problem.Wrap(&err, "import users")
	if err := policy.Allow(actor, policy.UsersWrite); err != nil {
		return r, err
	}
	tenant, err := t.Get(ctx)
	if err != nil {
		return r, err
	}
	roles, err := t.Roles(ctx)
	if err != nil {
		return r, err
	}
	if err := s.admit(ctx, t); err != nil {
		return r, err
	}
	file, err := openSource(ctx, src)
	if err != nil {
		return r, err
	}
	defer file.close()
	im := &importing{
		service: s, tenant: t, options: o, file: file, id: identity.NewImportID(),
		judge: newJudge(tenant.Style, actor, roles),
		done:  actor.Event(identity.EventImportDone, "", from, time.Time{}),
	}
	err = im.run(ctx)
	slices.SortFunc(im.report.Lines, func(a, b Line) int { return a.Number - b.Number })
	return im.report, err
}

// admit clears away what a dead import has left, and refuses a second one
// beside one that lives: each would find the other's users in its way.
func (s *Service) admit(ctx context.Context, t store.Tenant) error {
	if err := s.dropDead(ctx, t); err != nil {
		return err
	}
	return s.alone(ctx, t)
}

// alone answers ErrRunning while any import is open.
func (s *Service) alone(ctx context.Context, t store.Tenant) error {
	open, err := t.OpenImports(ctx, s.Now().Add(farAhead))
	if err == nil && len(open) > 0 {
		return ErrRunning
	}
	return err
}

// farAhead is later than any node's clock can be.
const farAhead = 365 * 24 * time.Hour

// importing is one import under way.
type importing struct {
	service *Service
	tenant  store.Tenant
	options Options
	file    *source
	id      identity.ImportID
	judge   *judge
	report  Report
	open    bool // it has an entry in the database
	total   int  // lines of the file; 0 where they have not been counted
	added   int
	invited int // of those added
	done    identity.Event
}

func (im *importing) run(ctx context.Context) error {
	if !im.options.Partial || im.options.Check {
		if err := im.pieces(ctx, false, im.check); err != nil || im.options.Check {
			return err
		}
		if im.report.Refused > 0 {
			return im.refused()
		}
		if err := im.file.rewind(); err != nil {
			return err
		}
		im.total, im.report = im.report.Read, Report{}
	}
	err := im.pieces(ctx, true, im.add)
	if err == nil && im.report.Refused > 0 && !im.options.Partial {
		err = im.refused() // somebody changed the file meanwhile
	}
	if err == nil && im.open {
		err = im.finish(ctx)
	}
	if err != nil && im.open {
		return errors.Join(err, im.undo(context.WithoutCancel(ctx)))
	}
	return err
}

func (im *importing) refused() error {
	return ErrRefused.Because("%d of %d lines are wrong, so nothing was imported.", im.report.Refused, im.report.Read)
}

// check looks whether anybody has the addresses and extensions of a piece.
func (im *importing) check(ctx context.Context, p piece) error {
	free, err := im.free(ctx, p.rows)
	for _, r := range free {
		if len(im.report.First) < maxFirst {
			im.report.First = append(im.report.First, r.user.User)
		}
	}
	return err
}

// free refuses the rows whose address or extension somebody has, and returns
// the others.
func (im *importing) free(ctx context.Context, rows []row) (free []row, err error) {
	emails, extensions := make([]string, 0, len(rows)), make([]string, 0, len(rows))
	for _, r := range rows {
		if r.user.Email.Folded != "" {
			emails = append(emails, r.user.Email.Folded)
		}
		if r.user.Extension != "" {
			extensions = append(extensions, r.user.Extension)
		}
	}
	taken, err := im.tenant.Taken(ctx, emails, extensions, im.service.Now())
	if err != nil || len(taken) == 0 {
		return rows, err
	}
	for _, r := range rows {
		if taken[r.user.Email.Folded] {
			r.complain(columnEmail, "Somebody in the tenant has this address already.")
		}
		if taken[r.user.Extension] {
			r.complain(columnExtension, "Somebody in the tenant has this extension already.")
		}
		if len(r.wrong) > 0 {
			im.report.refuse(r.line())
			continue
		}
		free = append(free, r)
	}
	return free, nil
}

// add stores a piece. That an address is taken is found out by the database;
// only then is it asked which.
func (im *importing) add(ctx context.Context, p piece) error {
	const attempts = 3 // who was in the way may be gone when one looks
	for n := 1; len(p.rows) > 0; n++ {
		if err := im.start(ctx); err != nil {
			return err
		}
		err := im.tenant.Tx(ctx, func(tx *store.Tx) error {
			return tx.AddImported(ctx, im.id, p.staged, im.service.Now())
		})
		switch {
		case err == nil:
			im.added += len(p.rows)
			for _, r := range p.rows {
				if !r.user.HasPassword {
					im.invited++
				}
			}
			return nil
		case errors.Is(err, problem.NotFound):
			return ErrGivenUp
		case !errors.Is(err, problem.Exists) || n == attempts:
			return err
		}
		before := len(p.rows)
		if p.rows, err = im.free(ctx, p.rows); err != nil {
			return err
		}
		if len(p.rows) < before && !im.options.Partial {
			return im.refused()
		}
		im.stage(&p)
	}
	return nil
}

// start opens the import with the first users there are.
func (im *importing) start(ctx context.Context) error {
	if im.open {
		return nil
	}
	now := im.service.Now()
	err := im.tenant.Tx(ctx, func(tx *store.Tx) error {
		if err := tx.Lock(ctx); err != nil {
			return err
		}
		if err := im.service.alone(ctx, tx.Tenant); err != nil {
			return err
		}
		return tx.StartImport(ctx, im.id, now)
	})
	im.open = err == nil
	return err
}

// finish makes all users visible.
func (im *importing) finish(ctx context.Context) error {
	now := im.service.Now()
	im.done.At = now
	im.done.Detail["import"] = string(im.id)
	im.done.Detail["imported"] = strconv.Itoa(im.added)
	im.done.Detail["refused"] = strconv.Itoa(im.report.Refused)
	err := im.tenant.Tx(ctx, func(tx *store.Tx) error {
		if err := im.judge.again(ctx, tx); err != nil {
			return err
		}
		if err := tx.FinishImport(ctx, im.id, now); err != nil {
			return err
		}
		return tx.AddEvent(ctx, im.done)
	})
	if errors.Is(err, problem.NotFound) {
		return ErrGivenUp
	}
	if err == nil {
		im.report.Imported, im.report.Invited, im.open = im.added, im.invited, false
	}
	return err
}

// undo takes away what there is of the import. What it cannot take away, Tidy
// will.
func (im *importing) undo(ctx context.Context) error {
	return drop(ctx, im.tenant, im.id, im.service.Now().Add(farAhead))
}
