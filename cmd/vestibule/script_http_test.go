package main

import (
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// What scripts about the server need besides:
//
//	ports NAME…                   puts a free address of this machine into each $NAME
//	hold NAME ADDRESS             listens there, and puts the address into $NAME
//	eventually COMMAND…           repeats the command until it succeeds
//	ask STATUS METHOD URL [BODY]  one request, with $BEARER where it is set; the body goes to the file "answer"
//	pick FIELD NAME               puts a text field of "answer" into $NAME
var serverCommands = map[string]func(*testscript.TestScript, bool, []string){
	"ports": ports, "hold": hold, "eventually": eventually, "ask": ask, "pick": pick,
}

func ports(ts *testscript.TestScript, _ bool, names []string) {
	for _, name := range names {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		ts.Check(err)
		ts.Setenv(name, l.Addr().String())
		ts.Check(l.Close())
	}
}

func hold(ts *testscript.TestScript, _ bool, args []string) {
	l, err := net.Listen("tcp", args[1])
	if errors.Is(err, syscall.EADDRINUSE) { // somebody holds it for us
		return
	}
	ts.Check(err)
	ts.Defer(func() { l.Close() })
	ts.Setenv(args[0], l.Addr().String())
}

func eventually(ts *testscript.TestScript, _ bool, args []string) {
	var err error
	for range 200 {
		if err = ts.Exec(args[0], args[1:]...); err == nil {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	ts.Fatalf("%v: %v", args, err)
}

func ask(ts *testscript.TestScript, _ bool, args []string) {
	var body io.Reader
	if len(args) > 3 {
		body = strings.NewReader(args[3])
	}
	r, err := http.NewRequest(args[1], args[2], body)
	ts.Check(err)
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	if bearer := ts.Getenv("BEARER"); bearer != "" {
		r.Header.Set("Authorization", "Bearer "+bearer)
	}
	res, err := http.DefaultClient.Do(r)
	ts.Check(err)
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs("answer"), answer, 0o600))
	if strconv.Itoa(res.StatusCode) != args[0] {
		ts.Fatalf("%s %s: %d %s, want %s", args[1], args[2], res.StatusCode, answer, args[0])
	}
}

func pick(ts *testscript.TestScript, _ bool, args []string) {
	_, after, found := strings.Cut(strings.ReplaceAll(ts.ReadFile("answer"), `": "`, `":"`), `"`+args[0]+`":"`)
	value, _, closed := strings.Cut(after, `"`)
	if !found || !closed {
		ts.Fatalf("no %s in %s", args[0], ts.ReadFile("answer"))
	}
	ts.Setenv(args[1], value)
}
