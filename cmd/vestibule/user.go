package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"golang.org/x/term"

	"github.com/vestibule-id/vestibule/internal/admin"
	"github.com/vestibule-id/vestibule/internal/config"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/secret"
	"github.com/vestibule-id/vestibule/internal/store"
)

// userCmd keeps a tenant's users.
type userCmd struct {
	Create     userCreateCmd     `cmd:"" aliases:"invite" help:"Make a user; without a password, invite it."`
	List       userListCmd       `cmd:"" help:"List a tenant's users in the order they were made."`
	Show       userShowCmd       `cmd:"" help:"Show a user."`
	Set        userSetCmd        `cmd:"" help:"Change a user, or set an initial password."`
	Deactivate userDeactivateCmd `cmd:"" help:"Keep a user from signing in and end its sessions."`
	Reactivate userReactivateCmd `cmd:"" help:"Let a deactivated user sign in again."`
	Delete     userDeleteCmd     `cmd:"" help:"Remove a user; the audit trail stays."`
	Unlock     userUnlockCmd     `cmd:"" help:"Forget the failed tries on a user."`
	ResetLink  userResetLinkCmd  `cmd:"" help:"Mail or print a link to choose a new password."`
	HandOver   userHandOverCmd   `cmd:"" name:"initial-password" help:"Make an initial password and print a slip to hand over."`
	Import     userImportCmd     `cmd:"" help:"Make users from a CSV file."`
	Export     userExportCmd     `cmd:"" help:"Write a tenant's users as a CSV file."`
}

// inCmd is what commands about a tenant's users take.
type inCmd struct {
	Tenant string `required:"" placeholder:"SLUG" help:"The tenant's slug."`
}

// onCmd is what commands about one user take.
type onCmd struct {
	inCmd
	User string `arg:"" help:"The user's id, e-mail address or extension."`
}

var errNoUser = problem.New(problem.Missing, "unknown_user", "There is no such user in that tenant.")

// find finds the user a command is about.
func (c onCmd) find(ctx context.Context, t store.Tenant) (u identity.User, err error) {
	switch {
	case strings.HasPrefix(c.User, "usr_"):
		u, err = t.User(ctx, identity.UserID(c.User))
	case strings.Contains(c.User, "@"):
		email, perr := identity.ParseEmail(c.User)
		if perr != nil {
			return u, perr
		}
		u, err = t.UserByEmail(ctx, email.Folded)
	default:
		extension, perr := identity.ParseExtension(c.User)
		if perr != nil {
			return u, errNoUser.Because("A user is named by its id (usr_…), e-mail address or extension.")
		}
		u, err = t.UserByExtension(ctx, extension)
	}
	if errors.Is(err, problem.NotFound) {
		return u, errNoUser
	}
	return u, err
}

// Passwords are the settings of serve that a new password follows.
type Passwords struct {
	PasswordStdin     bool   `only:"flag" help:"Read a password from standard input, up to the first line end."`
	MustChange        bool   `default:"true" negatable:"" only:"flag" help:"It is an initial password: the user must change it at the first sign-in, unless the tenant's policy lets it be."`
	PasswordHash      string `default:"argon2id,m=19456,t=2,p=1" placeholder:"KIND" help:"How new passwords are hashed, as serve has it."`
	PasswordMinLength int    `default:"8" placeholder:"N" help:"The fewest characters of a password, from 8 to 64, as serve has it."`
	ProductName       string `default:"Vestibule" placeholder:"NAME" help:"What pages and letters call the product, as serve has it."`
}

// Check reports the first setting that is out of bounds.
func (c Passwords) Check() error {
	if _, err := secret.ParseParams(c.PasswordHash); err != nil {
		return fmt.Errorf("--password-hash: %w", err)
	}
	if c.PasswordMinLength < 8 || c.PasswordMinLength > 64 {
		return errors.New("--password-min-length: must be from 8 to 64")
	}
	return nil
}

// service is what acts on users, by the operator's rules for passwords.
func (c Passwords) service(p *program) (*admin.Service, error) {
	params, err := secret.ParseParams(c.PasswordHash)
	rules := policy.Effective(policy.Defaults(), identity.Policy{PasswordMinLength: c.PasswordMinLength})
	return &admin.Service{Now: p.now, Params: params, Operator: rules, Product: c.ProductName}, err
}

