package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"golang.org/x/sys/unix"
)

// A spinner is a driver that never sleeps: it looks at its connections in turn
// for as long as a round lasts. Waking a driver that sleeps costs the server's
// core more than a cheap request does, and falls only on whoever is too slow
// to keep it awake; clients elsewhere would cost neither.
type spinner struct{ lines []*spun }

// spun is one connection; it has one request under way.
type spun struct {
	fd     int
	buffer []byte
	filled int
}

func spinnerTo(address string, n int) (*spinner, error) {
	at, err := netip.ParseAddrPort(address)
	if err != nil {
		return nil, err
	}
	s := &spinner{}
	for range n {
		fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			return nil, errors.Join(err, s.close())
		}
		s.lines = append(s.lines, &spun{fd: fd, buffer: make([]byte, 16<<10)})
		err = errors.Join(
			unix.Connect(fd, &unix.SockaddrInet4{Port: int(at.Port()), Addr: at.Addr().As4()}),
			unix.SetNonblock(fd, true), unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1))
		if err != nil {
			return nil, errors.Join(err, s.close())
		}
	}
	return s, nil
}

func (s *spinner) close() error {
	var errs []error
	for _, l := range s.lines {
		errs = append(errs, unix.Close(l.fd))
	}
	return errors.Join(errs...)
}

// A conversation is what a driver says and hears.
type conversation struct {
	ask func(worker int) []byte
	got func(worker int, a answer) error
}

// talk keeps one request under way on every connection for a while and says
// how many were answered a second. What is under way at the end is waited for.
func (s *spinner) talk(ctx context.Context, d time.Duration, c conversation) (perSecond float64, err error) {
	began := time.Now()
	for worker, l := range s.lines {
		if err := l.send(c.ask(worker)); err != nil {
			return 0, err
		}
	}
	answered, open := 0, len(s.lines)
	waiting := make([]bool, len(s.lines))
	for open > 0 {
		took := time.Since(began)
		if took > d+answerTime {
			return 0, errors.New("the server does not answer")
		}
		for worker, l := range s.lines {
			if waiting[worker] {
				continue
			}
			a, whole, err := l.look()
			if err != nil || !whole {
				if err != nil {
					return 0, err
				}
				continue
			}
			answered++
			if err := c.got(worker, a); err != nil {
				return 0, err
			}
			if took > d || ctx.Err() != nil {
				waiting[worker] = true
				open--
			} else if err := l.send(c.ask(worker)); err != nil {
				return 0, err
			}
		}
	}
	return float64(answered) / time.Since(began).Seconds(), ctx.Err()
}

func (l *spun) send(request []byte) error {
	l.filled = 0
	n, err := unix.Write(l.fd, request)
	if err == nil && n < len(request) {
		return errors.New("a request did not fit the socket's buffer")
	}
	return err
}

// look reads what there is; whole says that it is an answer. Who asks one
// thing at a time gets one answer at a time.
func (l *spun) look() (a answer, whole bool, err error) {
	n, err := unix.Read(l.fd, l.buffer[l.filled:])
	switch {
	case errors.Is(err, unix.EAGAIN), errors.Is(err, unix.EINTR):
		return a, false, nil
	case err != nil:
		return a, false, err
	case n == 0:
		return a, false, errors.New("the server hung up")
	}
	l.filled += n
	text := l.buffer[:l.filled]
	end := bytes.Index(text, []byte("\r\n\r\n"))
	if end < 0 {
		return a, false, nil
	}
	length, err := readHead(text[:end+2], &a)
	if err != nil {
		return a, false, err
	}
	a.body = text[end+4:]
	if len(a.body) > length {
		return a, false, fmt.Errorf("%d bytes more than announced", len(a.body)-length)
	}
	return a, len(a.body) == length, nil
}
