package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/vestibule-id/vestibule/internal/admin"
	"github.com/vestibule-id/vestibule/internal/config"
	"github.com/vestibule-id/vestibule/internal/enroll"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/store"
)

// Links are the settings of serve that a link follows.
type Links struct {
	PrintLink     bool              `only:"flag" help:"Print the link instead of mailing it. Whoever has it can become the user."`
	PublicAddress string            `name:"public-url" default:"http://localhost:8080" placeholder:"URL" help:"The address people use, as serve has it."`
	ResetLinkTTL  identity.Duration `name:"reset-link-ttl" default:"1h" placeholder:"DURATION" help:"How long a link to reset a password is valid, as serve has it."`
	InvitationTTL identity.Duration `name:"invitation-ttl" default:"168h" placeholder:"DURATION" help:"How long an invitation is valid, as serve has it."`
}

// Check reports the first setting that is out of bounds.
func (c Links) Check() error {
	if time.Duration(c.ResetLinkTTL) < time.Second {
		return errors.New("--reset-link-ttl: must be one second or more")
	}
	if time.Duration(c.InvitationTTL) < time.Second {
		return errors.New("--invitation-ttl: must be one second or more")
	}
	_, err := config.ParsePublicURL(c.PublicAddress)
	return err
}

// rules are the operator's, as far as links go.
func (c Links) rules() identity.Policy {
	return policy.Effective(policy.Defaults(), identity.Policy{ResetLinkTTL: c.ResetLinkTTL, InvitationTTL: c.InvitationTTL})
}

// print writes a link's address on a line of its own.
func (c Links) print(p *program, t store.Tenant, l identity.Link) error {
	public, err := config.ParsePublicURL(c.PublicAddress)
	if err != nil {
		return err
	}
	p.say("The link is good until %s.", moment(l.ExpiresAt))
	p.sayWhere(c.PublicAddress)
	token := t.Keys().LinkToken(l.Purpose, t.ID(), l.ID)
	_, err = fmt.Fprintln(p.stdout, policy.LinkAddress(public, l.Purpose, string(token)))
	return err
}

// usualAddress is the address people use where nobody has said another.
const usualAddress = "http://localhost:8080"

// sayWhere says that an address to hand over is good on this machine only,
// where nobody has told it which one people use.
func (p *program) sayWhere(public string) {
	if public == usualAddress {
		p.say("Its address, %s, means this machine: --public-url (or VESTIBULE_PUBLIC_URL) says which one people use.", public)
	}
}

// invite makes an invited user, writes its id and, if that is wanted, the link.
func (c *userCreateCmd) invite(ctx context.Context, p *program) error {
	invitations := &enroll.Invitations{Now: p.now, Operator: c.rules()}
	return inTenant(ctx, c.Database, p, c.Tenant, func(t store.Tenant) error {
		wanted := enroll.Invitee{Email: c.Email, Extension: c.Extension, Name: c.Name, Role: c.Role}
		handOver := c.PrintLink || c.Email == ""
		i, err := invitations.Invite(ctx, t, operatorActor, wanted, handOver, fromHere)
		if err != nil {
			return withRoles(ctx, t, err)
		}
		if _, err := fmt.Fprintln(p.stdout, i.User); err != nil {
			return err
		}
		switch {
		case c.PrintLink:
			return c.print(p, t, i.Link)
		case handOver:
			p.say("The user has no e-mail address, so nobody was told: “user initial-password” gives a password to hand over.")
		default:
			p.say("An invitation to the user goes out by a server with a mail server set (--mail).")
		}
		return nil
	})
}

type userResetLinkCmd struct {
	actCmd
	Links
}

// Run mails the link, or prints it.
func (c *userResetLinkCmd) Run(ctx context.Context, p *program) error {
	people := &admin.Service{Now: p.now, Operator: c.rules()}
	return c.act(ctx, p, func(ctx context.Context, t store.Tenant, u identity.User) error {
		if !c.PrintLink {
			err := people.MailReset(ctx, t, operatorActor, u.ID, fromHere)
			if err == nil {
				p.say("A letter with the link goes out by a server with a mail server set (--mail).")
			}
			return err
		}
		l, err := people.ResetLink(ctx, t, operatorActor, u.ID, fromHere)
		if err != nil {
			return err
		}
		return c.print(p, t, l)
	})
}

type userHandOverCmd struct {
	actCmd
	output
	PasswordHash  string `default:"argon2id,m=19456,t=2,p=1" placeholder:"KIND" help:"How new passwords are hashed, as serve has it."`
	PublicAddress string `name:"public-url" default:"http://localhost:8080" placeholder:"URL" help:"The address people use, as serve has it."`
}

// Check reports the first setting that is out of bounds.
func (c userHandOverCmd) Check() error {
	_, err := config.ParsePublicURL(c.PublicAddress)
	return errors.Join(Passwords{PasswordHash: c.PasswordHash, PasswordMinLength: 8}.Check(), err)
}

// slipJSON is a slip for programs.
type slipJSON struct {
	SignIn   string     `json:"sign_in"`
	Tenant   string     `json:"tenant"`
	Username string     `json:"username"`
	Password string     `json:"password"`
	Expires  *time.Time `json:"expires_at"`
}

// Run makes the password and prints the slip, once.
func (c *userHandOverCmd) Run(ctx context.Context, p *program) error {
	public, err := config.ParsePublicURL(c.PublicAddress)
	if err != nil {
		return err
	}
	people, err := Passwords{PasswordHash: c.PasswordHash, PasswordMinLength: 8}.service(p)
	if err != nil {
		return err
	}
	return c.act(ctx, p, func(ctx context.Context, t store.Tenant, u identity.User) error {
		slip, err := people.GiveInitial(ctx, t, operatorActor, u.ID, fromHere)
		if err != nil {
			return err
		}
		p.sayWhere(c.PublicAddress)
		address := public + "/t/" + slip.Tenant.Slug + "/login"
		return c.one(p, slipJSON{address, slip.Tenant.Slug, slip.Username, slip.Password.Reveal(), instant(slip.Until)}, [][2]string{
			{"address", address}, {"username", slip.Username}, {"password", slip.Password.Reveal()}, {"use it before", moment(slip.Until)},
		})
	})
}
