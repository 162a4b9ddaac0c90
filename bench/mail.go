package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/emersion/go-smtp"
)

const (
	figureForgot  = "forgot requests"
	figureLetters = "mails delivered"
)

// lettersTime is how long the letters may take at most.
const lettersTime = 2 * time.Minute

// measureMail measures how fast people who have forgotten their passwords are
// answered, and how fast their letters reach a mail server: this process,
// which takes everything.
func measureMail(ctx context.Context, b *bench, db *database) error {
	people := 4 * housePeers
	if b.quick {
		people = housePeers
	}
	address, err := b.house(ctx, db, people)
	if err != nil {
		return err
	}
	post, err := openPost()
	if err != nil {
		return err
	}
	defer post.server.Close()
	s, err := b.serve(ctx, address, db.keyFile, "--mail", "smtp://"+post.address)
	if err != nil {
		return err
	}
	defer s.stop()
	l := &load{bench: b, db: db, server: s}
	for _, part := range []func() error{func() error { return l.letters(ctx, post, people) }, func() error { return l.forgot(ctx, people) }} {
		if err := part(); err != nil {
			return fmt.Errorf("%w\nThe server said: %s", err, s.said())
		}
	}
	return nil
}

// letters: everybody has forgotten the password at once. The time ends with
// the last letter.
func (l *load) letters(ctx context.Context, post *post, people int) error {
	conns, err := dialMany(l.server.address, clients)
	if err != nil {
		return err
	}
	defer closeAll(conns)
	began := time.Now()
	var asking errgroup
	for _, c := range conns {
		c.patience(lettersTime)
		asking.run(func() error {
			for user := int(l.next.Add(1) - 1); user < people; user = int(l.next.Add(1) - 1) {
				if err := forgotten(c, user); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err := asking.wait(); err != nil {
		return err
	}
	asked := time.Since(began)
	for post.taken.Load() < int64(people) {
		if time.Since(began) > lettersTime || ctx.Err() != nil {
			return fmt.Errorf("%d of %d letters have come", post.taken.Load(), people)
		}
		time.Sleep(time.Millisecond)
	}
	took := time.Since(began)
	l.table.add(l.db, line{
		Figure: figureLetters, Measured: float64(people) / took.Seconds(), Unit: "/s", AtLeast: 50,
		Note: fmt.Sprintf("%d people ask by %d clients in %s; the last letter is with the mail server after %s.",
			people, clients, asked.Round(time.Millisecond), took.Round(time.Millisecond)),
	})
	return nil
}

// forgot: people who are not known here, each from an address of their own.
// They cost as much as others, and get no letters.
func (l *load) forgot(ctx context.Context, people int) error {
	l.next.Store(int64(people))
	got, err := l.besideCommits(ctx, func(c *client, _ int) error { return forgotten(c, int(l.next.Add(1))) })
	if err != nil {
		return err
	}
	l.table.add(l.db, line{
		Figure: figureForgot, Measured: got.measured, Unit: "/s", Limit: got.limit, Ratio: got.ratio, AtLeast: 0.1,
		Note: fmt.Sprintf("%d clients; a request is two commits and two more by the worker, which handles it meanwhile; the limit is updates of one row each. %s", clients, got.cost),
	})
	return nil
}

// forgotten asks for a reset link as one user.
func forgotten(c *client, user int) error {
	body, err := json.Marshal(map[string]string{"tenant": houseSlug, "email": email(user)})
	if err != nil {
		return err
	}
	a, err := c.do(request("POST", "/api/v1/password-resets", body, from(user)))
	if err == nil && a.status != 202 {
		err = fmt.Errorf("asking for a link was answered %d: %s", a.status, a.body)
	}
	return err
}

// An errgroup runs functions side by side and keeps what went wrong.
type errgroup struct {
	group sync.WaitGroup
	mu    sync.Mutex
	err   error
}

func (g *errgroup) run(f func() error) {
	g.group.Go(func() {
		if err := f(); err != nil {
			g.mu.Lock()
			defer g.mu.Unlock()
			g.err = errors.Join(g.err, err)
		}
	})
}

func (g *errgroup) wait() error {
	g.group.Wait()
	return g.err
}

// A post is a mail server that takes everything and keeps nothing.
type post struct {
	address string
	server  *smtp.Server
	taken   atomic.Int64
}

func openPost() (*post, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &post{address: listener.Addr().String()}
	p.server = smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return delivery{p}, nil }))
	p.server.Domain = "bench.test"
	go p.server.Serve(listener)
	return p, nil
}

type delivery struct{ post *post }

func (delivery) Mail(string, *smtp.MailOptions) error { return nil }
func (delivery) Rcpt(string, *smtp.RcptOptions) error { return nil }
func (delivery) Reset()                               {}
func (delivery) Logout() error                        { return nil }

func (d delivery) Data(r io.Reader) error {
	_, err := io.Copy(io.Discard, r)
	if err == nil {
		d.post.taken.Add(1)
	}
	return err
}
