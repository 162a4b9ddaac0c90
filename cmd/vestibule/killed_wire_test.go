package main

import (
	"bufio"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
)

// A wire lies between the server and its mail server: it can be cut in two,
// and knows when a letter has been taken.
type wire struct {
	listener net.Listener
	to       string

	mu     sync.Mutex
	held   bool
	taken  func(pass func()) // a 250 after DATA is on its way; nil: pass it on
	called chan struct{}     // somebody has connected
	open   []net.Conn
}

func startWire(t *testing.T, to string) *wire {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{listener: listener, to: to, called: make(chan struct{}, 1)}
	go w.serve()
	t.Cleanup(func() { listener.Close() })
	return w
}

func (w *wire) address() string { return w.listener.Addr().String() }

// set hangs up and says what becomes of the next connections: held ones never
// hear a word.
func (w *wire) set(held bool, taken func(pass func())) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.held, w.taken = held, taken
	for _, c := range w.open {
		c.Close()
	}
	w.open = nil
	select {
	case <-w.called:
	default:
	}
}

func (w *wire) serve() {
	for {
		c, err := w.listener.Accept()
		if err != nil {
			return
		}
		w.mu.Lock()
		held := w.held
		w.open = append(w.open, c)
		w.mu.Unlock()
		select {
		case w.called <- struct{}{}:
		default:
		}
		if held {
			go func() { _, _ = io.Copy(io.Discard, c); c.Close() }()
		} else {
			go w.connect(c)
		}
	}
}

func (w *wire) connect(client net.Conn) {
	defer client.Close()
	server, err := net.Dial("tcp", w.to)
	if err != nil {
		return
	}
	go func() { _, _ = io.Copy(server, client); server.Close() }()
	inData := false
	for lines := bufio.NewReader(server); ; {
		line, err := lines.ReadString('\n')
		if err != nil {
			return
		}
		w.mu.Lock()
		taken := w.taken
		w.mu.Unlock()
		pass := func() { _, _ = io.WriteString(client, line) }
		if inData && strings.HasPrefix(line, "250") && taken != nil {
			taken(pass)
		} else {
			pass()
		}
		inData = strings.HasPrefix(line, "354")
	}
}
