package store

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/problem"
)

const (
	insertImport = `INSERT INTO imports (tenant_id, id, started_at) VALUES ($1, $2, $3)`
	finishImport = `UPDATE imports SET finished_at = $3 WHERE tenant_id = $1 AND id = $2 AND finished_at = 0`
	deleteImport = `DELETE FROM imports WHERE tenant_id = $1 AND id = $2 AND finished_at = 0`
	openImports  = `SELECT id FROM imports WHERE tenant_id = $1 AND finished_at = 0 AND started_at < $2`

	insertImported = `INSERT INTO users (tenant_id, id, email, email_folded, extension, name, name_folded, role, status, must_change, password, password_kind, created_at, import_id)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`
	importedColumns = 13 // beside the tenant

	takenEmails     = `SELECT email_folded FROM users WHERE tenant_id = $1 AND email_folded IN ($2)`
	takenExtensions = `SELECT extension FROM users WHERE tenant_id = $1 AND extension IN ($2)`

	settleImported = `UPDATE users SET import_id = '' WHERE tenant_id = $1 AND id IN (
		SELECT u.id FROM users u JOIN imports i ON i.tenant_id = u.tenant_id AND i.id = u.import_id
		WHERE u.tenant_id = $1 AND u.import_id <> '' AND i.finished_at > 0 LIMIT $2)`
	dropImportedAddresses = `SELECT id, email_folded FROM users WHERE tenant_id = $1 AND import_id = $2 ORDER BY id LIMIT $3`
)

// ImportPiece is how many users AddImported takes at most: a piece must not
// hold the embedded database's writer for long.
const ImportPiece = 500

// StartImport opens an import; its users stay invisible until it is finished.
func (tx *Tx) StartImport(ctx context.Context, id identity.ImportID, now time.Time) (err error) {
	defer problem.Wrap(&err, "start import %s", id)
	_, err = tx.exec(ctx, insertImport, string(id), micros(now))
	return err
}

// FinishImport makes all users of an import visible at once; problem.NotFound
// when it has been given up meanwhile.
func (tx *Tx) FinishImport(ctx context.Context, id identity.ImportID, now time.Time) (err error) {
	defer problem.Wrap(&err, "finish import %s", id)
	return tx.execOne(ctx, finishImport, string(id), micros(now))
}

// AddImported adds up to ImportPiece users of an import, invisible yet;
// problem.Exists says that an address or extension is taken.
func (tx *Tx) AddImported(ctx context.Context, id identity.ImportID, users []UserHash) (err error) {
	defer problem.Wrap(&err, "add imported users")
	if len(users) == 0 || len(users) > ImportPiece {
		return fmt.Errorf("%d users, want 1 to %d", len(users), ImportPiece)
	}
	var rows, addresses []any
	for _, u := range users {
		sealed, kind := tx.sealHash(u.ID, u.Hash)
		rows = append(rows, string(u.ID), u.Email.Typed, u.Email.Folded, u.Extension, u.Name, identity.FoldSearch(u.Name),
			u.Role, string(u.Status), truth(u.MustChange), sealed, kind, micros(u.CreatedAt), string(id))
		if u.Email.Folded != "" {
			addresses = append(addresses, tx.store.keys.AddressHash(u.Email.Folded))
		}
	}
	if _, err := tx.exec(ctx, manyRows(insertImported, importedColumns, len(users)), rows...); err != nil || len(addresses) == 0 {
		return err
	}
	_, err = tx.exec(ctx, manyRows(insertAddress, 1, len(addresses)), addresses...)
	return err
}

// Taken says which of the given folded addresses and extensions somebody in
// the tenant has already.
func (t Tenant) Taken(ctx context.Context, emails, extensions []string) (taken map[string]bool, err error) {
	defer problem.Wrap(&err, "taken addresses")
	taken = map[string]bool{}
	collect := func(r row) error {
		var one string
		err := r.Scan(&one)
		taken[one] = true
		return err
	}
	for sql, names := range map[string][]string{takenEmails: emails, takenExtensions: extensions} {
		if len(names) == 0 {
			continue
		}
		args := make([]any, len(names))
		for i, name := range names {
			args[i] = name
		}
		if err := t.all(ctx, manyValues(sql, len(names)), collect, args...); err != nil {
			return nil, err
		}
	}
	return taken, nil
}

// DropImported deletes up to ImportPiece users of an unfinished import, and
// the import itself with the last of them; done says that nothing is left.
func (tx *Tx) DropImported(ctx context.Context, id identity.ImportID) (done bool, err error) {
	defer problem.Wrap(&err, "drop import %s", id)
	var users []identity.User
	err = tx.all(ctx, dropImportedAddresses, func(r row) error {
		var u identity.User
		err := r.Scan(&u.ID, &u.Email.Folded)
		users = append(users, u)
		return err
	}, string(id), ImportPiece)
	if err != nil {
		return false, err
	}
	for _, u := range users {
		if err := tx.DeleteUser(ctx, u); err != nil {
			return false, err
		}
	}
	if len(users) == ImportPiece {
		return false, nil
	}
	_, err = tx.exec(ctx, deleteImport, string(id))
	return true, err
}

// OpenImports lists imports that were started before the given time and never
// finished: whoever ran them has died.
func (t Tenant) OpenImports(ctx context.Context, before time.Time) (ids []identity.ImportID, err error) {
	defer problem.Wrap(&err, "open imports")
	err = t.all(ctx, openImports, func(r row) error {
		var id identity.ImportID
		err := r.Scan(&id)
		ids = append(ids, id)
		return err
	}, micros(before))
	return ids, err
}

// SettleImported takes the mark of finished imports off up to ImportPiece
// users, so that nothing need look it up any more.
func (tx *Tx) SettleImported(ctx context.Context) (n int64, err error) {
	defer problem.Wrap(&err, "settle imported users")
	return tx.exec(ctx, settleImported, ImportPiece)
}

// manyRows repeats the values of an INSERT whose last row of parameters is
// ($1, …): $1 stays the tenant, each row has its own columns.
func manyRows(insert string, columns, rows int) string {
	var b strings.Builder
	head, _, _ := strings.Cut(insert, "VALUES")
	b.WriteString(head + "VALUES ")
	for r := range rows {
		if r > 0 {
			b.WriteString(", ")
		}
		b.WriteString("($1")
		for c := range columns {
			fmt.Fprintf(&b, ", $%d", 2+r*columns+c)
		}
		b.WriteString(")")
	}
	return b.String()
}

// manyValues widens "IN ($2)" to n values.
func manyValues(sql string, n int) string {
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "$%d", 2+i)
	}
	return strings.Replace(sql, "IN ($2)", "IN ("+b.String()+")", 1)
}
