package store

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/policy"
	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/secret"
)

// What of a tenant is carried to another installation. What is sealed here is
// opened on the way out and sealed again, under the other one's keys, on the
// way in; what is derived, such as folded names, is derived there. The first
// column is the key, by which rows are read in order.
//
// Every column of a table that has a tenant is named here, or in the test of
// what stays behind.
const (
	carriedUsers = `id, email, extension, name, role, status, must_change, password, credential, lot, last_sign_in_at, created_at, initial_until, mail_trouble, mail_answer, mail_trouble_at, language, time_zone`
	usersOut     = `SELECT ` + carriedUsers + ` FROM users WHERE tenant_id = $1 AND id > $2 AND ` + visible + ` ORDER BY id LIMIT $3`
	usersIn      = `INSERT INTO users (tenant_id, ` + carriedUsers + `, email_folded, name_folded, password_kind)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22)`

	carriedRoles = `name, title, rank, permissions, created_at, changed_at`
	rolesOut     = `SELECT ` + carriedRoles + ` FROM roles WHERE tenant_id = $1 AND name > $2 ORDER BY name LIMIT $3`
	rolesIn      = `INSERT INTO roles (tenant_id, ` + carriedRoles + `) VALUES ($1, $2, $3, $4, $5, $6, $7)`

	// Of the links only those of invitations, for what becomes of these says
	// the link. The token was another there: whoever has it finds nothing here.
	carriedLinks = `id, purpose, user_id, made_by, created_at, expires_at, opened_at, used_at, revoked_at, address, credential`
	linksOut     = `SELECT ` + carriedLinks + ` FROM links WHERE tenant_id = $1 AND id > $2 AND purpose = 'invitation'
		AND EXISTS (SELECT 1 FROM invitations i WHERE i.tenant_id = $1 AND i.link_id = links.id) ORDER BY id LIMIT $3`
	linksIn = `INSERT INTO links (tenant_id, ` + carriedLinks + `, hash, data) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`

	carriedInvitations = `id, user_id, email, role, invited_by, link_id, created_at, accepted_at, revoked_at`
	invitationsOut     = `SELECT ` + carriedInvitations + ` FROM invitations WHERE tenant_id = $1 AND id > $2 ORDER BY id LIMIT $3`
	invitationsIn      = `INSERT INTO invitations (tenant_id, ` + carriedInvitations + `, email_folded) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`

	carriedLogos = `fingerprint, picture`
	logosOut     = `SELECT ` + carriedLogos + ` FROM logos WHERE tenant_id = $1 AND fingerprint > $2 ORDER BY fingerprint LIMIT $3`
	logosIn      = `INSERT INTO logos (tenant_id, ` + carriedLogos + `) VALUES ($1, $2, $3)`
)

// A ColumnKind says what a carried column holds.
type ColumnKind string

// The kinds of columns: string, int64 and []byte. A NullText is nil for none, a
// time is in microseconds since 1970, 0 for none.
const (
	TextColumn     ColumnKind = "text"
	NullTextColumn ColumnKind = "text or nothing"
	NumberColumn   ColumnKind = "number"
	TimeColumn     ColumnKind = "time"
	BytesColumn    ColumnKind = "bytes"
)

// A Sheet is a table as it is carried.
type Sheet struct {
	Name    string
	Columns []string
	Kinds   []ColumnKind // of the columns

	derived   int // columns that arrive adds
	out, into string
	leave     func(t Tenant, s Sheet, row []any) error
	arrive    func(t Tenant, s Sheet, row []any) []any
}

// Sheets are the tables that are carried, in the order they arrive.
func Sheets() []Sheet { return slices.Clone(sheets) }

var sheets = []Sheet{
	sheet("logos", carriedLogos, Sheet{out: logosOut, into: logosIn}),
	sheet("roles", carriedRoles, Sheet{out: rolesOut, into: rolesIn, arrive: roleArrives}),
	sheet("users", carriedUsers, Sheet{out: usersOut, into: usersIn, derived: 3, leave: userLeaves, arrive: userArrives}),
	sheet("links", carriedLinks, Sheet{out: linksOut, into: linksIn, derived: 2, arrive: linkArrives}),
	sheet("invitations", carriedInvitations, Sheet{out: invitationsOut, into: invitationsIn, derived: 1, arrive: invitationArrives}),
}

