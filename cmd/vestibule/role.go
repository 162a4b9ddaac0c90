package main

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/vestibule-id/vestibule/internal/admin"
	"github.com/vestibule-id/vestibule/internal/config"
	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/store"
)

// roleCmd keeps a tenant's roles.
type roleCmd struct {
	List   roleListCmd   `cmd:"" help:"List a tenant's roles, the highest first."`
	Create roleCreateCmd `cmd:"" help:"Make a role of the tenant's own."`
	Set    roleSetCmd    `cmd:"" help:"Change a role for everybody who has it."`
	Delete roleDeleteCmd `cmd:"" help:"Remove a role that nobody has."`
}

// ofRole is what commands about one role take.
type ofRole struct {
	config.Database
	inCmd
	Name string `arg:"" help:"The role's name."`
}

// change makes it more than a name nobody has.
func (c ofRole) change(ctx context.Context, p *program, do func(*admin.Service, store.Tenant) error) error {
	return inTenant(ctx, c.Database, p, c.Tenant, func(t store.Tenant) error {
		err := do(people(p), t)
		if problem.Of(err) == problem.NotFound {
			return withRoles(ctx, t, errNoRole)
		}
		return err
	})
}

var errNoRole = problem.New(problem.Missing, "no_such_role", "There is no such role in that tenant.")

// withRoles names the roles there are, where err is that one is named that is not.
func withRoles(ctx context.Context, t store.Tenant, err error) error {
	said := problem.Of(err)
	if said == nil || !errors.Is(err, errNoRole) && !errors.Is(err, policy.ErrNoRole) && !faulted(said, policy.ErrNoRole) {
		return err
	}
	roles, unread := t.Roles(ctx)
	if unread != nil {
		return errors.Join(err, unread)
	}
	return said.Because("%s The tenant's roles: %s.", said.Message, roles.Names())
}

// faulted reports whether what is wrong with a field is a problem of its own.
func faulted(said, why *problem.Problem) bool {
	return slices.ContainsFunc(said.Fields, func(f problem.Field) bool { return f.Message == why.Message })
}

// roleJSON is a role for programs.
type roleJSON struct {
	Name        string     `json:"name"`
	Title       string     `json:"title"`
	Rank        int        `json:"rank"`
	Permissions []string   `json:"permissions"`
	BuiltIn     bool       `json:"built_in"`
	Users       int64      `json:"users"`
	Invited     int64      `json:"invited"`
	CreatedAt   *time.Time `json:"created_at"`
	ChangedAt   *time.Time `json:"changed_at"`
}

type roleListCmd struct {
	config.Database
	output
	inCmd
}

// Run lists the roles.
func (c *roleListCmd) Run(ctx context.Context, p *program) error {
	return inTenant(ctx, c.Database, p, c.Tenant, func(t store.Tenant) error {
		list, err := people(p).Roles(ctx, t, operatorActor)
		if err != nil {
			return err
		}
		items, rows := []roleJSON{}, [][]string{}
		for _, r := range list {
			names := strings.Fields(string(r.Permissions))
			items = append(items, roleJSON{r.Name, r.Title, r.Rank, names, r.BuiltIn, r.Holders.Users, r.Holders.Invited, instant(r.CreatedAt), instant(r.ChangedAt)})
			rows = append(rows, []string{r.Name, r.Title, strconv.Itoa(r.Rank), strconv.FormatInt(r.Holders.Users, 10), strconv.FormatInt(r.Holders.Invited, 10),
				filled(strings.Join(names, ","))})
		}
		return c.list(p, items, "NAME TITLE RANK USERS INVITED PERMISSIONS", rows)
	})
}

type roleCreateCmd struct {
	ofRole
	Title       string `only:"flag" required:"" placeholder:"TITLE" help:"What people read, at most 60 characters."`
	Rank        int    `only:"flag" required:"" placeholder:"N" help:"From 1 to 99; the built-in roles have 100, 50 and 10."`
	Permissions string `only:"flag" placeholder:"LIST" help:"What it lets people do, with commas between; none if left out."`
}

// Help lists the permissions.
func (roleCreateCmd) Help() string { return permissionsHelp() }

// Run makes the role.
func (c *roleCreateCmd) Run(ctx context.Context, p *program) error {
	return c.change(ctx, p, func(s *admin.Service, t store.Tenant) error {
		_, err := s.CreateRole(ctx, t, operatorActor, admin.NewRole{Name: c.Name, Title: c.Title, Rank: c.Rank, Permissions: parted(c.Permissions)}, fromHere)
		return err
	})
}

type roleSetCmd struct {
	ofRole
	Title       *string `only:"flag" placeholder:"TITLE" help:"Another title."`
	Rank        *int    `only:"flag" placeholder:"N" help:"Another rank."`
	Permissions *string `only:"flag" placeholder:"LIST" help:"All it is to let people do, with commas between; an empty list takes everything away."`
}

// Help lists the permissions.
func (roleSetCmd) Help() string { return permissionsHelp() }

// Run changes the role.
func (c *roleSetCmd) Run(ctx context.Context, p *program) error {
	changes := admin.RoleChanges{Title: c.Title, Rank: c.Rank}
	if c.Permissions != nil {
		list := parted(*c.Permissions)
		changes.Permissions = &list
	}
	if changes == (admin.RoleChanges{}) {
		return usage("nothing to set: give --title, --rank or --permissions")
	}
	return c.change(ctx, p, func(s *admin.Service, t store.Tenant) error {
		_, err := s.SetRole(ctx, t, operatorActor, c.Name, changes, fromHere)
		return err
	})
}

type roleDeleteCmd struct{ ofRole }

// Run removes the role.
func (c *roleDeleteCmd) Run(ctx context.Context, p *program) error {
	return c.change(ctx, p, func(s *admin.Service, t store.Tenant) error {
		return s.DeleteRole(ctx, t, operatorActor, c.Name, fromHere)
	})
}

// parted are the words of a list with commas.
func parted(list string) []string {
	return strings.FieldsFunc(list, func(c rune) bool { return c == ',' || c == ' ' })
}

func permissionsHelp() string {
	var text strings.Builder
	text.WriteString("The permissions:\n\n")
	for _, p := range policy.AllPermissions() {
		text.WriteString("  " + string(p.Permission) + strings.Repeat(" ", max(1, 20-len(p.Permission))) + p.Words)
		if p.Needs != "" {
			text.WriteString(" (with " + string(p.Needs) + ")")
		}
		text.WriteString("\n")
	}
	return text.String()
}
