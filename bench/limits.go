package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"time"

	"golang.org/x/crypto/argon2"

	"github.com/vestibule-id/vestibule/internal/secret"
	"github.com/vestibule-id/vestibule/internal/secret/argon2id"
)

// What bench can be started as.
const (
	roleHash    = "hash"    // PARAMS: the library's argon2id in a bare loop
	roleOwnHash = "ownhash" // PARAMS: the product's, in memory that is kept
	roleNothing = "nothing" // an HTTP handler that does nothing
	roleCommits = "commits" // ADDRESS: updates of one row
	roleFill    = "fill"    // ADDRESS KEYFILE TENANTS USERS: makes a large database
)

func be(ctx context.Context, role string, args []string) error {
	switch {
	case role == roleHash && len(args) == 1:
		return beHash(ctx, args[0], argon2.IDKey)
	case role == roleOwnHash && len(args) == 1:
		argon2id.Keep(1)
		return beHash(ctx, args[0], argon2id.Key)
	case role == roleNothing:
		return beNothing()
	case role == roleCommits && len(args) == 1:
		return beCommits(ctx, args[0])
	case role == roleFill && len(args) == 4:
		return beFiller(ctx, args)
	}
	return fmt.Errorf("there is no role %q with %d arguments", role, len(args))
}

func beHash(ctx context.Context, params string, hash func(password, salt []byte, time, memory uint32, threads uint8, size uint32) []byte) error {
	p, err := secret.ParseParams(params)
	if err != nil {
		return err
	}
	salt := make([]byte, 16)
	return answerRounds(func(d time.Duration) (float64, error) {
		return loop(ctx, 1, d, func(int) error {
			hash([]byte(password), salt, p.Time, p.Memory, p.Threads, 32)
			return nil
		})
	})
}

// beNothing is what a server costs that has nothing to do: the handler
// answers 200 with an empty body.
func beNothing() error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println(listener.Addr())
	return http.Serve(listener, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
}

// answerRounds reads how long each round is to be and answers with its rate.
func answerRounds(round func(time.Duration) (float64, error)) error {
	fmt.Println("ready")
	for {
		var text string
		if _, err := fmt.Scanln(&text); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		d, err := time.ParseDuration(text)
		if err != nil {
			return err
		}
		rate, err := round(d)
		if err != nil {
			return err
		}
		fmt.Println(rate)
	}
}

// A limit is this program in one of its roles, on the server's core.
type limit struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
	// first is what it said first: the address it listens at, or that it is
	// ready.
	first string
}

func (b *bench) startLimit(ctx context.Context, role string, args ...string) (*limit, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	name, all := b.host.place(self, append([]string{"-as", role, "--"}, args...)...)
	l := &limit{cmd: exec.CommandContext(ctx, name, all...)}
	l.cmd.Stderr = os.Stderr
	if l.in, err = l.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := l.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	l.out = bufio.NewReader(out)
	if err := l.cmd.Start(); err != nil {
		return nil, err
	}
	if l.first, err = l.line(); err != nil {
		l.stop()
		return nil, fmt.Errorf("limit %s: %w", role, err)
	}
	return l, nil
}

func (l *limit) line() (string, error) {
	text, err := l.out.ReadString('\n')
	return strings.TrimSpace(text), err
}

// rate runs one round.
func (l *limit) rate(d time.Duration) (rate float64, err error) {
	if _, err := fmt.Fprintln(l.in, d); err != nil {
		return 0, err
	}
	text, err := l.line()
	if err != nil {
		return 0, err
	}
	_, err = fmt.Sscan(text, &rate)
	return rate, err
}

func (l *limit) side(rate func() (float64, error)) *side {
	return &side{pid: l.cmd.Process.Pid, rate: rate}
}

func (l *limit) stop() {
	l.cmd.Process.Kill()
	l.cmd.Wait() // it was killed, which is no news
}