func sheet(name, columns string, s Sheet) Sheet {
	s.Name, s.Columns = name, strings.Split(columns, ", ")
	for _, column := range s.Columns {
		kind := TextColumn
		switch {
		case column == "picture":
			kind = BytesColumn
		case name == "invitations" && column == "user_id":
			kind = NullTextColumn
		case strings.HasSuffix(column, "_at"), strings.HasSuffix(column, "_until"):
			kind = TimeColumn
		case slices.Contains([]string{"must_change", "credential", "lot", "rank"}, column):
			kind = NumberColumn
		}
		s.Kinds = append(s.Kinds, kind)
	}
	return s
}

// At is where a column stands in the sheet's rows; -1: nowhere.
func (s Sheet) At(column string) int { return slices.Index(s.Columns, column) }

// CarryOut reads up to limit rows of a sheet, those whose keys come after the
// given one, with nothing sealed.
func (t Tenant) CarryOut(ctx context.Context, s Sheet, after string, limit int) (rows [][]any, err error) {
	defer problem.Wrap(&err, "carry %s out", s.Name)
	err = t.all(ctx, s.out, func(r row) error {
		values, targets := make([]any, len(s.Columns)), make([]any, len(s.Columns))
		for i := range values {
			targets[i] = &values[i]
		}
		if err := r.Scan(targets...); err != nil {
			return err
		}
		rows = append(rows, values)
		if s.leave == nil {
			return nil
		}
		return s.leave(t, s, values)
	}, after, limit)
	return rows, err
}

// Packed are rows of a sheet ready to be added, for which no transaction need
// be held open.
type Packed struct {
	sheet     Sheet
	rows      []any
	addresses []any
}

// Pack makes rows of a sheet, each with a value of its kind for every column,
// ready to be added here.
func (t Tenant) Pack(s Sheet, rows [][]any) Packed {
	p := Packed{sheet: s}
	var hashes []string
	for _, row := range rows {
		row = slices.Clone(row)
		if s.arrive != nil {
			row = s.arrive(t, s, row)
		}
		p.rows = append(p.rows, row...)
		if s.Name != "users" {
			continue
		}
		if folded := row[len(s.Columns)].(string); folded != "" {
			hashes = append(hashes, t.store.keys.AddressHash(folded))
		}
	}
	slices.Sort(hashes) // so that each page of the directory is come to once
	for _, hash := range hashes {
		p.addresses = append(p.addresses, hash)
	}
	return p
}

// CarryIn adds rows to a tenant that is on its way in. problem.Exists says that
// two of its rows are in each other's way; problem.NotFound that one belongs to
// something that is not there; ErrMoveOver that the import was given up.
func (tx *Tx) CarryIn(ctx context.Context, p Packed, now time.Time) (err error) {
	defer problem.Wrap(&err, "carry %s in", p.sheet.Name)
	if err := tx.comingIn(ctx, now); err != nil {
		return err
	}
	if err := tx.insertMany(ctx, p.sheet.into, len(p.sheet.Columns)+p.sheet.derived, p.rows); err != nil {
		return err
	}
	return tx.insertMany(ctx, insertAddress, 1, p.addresses)
}

// roleArrives gives a role what its permissions need, as every role has that is
// saved here.
func roleArrives(_ Tenant, s Sheet, row []any) []any {
	row[s.At("permissions")] = string(policy.Complete(identity.Permissions(s.text(row, "permissions"))))
	return row
}

func userLeaves(t Tenant, s Sheet, row []any) error {
	at := s.At("password")
	sealed, ok := row[at].([]byte)
	if !ok {
		return fmt.Errorf("a password hash is %T", row[at])
	}
	hash, err := t.openHash(identity.UserID(s.text(row, "id")), sealed)
	row[at] = string(hash)
	return err
}

func userArrives(t Tenant, s Sheet, row []any) []any {
	email, _ := identity.ParseEmail(s.text(row, "email")) // '' for none
	sealed, kind := t.sealHash(identity.UserID(s.text(row, "id")), secret.Hash(s.text(row, "password")))
	row[s.At("password")] = sealed
	return append(row, email.Folded, identity.FoldSearch(s.text(row, "name")), kind)
}

func linkArrives(t Tenant, s Sheet, row []any) []any {
	return append(row, t.linkHash(identity.InvitationLink, identity.LinkID(s.text(row, "id"))), []byte{})
}

func invitationArrives(_ Tenant, s Sheet, row []any) []any {
	email, _ := identity.ParseEmail(s.text(row, "email")) // '' for none
	return append(row, email.Folded)
}

// text is a text in a row; the empty text for nothing.
func (s Sheet) text(row []any, column string) string {
	text, _ := row[s.At(column)].(string)
	return text
}
