package main

import (
	"context"
	"fmt"

	"github.com/vestibule-id/vestibule/internal/admin"
	"github.com/vestibule-id/vestibule/internal/config"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/store"
)

type userCreateCmd struct {
	config.Database
	inCmd
	Passwords
	Links
	Email     string `only:"flag" placeholder:"ADDRESS" help:"The user's e-mail address; needed but in the extension style."`
	Extension string `only:"flag" placeholder:"N" help:"The user's extension, 2 to 10 digits; needed in the extension style."`
	Name      string `only:"flag" required:"" placeholder:"NAME" help:"What the user is called."`
	Role      string `only:"flag" required:"" placeholder:"ROLE" help:"admin, manager, user, or a role of the tenant's own."`
}

// Run makes the user and writes its id. Without a password it is invited.
func (c *userCreateCmd) Run(ctx context.Context, p *program) error {
	people, err := c.service(p)
	if err != nil {
		return err
	}
	password, err := c.read(p)
	if err != nil {
		return err
	}
	if !c.PasswordStdin {
		return c.invite(ctx, p)
	}
	if c.PrintLink {
		return usage("--print-link prints an invitation: leave out --password-stdin")
	}
	return inTenant(ctx, c.Database, p, c.Tenant, func(t store.Tenant) error {
		wanted := admin.NewUser{Email: c.Email, Extension: c.Extension, Name: c.Name, Role: c.Role, Password: password, MustChange: c.MustChange}
		u, err := people.Create(ctx, t, operatorActor, wanted, fromHere)
		if err == nil {
			_, err = fmt.Fprintln(p.stdout, u.ID)
		}
		return withRoles(ctx, t, err)
	})
}

type userSetCmd struct {
	config.Database
	onCmd
	Passwords
	Email     *string `only:"flag" placeholder:"ADDRESS" help:"Another e-mail address; an empty one takes it away."`
	Extension *string `only:"flag" placeholder:"N" help:"Another extension; an empty one takes it away."`
	Name      *string `only:"flag" placeholder:"NAME" help:"Another name."`
	Role      *string `only:"flag" placeholder:"ROLE" help:"Another role: admin, manager, user, or one of the tenant's own."`
}

// Run changes the user's fields or its password: one transaction, so that
// nothing is ever half done.
func (c *userSetCmd) Run(ctx context.Context, p *program) error {
	changes := admin.Changes{Email: c.Email, Extension: c.Extension, Name: c.Name, Role: c.Role}
	switch nothing := changes == (admin.Changes{}); {
	case nothing && !c.PasswordStdin:
		return usage("nothing to set: give --email, --extension, --name, --role or --password-stdin")
	case !nothing && c.PasswordStdin:
		return usage("--password-stdin is a change of its own: leave the others for a second command")
	}
	people, err := c.service(p)
	if err != nil {
		return err
	}
	password, err := c.read(p)
	if err != nil {
		return err
	}
	return inTenant(ctx, c.Database, p, c.Tenant, func(t store.Tenant) error {
		u, err := c.find(ctx, t)
		if err != nil {
			return err
		}
		if c.PasswordStdin {
			return people.SetPassword(ctx, t, operatorActor, u.ID, password, c.MustChange, fromHere)
		}
		_, err = people.Set(ctx, t, operatorActor, u.ID, changes, fromHere)
		return withRoles(ctx, t, err)
	})
}

type userDeactivateCmd struct{ actCmd }

// Run keeps the user out.
func (c *userDeactivateCmd) Run(ctx context.Context, p *program) error {
	return c.act(ctx, p, func(ctx context.Context, t store.Tenant, u identity.User) error {
		if u.Status == identity.Deactivated {
			p.say("The user was deactivated already; nothing has changed.")
		}
		return people(p).Deactivate(ctx, t, operatorActor, u.ID, fromHere)
	})
}

type userReactivateCmd struct{ actCmd }

// Run lets the user in again.
func (c *userReactivateCmd) Run(ctx context.Context, p *program) error {
	return c.act(ctx, p, func(ctx context.Context, t store.Tenant, u identity.User) error {
		if u.Status != identity.Deactivated {
			p.say("The user was not deactivated but is %s; nothing has changed.", u.Status)
		}
		return people(p).Reactivate(ctx, t, operatorActor, u.ID, fromHere)
	})
}

type userDeleteCmd struct{ actCmd }

// Run removes the user.
func (c *userDeleteCmd) Run(ctx context.Context, p *program) error {
	return c.act(ctx, p, func(ctx context.Context, t store.Tenant, u identity.User) error {
		return people(p).Delete(ctx, t, operatorActor, u.ID, fromHere)
	})
}

type userUnlockCmd struct{ actCmd }

// Run forgets the failed tries on the user.
func (c *userUnlockCmd) Run(ctx context.Context, p *program) error {
	return c.act(ctx, p, func(ctx context.Context, t store.Tenant, u identity.User) error {
		tries, _, err := people(p).Waits(ctx, t, u)
		if err != nil {
			return err
		}
		if tries == 0 {
			p.say("No failed tries are counted on the user; nobody waits.")
		}
		return people(p).Unlock(ctx, t, operatorActor, u.ID, fromHere)
	})
}

// people is what acts on users where no password is set.
func people(p *program) *admin.Service { return &admin.Service{Now: p.now} }

// actCmd is a command that does one thing to one user.
type actCmd struct {
	config.Database
	onCmd
}

// act finds the user and does it.
func (c actCmd) act(ctx context.Context, p *program, do func(context.Context, store.Tenant, identity.User) error) error {
	return inTenant(ctx, c.Database, p, c.Tenant, func(t store.Tenant) error {
		u, err := c.find(ctx, t)
		if err != nil {
			return err
		}
		return do(ctx, t, u)
	})
}
