package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"time"
)

// A client is one connection that stays open and asks one thing at a time. It
// does no more than the measuring needs, so that the driver is never slower
// than what it drives.
type client struct {
	conn net.Conn
	in   *bufio.Reader
	head []byte
	body []byte
}

// An answer is valid until the client's next request.
type answer struct {
	status int
	after  time.Duration // Retry-After
	body   []byte
}

const answerTime = 30 * time.Second

func dial(address string) (*client, error) {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return nil, err
	}
	return &client{conn: conn, in: bufio.NewReaderSize(conn, 8<<10)}, nil
}

func dialMany(address string, n int) (list []*client, err error) {
	for range n {
		c, err := dial(address)
		if err != nil {
			closeAll(list)
			return nil, err
		}
		list = append(list, c)
	}
	return list, nil
}

func closeAll(list []*client) {
	for _, c := range list {
		c.conn.Close()
	}
}

// patience bounds the answers of the next while; setting it for each request
// would cost more than some requests.
func (c *client) patience(d time.Duration) { c.conn.SetDeadline(time.Now().Add(d + answerTime)) }

func (c *client) do(request []byte) (a answer, err error) {
	if _, err := c.conn.Write(request); err != nil {
		return a, err
	}
	c.head = c.head[:0]
	for { // up to the empty line
		line, err := c.in.ReadSlice('\n')
		if err != nil {
			return a, err
		}
		if len(line) <= 2 {
			break
		}
		c.head = append(c.head, line...)
	}
	length, err := readHead(c.head, &a)
	if err != nil {
		return a, err
	}
	if cap(c.body) < length {
		c.body = make([]byte, length)
	}
	a.body = c.body[:length]
	_, err = io.ReadFull(c.in, a.body)
	return a, err
}

// readHead reads the lines before an answer's body, each with its end, and
// says how long the body is. Header names are looked for as Go's servers write
// them.
func readHead(head []byte, a *answer) (length int, err error) {
	if len(head) < 12 || !bytes.HasPrefix(head, []byte("HTTP/1.1 ")) {
		return 0, fmt.Errorf("no HTTP/1.1 answer: %q", head)
	}
	if a.status, err = strconv.Atoi(string(head[9:12])); err != nil {
		return 0, err
	}
	length, named, err := headNumber(head, "\r\nContent-Length: ")
	if err != nil || !named {
		return 0, errors.Join(fmt.Errorf("an answer %d without a length", a.status), err)
	}
	after, _, err := headNumber(head, "\r\nRetry-After: ")
	a.after = time.Duration(after) * time.Second
	return length, err
}

func headNumber(head []byte, name string) (n int, found bool, err error) {
	_, rest, found := bytes.Cut(head, []byte(name))
	if !found {
		return 0, false, nil
	}
	value, _, _ := bytes.Cut(rest, []byte("\r\n"))
	n, err = strconv.Atoi(string(value))
	return n, true, err
}

// request writes a request once, to be sent as often as needed. Headers are
// "Name: value".
func request(method, path string, body []byte, headers ...string) []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: localhost\r\nUser-Agent: bench\r\n", method, path)
	for _, header := range headers {
		b.WriteString(header + "\r\n")
	}
	if body != nil {
		fmt.Fprintf(&b, "Content-Type: application/json\r\nContent-Length: %d\r\n", len(body))
	}
	b.WriteString("\r\n")
	return append([]byte(b.String()), body...)
}
