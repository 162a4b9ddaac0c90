package main

import (
	"context"
	"fmt"
	"time"

	"github.com/vestibule-id/vestibule/internal/config"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/operator"
)

// operatorCmd is about who may act as the operator.
type operatorCmd struct {
	Token operatorTokenCmd `cmd:"" help:"Keep the tokens by which programs keep tenants over HTTP."`
}

type operatorTokenCmd struct {
	Create operatorTokenCreateCmd `cmd:"" help:"Make a token and print it, once."`
	List   operatorTokenListCmd   `cmd:"" help:"List the tokens there ever were."`
	Revoke operatorTokenRevokeCmd `cmd:"" help:"Make a token invalid for ever, at once."`
}

type operatorTokenCreateCmd struct {
	config.Database
	Name      string        `required:"" only:"flag" placeholder:"NAME" help:"Which program it is for, to know it again."`
	ExpiresIn time.Duration `only:"flag" placeholder:"DURATION" help:"How long it is good for, such as 8760h; without it until it is revoked."`
}

// Run makes the token and writes it.
func (c *operatorTokenCreateCmd) Run(ctx context.Context, p *program) error {
	return onDatabase(ctx, c.Database, p, func(s *operator.Service) error {
		t, token, err := s.CreateToken(ctx, c.Name, c.ExpiresIn)
		if err != nil {
			return err
		}
		until := "until it is revoked"
		if !t.ExpiresAt.IsZero() {
			until = "until " + moment(t.ExpiresAt)
		}
		p.say("The token %s is good %s. It is shown this once; whoever has it can make and delete tenants.", t.ID, until)
		_, err = fmt.Fprintln(p.stdout, string(token))
		return err
	})
}

type operatorTokenListCmd struct {
	config.Database
	output
}

// operatorTokenJSON is an operator token for programs.
type operatorTokenJSON struct {
	ID        identity.OperatorTokenID `json:"id"`
	Name      string                   `json:"name"`
	State     string                   `json:"state"`
	CreatedAt *time.Time               `json:"created_at"`
	ExpiresAt *time.Time               `json:"expires_at"`
	UsedAt    *time.Time               `json:"last_used_at"`
	RevokedAt *time.Time               `json:"revoked_at"`
}

// Run lists the tokens, none of which can be shown again.
func (c *operatorTokenListCmd) Run(ctx context.Context, p *program) error {
	return onDatabase(ctx, c.Database, p, func(s *operator.Service) error {
		list, err := s.Tokens(ctx)
		if err != nil {
			return err
		}
		items, rows := []operatorTokenJSON{}, [][]string{}
		for _, t := range list {
			state := tokenState(t, p.now())
			items = append(items, operatorTokenJSON{t.ID, t.Name, state, instant(t.CreatedAt), instant(t.ExpiresAt), instant(t.UsedAt), instant(t.RevokedAt)})
			rows = append(rows, []string{string(t.ID), t.Name, state, moment(t.CreatedAt), moment(t.ExpiresAt), moment(t.UsedAt)})
		}
		return c.list(p, items, "ID NAME STATE CREATED EXPIRES LAST_USED", rows)
	})
}

func tokenState(t identity.OperatorToken, now time.Time) string {
	switch {
	case !t.RevokedAt.IsZero():
		return "revoked"
	case !t.Alive(now):
		return "expired"
	}
	return "active"
}

type operatorTokenRevokeCmd struct {
	config.Database
	ID string `arg:"" help:"The token's id, as listed: opt_…"`
}

// Run revokes the token.
func (c *operatorTokenRevokeCmd) Run(ctx context.Context, p *program) error {
	return onDatabase(ctx, c.Database, p, func(s *operator.Service) error {
		return s.RevokeToken(ctx, identity.OperatorTokenID(c.ID))
	})
}
