package main

import (
	"context"
	"errors"

	"github.com/vestibule-id/vestibule/internal/audit"
	"github.com/vestibule-id/vestibule/internal/config"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/operator"
	"github.com/vestibule-id/vestibule/internal/store"
)

// operatorActor is who acts when a command is given: nobody's account, above
// ranks.
var operatorActor = identity.Actor{Operator: true}

// fromHere is where commands come from.
var fromHere = identity.Peer{UserAgent: "vestibule command line"}

// onDatabase opens the database for one command.
func onDatabase(ctx context.Context, c config.Database, p *program, do func(*operator.Service) error) error {
	s, err := operator.OpenDatabase(ctx, c)
	if err != nil {
		return err
	}
	err = do(&operator.Service{Store: s, Now: p.now, Settle: operator.Settle})
	sealing := (&audit.Sealer{Store: s}).Seal(ctx) // of what the command has done, where no server runs
	return errors.Join(err, sealing, s.Close())
}

// inTenant opens the database and finds a tenant in it.
func inTenant(ctx context.Context, c config.Database, p *program, slug string, do func(store.Tenant) error) error {
	return onDatabase(ctx, c, p, func(s *operator.Service) error {
		t, err := s.Tenant(ctx, slug)
		if err != nil {
			return err
		}
		return do(s.Store.Tenant(t.ID))
	})
}

// makeDatabase brings the database up to date, and says so when it made it.
func makeDatabase(ctx context.Context, c config.Database, p *program) error {
	made, err := operator.MakeDatabase(ctx, c)
	switch {
	case made.KeyFile != "" && made.Database != "":
		p.say("Made %s and its sealing key %s; keep a copy of the key elsewhere.", made.Database, made.KeyFile)
	case made.KeyFile != "":
		p.say("Made the sealing key %s; keep a copy of it elsewhere.", made.KeyFile)
	case made.Database != "":
		p.say("Made the schema in %s; keep a copy of the sealing key elsewhere.", made.Database)
	}
	return err
}

// migrateCmd brings the database up to date.
type migrateCmd struct{ config.Database }

// Run applies what is missing.
func (c *migrateCmd) Run(ctx context.Context, p *program) error {
	if err := makeDatabase(ctx, c.Database, p); err != nil {
		return err
	}
	p.say("The database is up to date.")
	return nil
}
