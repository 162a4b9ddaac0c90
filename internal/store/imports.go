package store

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/secret"
)

// An import is open until it is finished or given up. While it is open,
// started_at moves with every piece, so that one whose process was killed can
// be told from one that is only slow; 0 says that it was given up, and nothing
// is added to it any more.
const (
	insertImport  = `INSERT INTO imports (tenant_id, id, started_at) VALUES ($1, $2, $3)`
	touchImport   = `UPDATE imports SET started_at = $3 WHERE tenant_id = $1 AND id = $2 AND finished_at = 0 AND started_at > 0`
	finishImport  = `UPDATE imports SET finished_at = $3 WHERE tenant_id = $1 AND id = $2 AND finished_at = 0 AND started_at > 0`
	giveUpImport  = `UPDATE imports SET started_at = 0 WHERE tenant_id = $1 AND id = $2 AND finished_at = 0 AND started_at < $3`
	deleteImport  = `DELETE FROM imports WHERE tenant_id = $1 AND id = $2 AND finished_at = 0 AND started_at = 0`
	deleteSettled = `DELETE FROM imports WHERE tenant_id = $1 AND finished_at > 0
		AND NOT EXISTS (SELECT 1 FROM users WHERE users.tenant_id = $1 AND users.import_id = imports.id AND users.import_id <> '')`
	openImports     = `SELECT id FROM imports WHERE tenant_id = $1 AND finished_at = 0 AND started_at < $2`
	finishedImports = `SELECT COUNT(*) FROM imports WHERE tenant_id = $1 AND finished_at > 0`

	insertImported = `INSERT INTO users (tenant_id, id, email, email_folded, extension, name, name_folded, role, status, must_change, password, password_kind, created_at, lot, import_id, language, time_zone)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)`
	importedColumns = 16 // beside the tenant

	// SQLite takes a partial index only when its condition is written out.
	takenEmails     = `SELECT email_folded FROM users WHERE tenant_id = $1 AND email_folded <> '' AND email_folded IN ($2)`
	takenExtensions = `SELECT extension FROM users WHERE tenant_id = $1 AND extension <> '' AND extension IN ($2)`

	settleImported = `UPDATE users SET import_id = '' WHERE tenant_id = $1 AND id IN (
		SELECT u.id FROM users u JOIN imports i ON i.tenant_id = u.tenant_id AND i.id = u.import_id
		WHERE u.tenant_id = $1 AND u.import_id <> '' AND i.finished_at > 0 LIMIT $2)`

	givenUpUsers = `SELECT u.id, u.email_folded FROM users u JOIN imports i ON i.tenant_id = u.tenant_id AND i.id = u.import_id
		WHERE u.tenant_id = $1 AND u.import_id = $2 AND u.import_id <> '' AND i.finished_at = 0 AND i.started_at = 0 LIMIT $3`
	deleteUsers     = `DELETE FROM users WHERE tenant_id = $1 AND id IN ($2)`
	deleteAddresses = `DELETE FROM addresses WHERE tenant_id = $1 AND hash IN ($2)`
)

// ImportPiece is how many users AddImported takes at most: a piece must not
// hold the embedded database's writer for long.
const ImportPiece = 1500

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

// GiveUpImport closes an open import that last showed before the given time
// that it lives; ok says that it was one. Nothing can be added to it or make
// it visible afterwards, so DropImported may take its users away.
func (tx *Tx) GiveUpImport(ctx context.Context, id identity.ImportID, before time.Time) (ok bool, err error) {
	defer problem.Wrap(&err, "give up import %s", id)
	n, err := tx.exec(ctx, giveUpImport, string(id), micros(before))
	return n > 0, err
}

// Staged are users ready to be added: folded and sealed, for which no
// transaction need be held open.
type Staged struct {
	users     int
	emails    []string // folded
	rows      []any
	addresses []any
}

