package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

const (
	figureFirstPage = "list of 100,000 users, first page"
	figureLastPage  = "list of 100,000 users, last page"
)

const (
	fewListed   = 1000 // users of the small tenant
	pagesAround = 40   // of each kind, in each round
)

// measureUsers reads the list of users of a large and of a small tenant, by
// name, as its administrator: one page at a time, in turns.
func measureUsers(ctx context.Context, b *bench, db *database) error {
	big, err := b.listOf(ctx, db, b.listed)
	if err != nil {
		return err
	}
	defer big.close()
	few, err := b.listOf(ctx, db, fewListed)
	if err != nil {
		return err
	}
	defer few.close()
	var small, first, last []float64
	for range b.rounds {
		if err := errors.Join(few.read("", &small), big.read("", &first), big.read(big.last, &last), ctx.Err()); err != nil {
			return err
		}
	}
	b.table.add(db, line{
		Figure: figureFirstPage, Measured: median(first), Unit: "ms", Limit: median(small), Ratio: median(first) / median(small), AtMost: 1.5,
		Note: fmt.Sprintf("50 of %d users by name; the limit is the first page of %d users; medians of %d pages each.", b.listed, fewListed, len(first)),
	})
	b.table.add(db, line{
		Figure: figureLastPage, Measured: median(last), Unit: "ms", Limit: median(first), Ratio: median(last) / median(first), AtMost: 1.5,
		Note: "the last 50; the limit is the first page.",
	})
	return nil
}

// A listOf is a server over a tenant whose list its administrator reads.
type listOf struct {
	server *server
	client *client
	token  string
	last   string // the cursor of the last page
}

func (b *bench) listOf(ctx context.Context, db *database, users int) (o *listOf, err error) {
	address, err := b.filled(ctx, db, 1, users)
	if err != nil {
		return nil, err
	}
	o = &listOf{}
	if o.server, err = b.serve(ctx, address, db.keyFile, "--password-hash", cheapParams.String()); err != nil {
		return nil, err
	}
	if o.client, err = dial(o.server.address); err == nil {
		err = o.enter(users)
	}
	if err != nil {
		o.server.stop()
		return nil, err
	}
	return o, nil
}

func (o *listOf) close() {
	o.client.conn.Close()
	o.server.stop()
}

// enter signs the administrator in and walks to the last page.
func (o *listOf) enter(users int) error {
	o.client.patience(time.Minute)
	a, err := o.client.do(signIn(slugOf(0), 0))
	if err != nil {
		return err
	}
	g, err := readGrant(a.body)
	if err != nil {
		return err
	}
	o.token = g.AccessToken
	for users > 50 {
		page, err := o.page(fmt.Sprintf("limit=%d&cursor=%s", min(200, users-50), o.last))
		if err != nil {
			return err
		}
		o.last, users = page.NextCursor, users-len(page.Items)
	}
	return nil
}

type usersPage struct {
	Items      []json.RawMessage `json:"items"`
	NextCursor string            `json:"next_cursor"`
}

func (o *listOf) page(query string) (p usersPage, err error) {
	a, err := o.client.do(request("GET", "/api/v1/users?sort=name&"+query, nil, "Authorization: Bearer "+o.token))
	if err == nil {
		err = wantStatus(a, 200)
	}
	if err != nil {
		return p, err
	}
	return p, json.Unmarshal(a.body, &p)
}

// read times pages of fifty behind a cursor, in milliseconds.
func (o *listOf) read(cursor string, took *[]float64) error {
	o.client.patience(time.Minute)
	for range pagesAround {
		began := time.Now()
		page, err := o.page("limit=50&cursor=" + cursor)
		if err != nil {
			return err
		}
		*took = append(*took, time.Since(began).Seconds()*1000)
		if len(page.Items) != 50 {
			return fmt.Errorf("a page has %d users", len(page.Items))
		}
	}
	return nil
}
