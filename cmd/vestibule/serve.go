package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"runtime"

	"github.com/vestibule-id/vestibule/internal/config"
	"github.com/vestibule-id/vestibule/internal/front"
	"github.com/vestibule-id/vestibule/internal/mail"
	"github.com/vestibule-id/vestibule/internal/operator"
	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/secret"
	"github.com/vestibule-id/vestibule/internal/server"
	"github.com/vestibule-id/vestibule/internal/store"
	"github.com/vestibule-id/vestibule/internal/web"
)

// serveCmd is the server.
type serveCmd struct {
	config.Database
	config.Serve
}

// Run serves until the process is told to stop.
func (c *serveCmd) Run(ctx context.Context, p *program) error {
	if _, err := secret.ParseParams(c.PasswordHash); err != nil {
		return usage("--password-hash: %w", err)
	}
	if _, err := front.ParseProxies(c.TrustedProxies); err != nil {
		return usage("--trusted-proxies: %w", err)
	}
	if _, err := mail.NewStationery(c.MailTemplates); err != nil {
		return usage("--mail-templates: %w", err)
	}
	if _, err := policy.ParseFloors(c.Floor); err != nil {
		return usage("--floor: %w", err)
	}
	release, err := operator.LockServer(c.Database.Database)
	if err != nil {
		return err
	}
	defer release()
	if c.Migrate {
		if err := makeDatabase(ctx, c.Database, p); err != nil {
			return err
		}
	}
	s, err := operator.OpenDatabase(ctx, c.Database)
	if err != nil {
		return err
	}
	err = serve(ctx, p, s, c.Serve, nil)
	return errors.Join(err, s.Close())
}

// serve opens the house on a store until ctx ends. Letters go to the mail
// server, or into the inbox of the demo.
func serve(ctx context.Context, p *program, s *store.Store, c config.Serve, demo *web.Demo) (err error) {
	pace := startPace()
	defer runtime.KeepAlive(pace)
	lines := front.NewLines(p.stderr)
	defer func() { err = errors.Join(err, lines.Flush()) }()
	log := front.NewLogger(lines, slog.LevelInfo)
	public, err := net.Listen("tcp", c.Listen)
	if err != nil {
		return fmt.Errorf("--listen: %w", err)
	}
	defer public.Close()
	var ops net.Listener
	if c.OpsListen != "" {
		if ops, err = net.Listen("tcp", c.OpsListen); err != nil {
			return fmt.Errorf("--ops-listen: %w", err)
		}
		defer ops.Close()
	}
	house, err := server.New(ctx, server.Options{
		Store: s, Config: c, PublicURL: c.PublicURL(public.Addr().(*net.TCPAddr).Port),
		Version: version, Log: log, Now: p.now, Hashes: pace.processors, Hashing: pace.hashing, Demo: demo,
	})
	if err != nil {
		return err
	}
	if c.Mail == "" && demo == nil {
		log.Warn("no mail server is set: nobody gets mail")
	}
	p.serving(house, public.Addr())
	return house.Run(ctx, public, ops)
}