// Stage makes up to ImportPiece users of an import ready.
func (t Tenant) Stage(id identity.ImportID, users []UserHash) Staged {
	s := Staged{users: len(users), rows: make([]any, 0, len(users)*importedColumns)}
	hashes := make([]string, 0, len(users))
	for _, u := range users {
		if u.Lot == 0 {
			u.Lot = secret.NewLot()
		}
		sealed, kind := t.sealHash(u.ID, u.Hash)
		s.rows = append(s.rows, string(u.ID), u.Email.Typed, u.Email.Folded, u.Extension, u.Name, identity.FoldSearch(u.Name),
			u.Role, string(u.Status), truth(u.MustChange), sealed, kind, micros(u.CreatedAt), u.Lot, string(id), u.Language, u.TimeZone)
		if u.Email.Folded != "" {
			s.emails = append(s.emails, u.Email.Folded)
			hashes = append(hashes, t.store.keys.AddressHash(u.Email.Folded))
		}
	}
	slices.Sort(hashes) // so that each page of the directory is come to once
	s.addresses = make([]any, len(hashes))
	for i, hash := range hashes {
		s.addresses[i] = hash
	}
	return s
}

// AddImported adds staged users, invisible yet. problem.Exists says that an
// address or extension is taken, or an address kept for somebody who may take a
// change back; problem.NotFound that the import has been given up.
func (tx *Tx) AddImported(ctx context.Context, id identity.ImportID, s Staged, now time.Time) (err error) {
	defer problem.Wrap(&err, "add imported users")
	if s.users == 0 || s.users > ImportPiece {
		return fmt.Errorf("%d users, want 1 to %d", s.users, ImportPiece)
	}
	if err := tx.insertMany(ctx, insertImported, importedColumns, s.rows); err != nil {
		return err
	}
	if err := tx.insertMany(ctx, insertAddress, 1, s.addresses); err != nil {
		return err
	}
	if err := tx.execOne(ctx, touchImport, string(id), micros(now)); err != nil {
		return err
	}
	if kept, err := tx.reserved(ctx, s.emails, now); err != nil || len(kept) == 0 {
		return err
	}
	return problem.Exists
}

// Taken says which of the given folded addresses and extensions somebody in
// the tenant has already, or may take back.
func (t Tenant) Taken(ctx context.Context, emails, extensions []string, now time.Time) (taken map[string]bool, err error) {
	defer problem.Wrap(&err, "taken addresses")
	taken = map[string]bool{}
	collect := func(r row) error {
		var one string
		err := r.Scan(&one)
		taken[one] = true
		return err
	}
	for sql, names := range map[string][]string{takenEmails: emails, takenExtensions: extensions} {
		for some := range slices.Chunk(names, inValues) {
			if err := t.all(ctx, manyValues(sql), collect, padded(some)...); err != nil {
				return nil, err
			}
		}
	}
	kept, err := t.reserved(ctx, emails, now)
	for _, one := range kept {
		taken[one] = true
	}
	return taken, err
}

// DropImported deletes up to ImportPiece users of an import that was given
// up, and the import itself with the last of them; done says that nothing is
// left.
func (tx *Tx) DropImported(ctx context.Context, id identity.ImportID) (done bool, err error) {
	defer problem.Wrap(&err, "drop import %s", id)
	var users, addresses []string
	err = tx.all(ctx, givenUpUsers, func(r row) error {
		var user, folded string
		err := r.Scan(&user, &folded)
		users = append(users, user)
		if folded != "" {
			addresses = append(addresses, tx.store.keys.AddressHash(folded))
		}
		return err
	}, string(id), ImportPiece)
	if err != nil {
		return false, err
	}
	if err := tx.dropUsers(ctx, users, addresses); err != nil {
		return false, err
	}
	if len(users) == ImportPiece {
		return false, nil
	}
	_, err = tx.exec(ctx, deleteImport, string(id))
	return true, err
}

// OpenImports lists imports that are not finished and last showed before the
// given time that they live.
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

// FinishedImports counts the finished imports that SettleImported has not
// forgotten yet.
func (t Tenant) FinishedImports(ctx context.Context) (n int64, err error) {
	defer problem.Wrap(&err, "finished imports")
	err = t.one(ctx, finishedImports, into(&n))
	return n, err
}

// SettleImported takes the mark of finished imports off up to ImportPiece
// users, so that nothing need look it up any more. With none left it forgets
// the finished imports themselves.
func (tx *Tx) SettleImported(ctx context.Context) (n int64, err error) {
	defer problem.Wrap(&err, "settle imported users")
	n, err = tx.exec(ctx, settleImported, ImportPiece)
	if err != nil || n > 0 {
		return n, err
	}
	_, err = tx.exec(ctx, deleteSettled)
	return 0, err
}
