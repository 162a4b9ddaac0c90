package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"text/tabwriter"

	"github.com/alecthomas/kong"

	"github.com/vestibule-id/vestibule/internal/admin"
	"github.com/vestibule-id/vestibule/internal/config"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/mail"
	"github.com/vestibule-id/vestibule/internal/operator"
	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/secret"
	"github.com/vestibule-id/vestibule/internal/store"
	"github.com/vestibule-id/vestibule/internal/web"
)

// demoCmd is the server on a database of its own, filled with something to
// try.
type demoCmd struct {
	config.Serve
	Data string `placeholder:"DIR" help:"Keep the database in this folder, and go on with it next time; without it everything is gone at the end."`
}

// demoPassword opens every account of the demo. It is printed, and the demo
// listens to this machine unless told otherwise.
const demoPassword = "sunny harbour 42"

// demoTenants are one tenant of each style.
var demoTenants = []struct {
	slug, name string
	style      identity.Style
	users      []admin.NewUser
}{
	{"acme-corp", "Acme Corporation", identity.Workspace, []admin.NewUser{
		{Email: "admin@acme-corp.test", Name: "Acme Administrator", Role: identity.Admin},
		{Email: "sales@acme-corp.test", Name: "Acme Sales", Role: identity.Manager},
		{Email: "support@acme-corp.test", Name: "Acme Support", Role: identity.Member},
	}},
	{"wickedsprockets", "Wicked Sprockets", identity.Extension, []admin.NewUser{
		{Extension: "200", Email: "admin@wickedsprockets.test", Name: "Front Desk", Role: identity.Admin},
		{Extension: "201", Name: "Workshop", Role: identity.Member},
		{Extension: "202", Name: "New Colleague", Role: identity.Member, MustChange: true},
	}},
	{"kontak", "Kontak", identity.Email, []admin.NewUser{
		{Email: "admin@kontak.test", Name: "Kontak Administrator", Role: identity.Admin},
		{Email: "team@kontak.test", Name: "Kontak Team", Role: identity.Member},
	}},
}

// Run serves the demo until the process is told to stop.
func (c *demoCmd) Run(ctx context.Context, chosen *kong.Context, p *program) (err error) {
	params, err := secret.ParseParams(c.PasswordHash)
	if err != nil {
		return usage("--password-hash: %w", err)
	}
	from, err := mail.ParseSender(c.MailFrom)
	if err != nil {
		return usage("--mail-from: %w", err)
	}
	c.findPorts(p, given(chosen, "ops-listen"))
	folder, remove, err := demoFolder(c.Data)
	if err != nil {
		return err
	}
	defer remove()
	database := config.Database{Database: config.Address("sqlite:" + filepath.Join(folder, "vestibule.db"))}
	release, err := operator.LockServer(database.Database)
	if err != nil {
		return err
	}
	defer release()
	if _, err := operator.MakeDatabase(ctx, database); err != nil {
		return err
	}
	s, err := operator.OpenDatabase(ctx, database)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	kept, err := c.fill(ctx, p, s, params)
	if err != nil {
		return fmt.Errorf("fill the demo: %w", err)
	}
	accounts, err := demoAccounts(ctx, s)
	if err != nil {
		return fmt.Errorf("read the demo: %w", err)
	}
	p.onServing = func(address net.Addr) { c.explain(p, address, accounts, kept) }
	return serve(ctx, p, s, c.Serve, &web.Demo{
		Inbox: &mail.Inbox{Sender: from, Now: p.now}, Password: demoPassword, Kept: kept,
		Accounts: func(ctx context.Context) ([]web.DemoAccount, error) { return demoAccounts(ctx, s) },
	})
}

func demoFolder(chosen string) (folder string, remove func(), err error) {
	if info, err := os.Stat(chosen); err == nil && !info.IsDir() {
		return "", nil, usage("--data: %s is a file; a folder is wanted", chosen)
	}
	if chosen != "" {
		return chosen, func() {}, os.MkdirAll(chosen, 0o700)
	}
	folder, err = os.MkdirTemp("", "vestibule-demo-")
	return folder, func() { _ = os.RemoveAll(folder) }, err
}

// fill makes what the demo's database has not yet; kept says that it had
// something.
func (c *demoCmd) fill(ctx context.Context, p *program, s *store.Store, params secret.Params) (kept bool, err error) {
	keeper := &operator.Service{Store: s, Now: p.now}
	people := &admin.Service{Now: p.now, Params: params, Operator: policy.Effective(policy.Defaults(), c.Policy()), Product: c.ProductName}
	password, err := secret.NewPassword(demoPassword)
	if err != nil {
		return false, err
	}
	for _, d := range demoTenants {
		tenant, err := keeper.CreateTenant(ctx, d.slug, d.name, d.style)
		if errors.Is(err, operator.ErrSlugTaken) {
			kept = true
			continue
		} else if err != nil {
			return kept, err
		}
		for _, u := range d.users {
			u.Password = password
			if _, err := people.Create(ctx, s.Tenant(tenant.ID), identity.Actor{Operator: true}, u, identity.Peer{}); err != nil {
				return kept, err
			}
		}
	}
	return kept, nil
}

// demoAccounts reads who there is: a kept demo has been played with.
func demoAccounts(ctx context.Context, s *store.Store) (list []web.DemoAccount, err error) {
	for _, d := range demoTenants {
		t, err := s.TenantBySlug(ctx, d.slug)
		if errors.Is(err, problem.NotFound) {
			continue
		} else if err != nil {
			return nil, err
		}
		users, err := s.Tenant(t.ID).Users(ctx, "", 20)
		if err != nil {
			return nil, err
		}
		for _, u := range users {
			a := web.DemoAccount{Tenant: t.Name, Slug: t.Slug, Style: t.Style, As: u.Email.Typed, Role: policy.BuiltIn(u.Role).Title}
			if t.Style == identity.Extension {
				a.As = u.Extension + "-" + t.Slug
			}
			switch {
			case t.Status == identity.TenantSuspended:
				a.Note = "the tenant is suspended"
			case u.Status != identity.Active:
				a.Note = string(u.Status)
			case u.MustChange:
				a.Note = "must choose a password first"
			}
			list = append(list, a)
		}
	}
	return list, nil
}

// explain tells on standard output what there is to try.
func (c *demoCmd) explain(p *program, address net.Addr, accounts []web.DemoAccount, kept bool) {
	base := c.PublicURL(address.(*net.TCPAddr).Port)
	passwords := "The password of everybody is: " + demoPassword
	if kept {
		passwords = "The passwords are as you left them; at first everybody's was: " + demoPassword
	}
	fmt.Fprintf(p.stdout, "\n%s is serving a demo. %s\n\n", c.ProductName, passwords)
	table := tabwriter.NewWriter(p.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "TENANT\tSIGN IN AT\tAS\tROLE\t")
	for _, a := range accounts {
		fmt.Fprintf(table, "%s\t%s/t/%s/login\t%s\t%s\t%s\n", a.Slug, base, a.Slug, a.As, a.Role, a.Note)
	}
	table.Flush()
	fmt.Fprintf(p.stdout, "\nWithout a tenant in the address: %s/login?style=workspace, ?style=extension or ?style=email\n", base)
	fmt.Fprintf(p.stdout, "What to try: %s/dev    Every mail the product sends: %s/dev/inbox\n", base, base)
	fmt.Fprintln(p.stdout, "Stop with Ctrl-C.")
}
