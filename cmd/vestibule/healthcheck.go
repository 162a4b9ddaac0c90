package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"
)

// healthcheckCmd asks a server on this machine whether it is ready. Its flags
// are serve's, so that the same settings serve both.
type healthcheckCmd struct {
	Listen    string `default:"127.0.0.1:8080" placeholder:"HOST:PORT" help:"Where pages and API are served."`
	OpsListen string `default:"127.0.0.1:9180" placeholder:"HOST:PORT" help:"Where readiness is told; empty is off, then --listen is asked."`
}

// Run is content when the server is ready.
func (c *healthcheckCmd) Run(ctx context.Context) error {
	flag, address := "--ops-listen", c.OpsListen
	if address == "" {
		flag, address = "--listen", c.Listen
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return usage("%s: must be HOST:PORT", flag)
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "localhost" // where a server that listens everywhere is heard
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	ask, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+net.JoinHostPort(host, port)+"/readyz", nil)
	if err != nil {
		return usage("%s: must be HOST:PORT", flag)
	}
	direct := &http.Client{Transport: &http.Transport{}} // no proxy for this machine
	answer, err := direct.Do(ask)
	if err != nil {
		return fmt.Errorf("the server does not answer: %w", errors.Unwrap(err))
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("the server is not ready: %s", answer.Status)
	}
	return nil
}
