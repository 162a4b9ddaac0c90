package enroll

import (
	"context"
	"errors"
	"io"
	"strings"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/secret"
	"github.com/vestibule-id/vestibule/internal/store"
)

// A piece is as much of a file as is stored in one transaction.
type piece struct {
	first  int          // how many rows there are in the pieces before
	rows   []row        // the right ones
	staged store.Staged // the same, where they are to be stored
	wrong  []Line
	read   int   // lines
	done   int64 // bytes of the file read so far
}

// pieces reads the file and hands it to use, piece by piece. The next piece is
// read while one is used. It returns when nobody reads the file any more.
func (im *importing) pieces(ctx context.Context, stage bool, use func(context.Context, piece) error) (err error) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	handed, ended := make(chan piece, 1), make(chan error, 1)
	go func() {
		defer close(handed)
		ended <- im.read(ctx, stage, handed)
	}()
	for p := range handed {
		if err != nil {
			continue // until the reader has noticed
		}
		im.report.Read += p.read
		for _, line := range p.wrong {
			im.report.refuse(line)
		}
		if err = use(ctx, p); err != nil {
			stop()
		}
		im.progress(p.done)
	}
	if err != nil {
		return err
	}
	return <-ended
}

func (im *importing) progress(done int64) {
	if im.options.Progress == nil {
		return
	}
	total := im.file.total
	if !im.options.Partial {
		total *= 2
	}
	im.options.Progress(min(done, total), total)
}

// read is the reading side of pieces.
func (im *importing) read(ctx context.Context, stage bool, hand chan<- piece) error {
	p := piece{}
	records, err := openRecords(im.file, func(line Line) {
		p.wrong = append(p.wrong, line)
		p.read++
	})
	if err != nil {
		return err
	}
	if err := im.judge.columnsFor(records); err != nil {
		return err
	}
	for ended := false; !ended; {
		record, number, err := records.next()
		if ended = errors.Is(err, io.EOF); err != nil && !ended {
			return err
		}
		if record != nil {
			p.take(im.judge.judge(records, record, number))
		}
		if !ended && len(p.rows) < store.ImportPiece && len(p.wrong) < store.ImportPiece {
			continue
		}
		if stage {
			im.stage(&p)
		}
		p.done = im.file.done
		select {
		case hand <- p:
			p = piece{first: p.first + len(p.rows)}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

func (p *piece) take(r row) {
	p.read++
	if len(r.wrong) > 0 {
		p.wrong = append(p.wrong, r.line())
		return
	}
	p.rows = append(p.rows, r)
}

// stage gives users their ids and seals their hashes, outside of any
// transaction.
func (im *importing) stage(p *piece) {
	now := im.service.Now()
	users := make([]store.UserHash, len(p.rows))
	for i, r := range p.rows {
		users[i] = r.user
		users[i].ID, users[i].CreatedAt = identity.NewUserID(), now
		if place := p.first + i; place < im.total {
			users[i].Lot = secret.NewLotIn(place, im.total)
		}
	}
	p.staged = im.tenant.Stage(im.id, users)
}

func (r *row) line() Line { return Line{r.number, strings.Join(r.wrong, " ")} }

func (r *Report) refuse(line Line) {
	r.Refused++
	if len(r.Lines) < maxLines {
		r.Lines = append(r.Lines, line)
	}
}
