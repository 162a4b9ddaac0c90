package main

import (
	"context"
	"errors"

	"github.com/vestibule-id/vestibule/internal/config"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/mail"
	"github.com/vestibule-id/vestibule/internal/operator"
	"github.com/vestibule-id/vestibule/internal/outbox"
	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/secret"
	"github.com/vestibule-id/vestibule/internal/store"
)

// mailCmd looks after the way letters take.
type mailCmd struct {
	Test   mailTestCmd   `cmd:"" help:"Send one letter and say what the mail server answered."`
	Bounce mailBounceCmd `cmd:"" help:"Read a delivery report from standard input and mark the letter it is about."`
}

// errMailTest says that the mail server did not take the letter.
var errMailTest = problem.New(problem.Conflict, "mail_not_sent", "The mail server did not take the letter.")

type mailTestCmd struct {
	config.Letters
	ProductName string `default:"Vestibule" placeholder:"NAME" help:"What the letter calls the product."`
	Language    string `default:"en" only:"flag" placeholder:"CODE" help:"The letter's language: en, id, or one of --mail-templates."`
	Address     string `arg:"" help:"Whom to write to."`
}

// Run sends the letter.
func (c *mailTestCmd) Run(ctx context.Context, p *program) error {
	to, err := identity.ParseEmail(c.Address)
	if err != nil {
		return err
	}
	if c.Mail == "" {
		return usage("no mail server is set: give --mail, such as smtp://USER:PASSWORD@HOST:PORT")
	}
	stationery, err := mail.NewStationery(c.MailTemplates)
	if err != nil {
		return usage("--mail-templates: %w", err)
	}
	from, err := mail.ParseSender(c.MailFrom)
	if err != nil {
		return usage("--mail-from: %w", err)
	}
	server, err := mail.NewSMTP(string(c.Mail), from)
	if err != nil {
		return usage("--mail: %w", err)
	}
	defer server.Close()
	letter, err := stationery.Compose("test", mail.Facts{Product: c.ProductName}, c.Language)
	if err != nil {
		return err
	}
	letter.To, letter.At = to.Folded, p.now()
	// A letter of no database: its return path is one that no bounce is taken for.
	letter.Token = secret.NewRoot().Keys().LetterToken(identity.NewTenantID(), identity.NewTaskID())
	answer, err := server.Send(ctx, letter)
	if refused, ok := errors.AsType[*mail.Refusal](err); ok {
		return errMailTest.Because("%s refused the letter: %s", server.Address(), refused.Answer)
	} else if err != nil {
		return errMailTest.Because("%s: %s.", server.Address(), err)
	}
	p.say("%s has taken the letter: %s", server.Address(), answer)
	return nil
}

type mailBounceCmd struct {
	config.Database
}

// Help says how it is meant to be called.
func (mailBounceCmd) Help() string {
	return "Letters are sent with return paths like bounce+…@ the domain of --mail-from. Let your mail server pipe what comes to such addresses into this command. Only delivery reports (RFC 3464) that name a letter as we named it are believed; anything else changes nothing (exit code 1). With exit code 75 the report is to be brought again later, which mail servers do by themselves: the letter is not yet marked as sent, or the database does not answer."
}

// Run marks the letter.
func (c *mailBounceCmd) Run(ctx context.Context, p *program) error {
	err := onDatabase(ctx, c.Database, p, func(s *operator.Service) error {
		letter, err := (&outbox.Bounces{Store: s.Store, Now: p.now}).Take(ctx, p.stdin)
		if err != nil {
			return err
		}
		p.say("The letter %s has bounced: %s", letter.ID, letter.Answer)
		return nil
	})
	if errors.Is(err, outbox.ErrNotYet) || errors.Is(err, store.ErrNoAnswer) || err != nil && problem.Of(err) == nil {
		return &temporary{err}
	}
	return err
}

// troubleOf says why a user's mail does not arrive; empty for no reason known.
func troubleOf(m identity.MailTrouble) string {
	if m.Kind == "" {
		return ""
	}
	return m.Kind + " " + moment(m.At) + ": " + m.Answer
}
