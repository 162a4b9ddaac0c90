package server_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/internal/front"
	"github.com/vestibule-id/vestibule/internal/housetest"
	"github.com/vestibule-id/vestibule/internal/server"
	"github.com/vestibule-id/vestibule/internal/store/storetest"
)

// open runs s on a listener of its own, and has seen it answer, until the
// returned function is called, which answers what Run answered, each time.
func open(t *testing.T, s *server.Server) (address string, stop func() error) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx, l, nil) }()
	stop = sync.OnceValue(func() error { cancel(); return <-ended })
	t.Cleanup(func() {
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
	conn, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprint(conn, "GET /healthz HTTP/1.0\r\n\r\n")
	if _, err := io.ReadAll(conn); err != nil {
		t.Fatal(err)
	}
	return l.Addr().String(), stop
}

// A server that is told to stop while it starts has not failed.
//
// Proves: 2.8
func TestStoppedWhileItStarts(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := assemble(t, h, nil).Run(ctx, l, nil); err != nil {
			t.Error(err)
		}
	})
}

// A request under way when the server is told to stop is answered; meanwhile
// the server says that it is not ready.
//
// Proves: 2.8
func TestStoppingWaitsForRequestsUnderWay(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		withAnn(t, h)
		s := assemble(t, h, nil)
		address, stop := open(t, s)
		ready := func() int {
			w := httptest.NewRecorder()
			s.Ops.ServeHTTP(w, httptest.NewRequest("GET", "/readyz", nil))
			return w.Code
		}
		if code := ready(); code != http.StatusOK {
			t.Errorf("ready: %d", code)
		}
		conn, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		body := annsTry(right)
		fmt.Fprintf(conn, "POST /api/v1/sessions HTTP/1.1\r\nHost: door.test\r\nContent-Type: application/json\r\n"+
			"Content-Length: %d\r\nExpect: 100-continue\r\n\r\n", len(body))
		answers := bufio.NewReader(conn)
		if line, err := answers.ReadString('\n'); err != nil || !strings.Contains(line, "100 Continue") {
			t.Fatalf("the body is not read: %q, %v", line, err)
		}
		ended := make(chan error, 1)
		go func() { ended <- stop() }()
		for deadline := time.Now().Add(time.Minute); ready() != http.StatusServiceUnavailable; time.Sleep(time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatal("still ready, a minute after it was told to stop")
			}
		}
		select {
		case err := <-ended:
			t.Fatalf("stopped with a request under way: %v", err)
		case <-time.After(50 * time.Millisecond):
		}
		fmt.Fprint(conn, body)
		answers.ReadString('\n') // the end of the first answer
		if line, err := answers.ReadString('\n'); err != nil || !strings.Contains(line, "201 Created") {
			t.Errorf("the answer: %q, %v", line, err)
		}
		<-ended
	})
}

// An interaction that was spared its write is written when the server stops.
//
// Proves: P4, 2.7, 2.8
func TestStoppingWritesLateInteractions(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		withAnn(t, h)
		s := assemble(t, h, nil)
		_, stop := open(t, s)
		var cookie string
		for _, c := range tryPage(s, right, "Origin: "+housetest.Issuer).Result().Cookies() {
			if c.Name == front.SessionCookie {
				cookie = c.Value
			}
		}
		live, err := s.Sessions.CheckCookie(t.Context(), cookie)
		if err != nil {
			t.Fatal(err)
		}
		is := func(when string, want time.Duration) {
			t.Helper()
			row, err := h.Store.Tenant(live.Tenant.ID).LiveSession(t.Context(), live.Session.ID, h.Clock.Now())
			if got := row.Session.InteractedAt.Sub(housetest.Morning); err != nil || got != want {
				t.Errorf("%s the row says %s (%v), want %s", when, got, err, want)
			}
		}
		h.Clock.Advance(30 * time.Second)
		if w := ask(s, "GET", "/home", "", "", "Cookie: "+front.SessionCookie+"="+cookie); w.Code != http.StatusOK {
			t.Fatalf("/home: %d", w.Code)
		}
		is("before", 0)
		if err := stop(); err != nil {
			t.Fatal(err)
		}
		is("afterwards", 30*time.Second)
	})
}

// Whoever opens a connection and says nothing to the end does not keep it.
//
// Proves: 2.8
func TestHalfAHeaderIsWaitedForFiveSeconds(t *testing.T) {
	t.Parallel()
	h := housetest.New(t, storetest.Address(t, "sqlite"))
	address, _ := open(t, assemble(t, h, nil))
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	begin := time.Now()
	fmt.Fprint(conn, "GET /login HTTP/1.1\r\nHost: door")
	if err := conn.SetReadDeadline(begin.Add(12 * time.Second)); err != nil { // before the limit for a whole request
		t.Fatal(err)
	}
	if _, err := io.ReadAll(conn); err != nil {
		t.Errorf("the connection is open after %s: %v", time.Since(begin), err)
	}
	if took := time.Since(begin); took < 4*time.Second {
		t.Errorf("a slow sender was cut off after %s", took)
	}
}
