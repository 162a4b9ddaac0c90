package main

import (
	"context"
	"fmt"
	"time"

	"github.com/vestibule-id/vestibule/internal/config"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/operator"
)

// keysCmd keeps the keys that access tokens are signed with.
type keysCmd struct {
	List   keysListCmd   `cmd:"" help:"List the signing keys in the order they sign."`
	Rotate keysRotateCmd `cmd:"" help:"Publish a new key and sign with it after 24 hours."`
	Revoke keysRevokeCmd `cmd:"" help:"Make a key invalid for ever, with every token it signed."`
}

type keysListCmd struct {
	config.Database
	output
}

// keyJSON is a signing key for programs.
type keyJSON struct {
	ID         identity.KeyID    `json:"kid"`
	State      operator.KeyState `json:"state"`
	CreatedAt  *time.Time        `json:"created_at"`
	ActiveFrom *time.Time        `json:"active_from"`
	RevokedAt  *time.Time        `json:"revoked_at"`
}

// Run lists the keys.
func (c *keysListCmd) Run(ctx context.Context, p *program) error {
	return onDatabase(ctx, c.Database, p, func(s *operator.Service) error {
		list, err := s.Keys(ctx)
		if err != nil {
			return err
		}
		items, rows := []keyJSON{}, [][]string{}
		for _, k := range list {
			items = append(items, keyJSON{k.ID, k.State, instant(k.CreatedAt), instant(k.ActiveFrom), instant(k.RevokedAt)})
			rows = append(rows, []string{string(k.ID), string(k.State), moment(k.CreatedAt), moment(k.ActiveFrom), moment(k.RevokedAt)})
		}
		return c.list(p, items, "KID STATE CREATED ACTIVE_FROM REVOKED", rows)
	})
}

type keysRotateCmd struct {
	config.Database
	Now bool `only:"flag" help:"Sign with the new key at once. Whoever keeps a copy of the published keys may refuse its tokens until the copy is renewed."`
}

// Run publishes a key and writes its kid.
func (c *keysRotateCmd) Run(ctx context.Context, p *program) error {
	return onDatabase(ctx, c.Database, p, func(s *operator.Service) error {
		k, err := s.RotateKey(ctx, c.Now)
		if err != nil {
			return err
		}
		p.say("The new key signs from %s on.", moment(k.ActiveFrom))
		if err := sayNext(ctx, p, s, k.ID); err != nil {
			return err
		}
		_, err = fmt.Fprintln(p.stdout, k.ID)
		return err
	})
}

// sayNext says which key takes over from one that has just been made: one that
// was published before keeps its day.
func sayNext(ctx context.Context, p *program, s *operator.Service, made identity.KeyID) error {
	list, err := s.Keys(ctx)
	for _, k := range list {
		if k.State == operator.KeyUpcoming && k.ID != made {
			p.say("The key %s, published before, takes over on %s; “keys revoke %s” takes it back.", k.ID, moment(k.ActiveFrom), k.ID)
		}
	}
	return err
}

type keysRevokeCmd struct {
	config.Database
	Kid string `arg:"" help:"The key's id, as listed."`
}

// Run revokes the key.
func (c *keysRevokeCmd) Run(ctx context.Context, p *program) error {
	return onDatabase(ctx, c.Database, p, func(s *operator.Service) error {
		return s.RevokeKey(ctx, identity.KeyID(c.Kid))
	})
}
