package main

import (
	"bufio"
	"bytes"
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
	head, err := c.in.ReadSlice('\n')
	if err != nil {
		return a, err
	}
	if len(head) < 12 || !bytes.HasPrefix(head, []byte("HTTP/1.1 ")) {
		return a, fmt.Errorf("no HTTP/1.1 answer: %q", head)
	}
	if a.status, err = strconv.Atoi(string(head[9:12])); err != nil {
		return a, err
	}
	length, err := c.headers(&a)
	if err != nil || length < 0 {
		return a, fmt.Errorf("an answer %d without a length: %w", a.status, err)
	}
	if cap(c.body) < length {
		c.body = make([]byte, length)
	}
	a.body = c.body[:length]
	_, err = io.ReadFull(c.in, a.body)
	return a, err
}

var (
	lengthHeader = []byte("Content-Length: ") // as Go's servers write it
	afterHeader  = []byte("Retry-After: ")
)

// headers reads up to the empty line; length is -1 when none was named.
func (c *client) headers(a *answer) (length int, err error) {
	length = -1
	if a.status == 204 {
		length = 0
	}
	for {
		line, err := c.in.ReadSlice('\n')
		if err != nil {
			return 0, err
		}
		line = bytes.TrimRight(line, "\r\n")
		if len(line) == 0 {
			return length, nil
		}
		if value, ok := bytes.CutPrefix(line, lengthHeader); ok {
			if length, err = strconv.Atoi(string(value)); err != nil {
				return 0, err
			}
		}
		if value, ok := bytes.CutPrefix(line, afterHeader); ok {
			seconds, err := strconv.Atoi(string(value))
			if err != nil {
				return 0, err
			}
			a.after = time.Duration(seconds) * time.Second
		}
	}
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
