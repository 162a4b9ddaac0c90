package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync/atomic"
)

const (
	figureGate     = "gate of a signed-in page"
	figureWeight   = "sign-in page, all included"
	figureRequests = "its requests"
)

// page weighs the sign-in page as a browser gets it, on the wire, and measures
// how quickly a signed-in page's gate is passed: by what pages ask about their
// session, which shows next to nothing.
func (l *load) page(ctx context.Context) error {
	size, requests, err := l.weigh(ctx)
	if err != nil {
		return err
	}
	l.table.add(l.db, line{Figure: figureWeight, Measured: float64(size) / 1000, Unit: "KB", AtMost: 15, Note: "headers included, compressed as a browser asks for it"})
	l.table.add(l.db, line{Figure: figureRequests, Measured: float64(requests), AtMost: 3})
	cookie, err := l.browse(ctx)
	if err != nil {
		return err
	}
	asked := request("GET", "/session/state", nil, "Cookie: "+cookie)
	gate := conversation{
		ask: func(int) []byte { return asked },
		got: func(_ int, a answer) error {
			if a.status != 200 || !bytes.Contains(a.body, []byte(`"signed_in":true`)) {
				return fmt.Errorf("the gate was answered %d: %s", a.status, a.body)
			}
			return nil
		},
	}
	got, err := l.besideNothing(ctx, gate)
	if err != nil {
		return err
	}
	l.table.add(l.db, line{
		Figure: figureGate, Measured: got.measured, Unit: "/s", Limit: got.limit, Ratio: got.ratio, AtLeast: 0.5,
		Note: fmt.Sprintf("%d clients of one session. %s", clients, got.cost),
	})
	return nil
}

var assetAddress = regexp.MustCompile(`(?:href|src)="(/assets/[^"]+)"`)

// weigh is how many bytes the sign-in page and all it asks for are, and how
// many requests.
func (l *load) weigh(ctx context.Context) (size int64, requests int, err error) {
	var wire atomic.Int64
	transport := &http.Transport{DisableCompression: true, DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
		c, err := (&net.Dialer{}).DialContext(ctx, network, address)
		return countedConn{c, &wire}, err
	}}
	defer transport.CloseIdleConnections()
	get := func(path string, compressed bool) ([]byte, error) {
		r, err := http.NewRequestWithContext(ctx, "GET", "http://"+l.server.address+path, nil)
		if err != nil {
			return nil, err
		}
		if compressed {
			r.Header.Set("Accept-Encoding", "gzip, deflate, br, zstd")
		}
		answer, err := transport.RoundTrip(r)
		if err != nil {
			return nil, err
		}
		defer answer.Body.Close()
		if answer.StatusCode != http.StatusOK {
			return nil, fmt.Errorf("%s was answered %s", path, answer.Status)
		}
		return io.ReadAll(answer.Body)
	}
	text, err := get("/login", false)
	if err != nil {
		return 0, 0, err
	}
	paths := map[string]bool{"/login": true}
	for _, found := range assetAddress.FindAllSubmatch(text, -1) {
		paths[strings.ReplaceAll(string(found[1]), "&amp;", "&")] = true
	}
	wire.Store(0)
	for path := range paths {
		if _, err := get(path, true); err != nil {
			return 0, 0, err
		}
	}
	return wire.Load(), len(paths), nil
}

// A countedConn counts what arrives.
type countedConn struct {
	net.Conn
	wire *atomic.Int64
}

func (c countedConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.wire.Add(int64(n))
	return n, err
}

// browse signs in by the page and returns the Cookie header of the session.
func (l *load) browse(ctx context.Context) (string, error) {
	user := int(l.next.Add(1)-1) % housePeers
	form := url.Values{"tenant": {houseSlug}, "email": {email(user)}, "password": {password}}
	r, err := http.NewRequestWithContext(ctx, "POST", "http://"+l.server.address+"/login", strings.NewReader(form.Encode()))
	if err != nil {
		return "", err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	answer, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusSeeOther {
		return "", fmt.Errorf("signing in by the page was answered %s", answer.Status)
	}
	var pairs []string
	for _, c := range answer.Cookies() {
		pairs = append(pairs, c.Name+"="+c.Value)
	}
	return strings.Join(pairs, "; "), nil
}
