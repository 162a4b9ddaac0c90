package enroll

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"strings"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/secret"
	"github.com/vestibule-id/vestibule/internal/store"
)

// A judge decides which records make users. It remembers every address and
// extension of the file by a hash of 64 bits, of which no two in a million
// are the same but once in 40 million files.
type judge struct {
	style  identity.Style
	actor  identity.Actor
	known  identity.Roles
	roles  map[string]string // what is wrong with giving a role, "" for nothing
	noRole string            // what is wrong with one there is not
	seed   maphash.Seed
	firsts map[uint64]uint32 // the line an identifier was first on
}

func newJudge(style identity.Style, actor identity.Actor, known identity.Roles) *judge {
	return &judge{style: style, actor: actor, known: known, roles: map[string]string{}, noRole: noRole(actor, known),
		seed: maphash.MakeSeed(), firsts: map[uint64]uint32{}}
}

// noRole names the roles that whoever imports may give instead of one there is not.
func noRole(actor identity.Actor, known identity.Roles) string {
	var given identity.Roles
	for _, role := range known {
		if policy.MayGive(actor, role) == nil {
			given = append(given, role)
		}
	}
	return "There is no such role; " + given.Names() + " may be given."
}

// columnsFor checks that a file has the columns a tenant of the style needs.
func (j *judge) columnsFor(r *records) error {
	needed := []int{columnEmail, columnName}
	if j.style == identity.Extension {
		needed[0] = columnExtension
	}
	for _, column := range needed {
		if r.columns[column] < 0 {
			return ErrHeader.Because("The column %s is missing.", columnNames[column])
		}
	}
	return nil
}

// A row is a record that was taken apart, with all that is wrong with it.
type row struct {
	number int
	user   store.UserHash
	wrong  []string
}

func (r *row) complain(column int, message string) {
	r.wrong = append(r.wrong, "Column "+columnNames[column]+": "+message)
}

// judge makes a user of a record, without an id.
func (j *judge) judge(r *records, record []string, number int) row {
	line := row{number: number}
	u := &line.user
	var err error
	if typed := identity.UnguardCell(r.field(record, columnEmail)); typed != "" || j.style != identity.Extension {
		if u.Email, err = identity.ParseEmail(typed); err != nil {
			line.complain(columnEmail, sentence(err))
		}
		j.once(&line, columnEmail, u.Email.Folded)
	}
	if typed := r.field(record, columnExtension); typed != "" || j.style == identity.Extension {
		if u.Extension, err = identity.ParseExtension(typed); err != nil {
			line.complain(columnExtension, sentence(err))
		}
		j.once(&line, columnExtension, u.Extension)
	}
	if u.Name, err = identity.ParseName(identity.UnguardCell(r.field(record, columnName))); err != nil {
		line.complain(columnName, sentence(err))
	}
	j.role(&line, r.field(record, columnRole))
	j.password(&line, strings.TrimSpace(r.field(record, columnHash)), r.field(record, columnMustChange))
	return line
}

// once sees to it that nobody is in a file twice.
func (j *judge) once(line *row, column int, identifier string) {
	if identifier == "" {
		return
	}
	key := maphash.String(j.seed, identifier) // an address has an @, an extension has none
	switch first, known := j.firsts[key]; {
	case !known:
		j.firsts[key] = uint32(line.number)
	case first != uint32(line.number):
		line.complain(column, fmt.Sprintf("The same stands on line %d already.", first))
	}
}

// role takes the plainest role for none, and any case.
func (j *judge) role(line *row, typed string) {
	role := strings.ToLower(strings.TrimSpace(typed))
	if role == "" {
		role = identity.Member
	}
	wrong, known := j.roles[role]
	if !known {
		switch err := policy.MayGive(j.actor, j.known.Named(role)); {
		case errors.Is(err, policy.ErrNoRole):
			wrong = j.noRole
		case err != nil:
			wrong = "You may not give this role, for it is more than yours."
		}
		// All that are given are asked about again; names a file may make up without end.
		if wrong == "" || len(j.roles) < 1000 {
			j.roles[role] = wrong
		}
	}
	if wrong != "" {
		line.complain(columnRole, wrong)
	}
	line.user.Role = role
}

// again asks once more, behind the tenant's lock, whether the roles that are
// given may be: who imports may have been demoted since the file was read, and
// a role changed or deleted. Errors are policy's.
func (j *judge) again(ctx context.Context, tx *store.Tx) error {
	actor, err := present(ctx, tx, j.actor)
	if err != nil {
		return err
	}
	if err := policy.Allow(actor, policy.UsersWrite); err != nil {
		return err
	}
	roles, err := tx.Roles(ctx)
	if err != nil {
		return err
	}
	for name, wrong := range j.roles {
		if wrong != "" {
			continue
		}
		if err := policy.MayGive(actor, roles.Named(name)); err != nil {
			return err
		}
	}
	return nil
}

// password: whoever comes without one is invited.
func (j *judge) password(line *row, hash, mustChange string) {
	u := &line.user
	u.Status = identity.Invited
	if hash != "" {
		accepted, err := secret.Accept(hash)
		if err != nil {
			line.complain(columnHash, err.Error()+".")
		}
		u.Hash, u.Status, u.HasPassword = accepted, identity.Active, true
	}
	switch strings.ToLower(strings.TrimSpace(mustChange)) {
	case "true", "1":
		u.MustChange = true
	case "false", "0", "":
	default:
		line.complain(columnMustChange, "Wanted is true or false.")
	}
}

// sentence is what a problem says; parsing gives nothing else.
func sentence(err error) string {
	if p := problem.Of(err); p != nil {
		return p.Message
	}
	return "That will not do."
}