// read reads the password, if one is to be read. A person is asked, and does
// not see it.
func (c Passwords) read(p *program) (secret.Password, error) {
	if !c.PasswordStdin {
		return secret.Password{}, nil
	}
	if file, ok := p.stdin.(*os.File); ok && term.IsTerminal(int(file.Fd())) {
		fmt.Fprint(p.stderr, "Password: ")
		typed, err := term.ReadPassword(int(file.Fd()))
		fmt.Fprintln(p.stderr)
		if err != nil {
			return secret.Password{}, err
		}
		return secret.NewPassword(string(typed))
	}
	typed, err := io.ReadAll(io.LimitReader(p.stdin, secret.MaxPassword+2)) // and a line end
	if err != nil {
		return secret.Password{}, err
	}
	line, _, _ := strings.Cut(string(typed), "\n")
	return secret.NewPassword(strings.TrimSuffix(line, "\r"))
}

// userJSON is a user for programs.
type userJSON struct {
	ID         identity.UserID     `json:"id"`
	Name       string              `json:"name"`
	Email      string              `json:"email"`
	Extension  string              `json:"extension"`
	Role       string              `json:"role"`
	Status     identity.UserStatus `json:"status"`
	MustChange bool                `json:"must_change_password"`
	LastSignIn *time.Time          `json:"last_sign_in_at"`
	CreatedAt  *time.Time          `json:"created_at"`
}

func userOf(u identity.User) userJSON {
	return userJSON{u.ID, u.Name, u.Email.Typed, u.Extension, u.Role, u.Status, u.MustChange, instant(u.LastSignIn), instant(u.CreatedAt)}
}

// shownUser is a user with when the limiter lets everybody try again.
type shownUser struct {
	userJSON
	WaitsUntil  *time.Time `json:"waits_until"`
	MailTrouble string     `json:"mail_trouble"` // why letters do not arrive; empty: nothing known
}

type userListCmd struct {
	config.Database
	output
	inCmd
	Role   string `only:"flag" placeholder:"ROLE" help:"Only those with this role."`
	Status string `enum:",invited,active,deactivated" default:"" only:"flag" placeholder:"STATUS" help:"Only invited, active or deactivated ones."`
}

// Run lists the users.
func (c *userListCmd) Run(ctx context.Context, p *program) error {
	return inTenant(ctx, c.Database, p, c.Tenant, func(t store.Tenant) error {
		if c.Role != "" {
			if _, err := t.Role(ctx, c.Role); errors.Is(err, problem.NotFound) {
				return withRoles(ctx, t, errNoRole)
			} else if err != nil {
				return err
			}
		}
		const page = 500
		items, rows := []userJSON{}, [][]string{}
		for after := identity.UserID(""); ; {
			list, err := t.Users(ctx, after, page)
			if err != nil {
				return err
			}
			for _, u := range list {
				after = u.ID
				if c.Role != "" && u.Role != c.Role || c.Status != "" && string(u.Status) != c.Status {
					continue
				}
				items = append(items, userOf(u))
				rows = append(rows, []string{string(u.ID), u.Name, filled(u.Email.Typed), filled(u.Extension), u.Role, string(u.Status), moment(u.LastSignIn)})
			}
			if len(list) < page {
				return c.list(p, items, "ID NAME EMAIL EXTENSION ROLE STATUS LAST_SIGN_IN_AT", rows)
			}
		}
	})
}

type userShowCmd struct {
	config.Database
	output
	onCmd
}

// Run shows one user.
func (c *userShowCmd) Run(ctx context.Context, p *program) error {
	return inTenant(ctx, c.Database, p, c.Tenant, func(t store.Tenant) error {
		u, err := c.find(ctx, t)
		if err != nil {
			return err
		}
		_, until, err := people(p).Waits(ctx, t, u)
		if err != nil {
			return err
		}
		trouble := troubleOf(u.Mail)
		return c.one(p, shownUser{userOf(u), instant(until), trouble}, [][2]string{
			{"id", string(u.ID)}, {"name", u.Name}, {"email", filled(u.Email.Typed)}, {"extension", filled(u.Extension)},
			{"role", u.Role}, {"status", string(u.Status)}, {"must_change_password", fmt.Sprint(u.MustChange)},
			{"last_sign_in_at", moment(u.LastSignIn)}, {"created_at", moment(u.CreatedAt)}, {"waits_until", moment(until)},
			{"mail_trouble", filled(trouble)},
		})
	})
}
