package main

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// build makes the program as it is released.
func build(ctx context.Context, dir string) (binary string, err error) {
	binary = filepath.Join(dir, "vestibule")
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", binary,
		"github.com/vestibule-id/vestibule/cmd/vestibule")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build: %w\n%s", err, out)
	}
	return binary, nil
}

// environment is ours without the product's settings, and with those of a
// database.
func environment(address, keyFile string) []string {
	env := slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "VESTIBULE_") })
	env = append(env, "VESTIBULE_DATABASE="+address)
	if keyFile != "" {
		env = append(env, "VESTIBULE_SEALING_KEY_FILE="+keyFile)
	}
	return env
}

// command runs one of the program's commands, with all cores.
func (b *bench) command(ctx context.Context, address, keyFile string, args ...string) error {
	name, all := b.host.everywhere(b.binary, args...)
	cmd := exec.CommandContext(ctx, name, all...)
	cmd.Env = environment(address, keyFile)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("vestibule %s: %w\n%s", strings.Join(args, " "), err, out)
	}
	return nil
}

// A server is "vestibule serve" on the server's core.
type server struct {
	cmd     *exec.Cmd
	address string
	ops     string
	log     *os.File
	began   time.Time
}

// freeAddress is a loopback address nobody listens at just now.
func freeAddress() (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer listener.Close()
	return listener.Addr().String(), nil
}

// launch starts a server and does not wait for it. Its log goes to a file, as
// operators' logs do.
func (b *bench) launch(ctx context.Context, address, keyFile string, flags ...string) (s *server, err error) {
	s = &server{}
	if s.address, err = freeAddress(); err != nil {
		return nil, err
	}
	if s.ops, err = freeAddress(); err != nil {
		return nil, err
	}
	if s.log, err = os.CreateTemp(b.dir, "serve-*.log"); err != nil {
		return nil, err
	}
	args := append([]string{"serve", "--listen", s.address, "--ops-listen", s.ops, "--trusted-proxies", "127.0.0.1"}, flags...)
	name, all := b.host.place(b.binary, args...)
	s.cmd = exec.CommandContext(ctx, name, all...)
	s.cmd.Env = environment(address, keyFile)
	s.cmd.Stderr = s.log
	s.began = time.Now()
	return s, s.cmd.Start()
}

// serve starts a server and waits until it is ready.
func (b *bench) serve(ctx context.Context, address, keyFile string, flags ...string) (*server, error) {
	s, err := b.launch(ctx, address, keyFile, flags...)
	if err != nil {
		return nil, err
	}
	if err := s.ready(ctx); err != nil {
		s.stop()
		return nil, err
	}
	return s, nil
}

const startTime = 15 * time.Second

func (s *server) ready(ctx context.Context) error {
	for ctx.Err() == nil {
		response, err := http.Get("http://" + s.ops + "/readyz")
		if err == nil {
			response.Body.Close()
			if response.StatusCode == http.StatusOK {
				return nil
			}
		}
		if time.Since(s.began) > startTime {
			return fmt.Errorf("the server does not become ready: %s", s.said())
		}
		time.Sleep(time.Millisecond)
	}
	return ctx.Err()
}

// said is the end of the server's log.
func (s *server) said() string {
	text, err := os.ReadFile(s.log.Name())
	if err != nil {
		return err.Error()
	}
	lines := bytes.Split(bytes.TrimSpace(text), []byte("\n"))
	return string(bytes.Join(lines[max(len(lines)-5, 0):], []byte("\n")))
}

// stop ends the server as operators do.
func (s *server) stop() {
	s.cmd.Process.Signal(syscall.SIGTERM)
	ended := time.AfterFunc(20*time.Second, func() { s.cmd.Process.Kill() })
	s.cmd.Wait() // how it ended is not what is measured
	ended.Stop()
	s.log.Close()
	os.Remove(s.log.Name())
}
