package store

import (
	"context"
	"time"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/secret"
)

const (
	userColumns = `id, email, email_folded, extension, name, role, status, must_change, password_kind, credential, last_sign_in_at, created_at, mail_trouble, mail_answer, mail_trouble_at, language, time_zone`

	// visible leaves out users of an import that has not finished: it becomes
	// visible as a whole, by one statement.
	visible = `(import_id = '' OR import_id IN (SELECT id FROM imports WHERE tenant_id = $1 AND finished_at > 0))`

	// “<> ''” stands in every look-up by name: without it neither database uses
	// the index, which leaves out users without the name.
	userByID        = `SELECT ` + userColumns + ` FROM users WHERE tenant_id = $1 AND id = $2 AND ` + visible
	userByEmail     = `SELECT ` + userColumns + ` FROM users WHERE tenant_id = $1 AND email_folded = $2 AND email_folded <> '' AND ` + visible
	userByExtension = `SELECT ` + userColumns + ` FROM users WHERE tenant_id = $1 AND extension = $2 AND extension <> '' AND ` + visible
	listUsers       = `SELECT ` + userColumns + ` FROM users WHERE tenant_id = $1 AND id > $2 AND ` + visible + ` ORDER BY id LIMIT $3`
	exportUsers     = `SELECT ` + userColumns + `, password FROM users WHERE tenant_id = $1 AND id > $2 AND ` + visible + ` ORDER BY id LIMIT $3`
	userHash        = `SELECT password FROM users WHERE tenant_id = $1 AND id = $2 AND ` + visible
	countAdmins     = `SELECT COUNT(*) FROM users WHERE tenant_id = $1 AND role = 'admin' AND status = 'active' AND id <> $2 AND ` + visible
	countNameless   = `SELECT COUNT(CASE WHEN email_folded = '' THEN 1 END), COUNT(CASE WHEN extension = '' THEN 1 END)
		FROM users WHERE tenant_id = $1 AND status <> 'deactivated' AND ` + visible

	insertUser = `INSERT INTO users (tenant_id, id, email, email_folded, extension, name, name_folded, role, status, must_change, password, password_kind, created_at, lot, language, time_zone)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)`
	updateUser = `UPDATE users SET email = $3, email_folded = $4, extension = $5, name = $6, name_folded = $7, role = $8, language = $9,
		mail_trouble = CASE WHEN email_folded = $4 THEN mail_trouble ELSE '' END,
		mail_answer = CASE WHEN email_folded = $4 THEN mail_answer ELSE '' END,
		mail_trouble_at = CASE WHEN email_folded = $4 THEN mail_trouble_at ELSE 0 END
		WHERE tenant_id = $1 AND id = $2 AND ` + visible
	// describeUser is what people say of themselves, and nothing else of their
	// row: no more than they may change.
	describeUser = `UPDATE users SET name = $3, name_folded = $4, language = $5, time_zone = $6 WHERE tenant_id = $1 AND id = $2`

	setStatus   = `UPDATE users SET status = $3 WHERE tenant_id = $1 AND id = $2 AND ` + visible
	setPassword = `UPDATE users SET password = $3, password_kind = $4, must_change = $5, initial_until = 0, credential = credential + 1,
		status = CASE WHEN status = 'invited' THEN 'active' ELSE status END
		WHERE tenant_id = $1 AND id = $2 AND credential = $6 AND ` + visible
	rehash = `UPDATE users SET password = $3, password_kind = $4 WHERE tenant_id = $1 AND id = $2 AND credential = $5`
	// signIn is the statement that grants: it checks the facts it acts on, so
	// a deactivated user, a changed password or a suspended tenant wins every race.
	signIn = `UPDATE users SET last_sign_in_at = $4, initial_until = 0 WHERE tenant_id = $1 AND id = $2 AND credential = $3 AND status = 'active'
		AND EXISTS (SELECT 1 FROM tenants t WHERE t.tenant_id = $1 AND t.status = 'active')`
	deleteUser = `DELETE FROM users WHERE tenant_id = $1 AND id = $2`

	insertAddress = `INSERT INTO addresses (tenant_id, hash) VALUES ($1, $2)`
	deleteAddress = `DELETE FROM addresses WHERE tenant_id = $1 AND hash = $2`
)

// User finds a user by its id.
func (t Tenant) User(ctx context.Context, id identity.UserID) (u identity.User, err error) {
	defer problem.Wrap(&err, "user %s", id)
	err = t.one(ctx, userByID, whole(userPart(&u)), string(id))
	return u, err
}

// UserByEmail finds a user by the folded form of its address.
func (t Tenant) UserByEmail(ctx context.Context, folded string) (u identity.User, err error) {
	defer problem.Wrap(&err, "user by e-mail")
	err = t.one(ctx, userByEmail, whole(userPart(&u)), folded)
	return u, err
}

// UserByExtension finds a user by its extension.
func (t Tenant) UserByExtension(ctx context.Context, extension string) (u identity.User, err error) {
	defer problem.Wrap(&err, "user by extension")
	err = t.one(ctx, userByExtension, whole(userPart(&u)), extension)
	return u, err
}

// Users lists up to limit users whose ids come after the given one: in the
// order they were made.
func (t Tenant) Users(ctx context.Context, after identity.UserID, limit int) (list []identity.User, err error) {
	defer problem.Wrap(&err, "users")
	err = t.all(ctx, listUsers, func(r row) error {
		var u identity.User
		err := read(r, userPart(&u))
		list = append(list, u)
		return err
	}, string(after), limit)
	return list, err
}

// A UserHash is a user with its password hash, unsealed, for an export.
type UserHash struct {
	identity.User
	Hash secret.Hash
	Lot  int64 // for Stage: secret.NewLotIn's; 0 to have one drawn among all
}

// UserHashes lists users as Users does, with their password hashes.
func (t Tenant) UserHashes(ctx context.Context, after identity.UserID, limit int) (list []UserHash, err error) {
	defer problem.Wrap(&err, "users with hashes")
	err = t.all(ctx, exportUsers, func(r row) error {
		var u UserHash
		var sealed []byte
		if err := read(r, userPart(&u.User), value(&sealed)); err != nil {
			return err
		}
		u.Hash, err = t.openHash(u.ID, sealed)
		list = append(list, u)
		return err
	}, string(after), limit)
	return list, err
}

// PasswordHash reads a user's password hash; empty for none.
func (t Tenant) PasswordHash(ctx context.Context, id identity.UserID) (hash secret.Hash, err error) {
	defer problem.Wrap(&err, "password hash of %s", id)
	var sealed []byte
	if err := t.one(ctx, userHash, into(&sealed), string(id)); err != nil {
		return "", err
	}
	return t.openHash(id, sealed)
}

// OtherAdmins counts the active admins beside one user. Take the tenant's
// Lock first.
func (tx *Tx) OtherAdmins(ctx context.Context, beside identity.UserID) (n int64, err error) {
	defer problem.Wrap(&err, "count admins")
	err = tx.one(ctx, countAdmins, into(&n), string(beside))
	return n, err
}

// Nameless counts the users who are not deactivated and have no e-mail, and
// those who have no extension: a style that asks for one would shut them out.
func (t Tenant) Nameless(ctx context.Context) (noEmail, noExtension int64, err error) {
	defer problem.Wrap(&err, "count users without e-mail or extension")
	err = t.one(ctx, countNameless, into(&noEmail, &noExtension))
	return noEmail, noExtension, err
}

// AddUser adds a user, with a password hash or none (""); problem.Exists says that
// its address or extension is taken, or the address kept, when the user was
// made, for somebody who may take a change back.
func (tx *Tx) AddUser(ctx context.Context, u identity.User, hash secret.Hash) (err error) {
	defer problem.Wrap(&err, "add user %s", u.ID)
	sealed, kind := tx.sealHash(u.ID, hash)
	_, err = tx.exec(ctx, insertUser, string(u.ID), u.Email.Typed, u.Email.Folded, u.Extension, u.Name,
		identity.FoldSearch(u.Name), u.Role, string(u.Status), truth(u.MustChange), sealed, kind, micros(u.CreatedAt), secret.NewLot(), u.Language, u.TimeZone)
	if err != nil || u.Email.Folded == "" {
		return err
	}
	if err := tx.unreserved(ctx, u.Email.Folded, u.ID, u.CreatedAt); err != nil {
		return err
	}
	_, err = tx.exec(ctx, insertAddress, tx.store.keys.AddressHash(u.Email.Folded))
	return err
}

// SetUser changes what a user is called and may do: e-mail, extension, name,
// role and language, from before to after. All of them are written, so before must
// have been read behind Hold or HoldUser. What was wrong with the old address is
// not said of the new one. problem.Exists says what it says of AddUser.
func (tx *Tx) SetUser(ctx context.Context, before, after identity.User, now time.Time) (err error) {
	defer problem.Wrap(&err, "set user %s", after.ID)
	err = tx.execOne(ctx, updateUser, string(after.ID), after.Email.Typed, after.Email.Folded, after.Extension,
		after.Name, identity.FoldSearch(after.Name), after.Role, after.Language)
	if err != nil || before.Email.Folded == after.Email.Folded {
		return err
	}
	if err := tx.forgetAddress(ctx, before); err != nil || after.Email.Folded == "" {
		return err
	}
	if err := tx.unreserved(ctx, after.Email.Folded, after.ID, now); err != nil {
		return err
	}
	_, err = tx.exec(ctx, insertAddress, tx.store.keys.AddressHash(after.Email.Folded))
	return err
}

// Describe changes what a user says of themselves: name, language and time
// zone.
func (tx *Tx) Describe(ctx context.Context, u identity.User) (err error) {
	defer problem.Wrap(&err, "describe user %s", u.ID)
	return tx.execOne(ctx, describeUser, string(u.ID), u.Name, identity.FoldSearch(u.Name), u.Language, u.TimeZone)
}

func (tx *Tx) forgetAddress(ctx context.Context, u identity.User) error {
	if u.Email.Folded == "" {
		return nil
	}
	_, err := tx.exec(ctx, deleteAddress, tx.store.keys.AddressHash(u.Email.Folded))
	return err
}

// SetStatus changes whether a user may sign in. It does not end sessions.
func (tx *Tx) SetStatus(ctx context.Context, id identity.UserID, status identity.UserStatus) (err error) {
	defer problem.Wrap(&err, "set status of user %s", id)
	return tx.execOne(ctx, setStatus, string(id), string(status))
}

// SetPassword gives a user a new password, provided its credential version is
// still the given one; else problem.NotFound. mustChange makes it an initial
// one. It does not end sessions.
func (tx *Tx) SetPassword(ctx context.Context, id identity.UserID, credential int64, hash secret.Hash, mustChange bool) (err error) {
	defer problem.Wrap(&err, "set password of user %s", id)
	sealed, kind := tx.sealHash(id, hash)
	return tx.execOne(ctx, setPassword, string(id), sealed, kind, truth(mustChange), credential)
}

// Rehash replaces the hash of the same password by a better one.
func (tx *Tx) Rehash(ctx context.Context, id identity.UserID, credential int64, hash secret.Hash) (err error) {
	defer problem.Wrap(&err, "rehash password of user %s", id)
	sealed, kind := tx.sealHash(id, hash)
	return tx.later(ctx, rehash, string(id), sealed, kind, credential)
}

// SignIn marks a user as signed in, provided it and its tenant are active and
// its credential version is still the given one; else problem.NotFound.
func (tx *Tx) SignIn(ctx context.Context, id identity.UserID, credential int64, now time.Time) (err error) {
	defer problem.Wrap(&err, "sign in user %s", id)
	return tx.execOne(ctx, signIn, string(id), credential, micros(now))
}

// DeleteUser deletes a user with its sessions and known browsers; the audit
// trail stays.
func (tx *Tx) DeleteUser(ctx context.Context, u identity.User) (err error) {
	defer problem.Wrap(&err, "delete user %s", u.ID)
	if err := tx.execOne(ctx, deleteUser, string(u.ID)); err != nil {
		return err
	}
	return tx.forgetAddress(ctx, u)
}

const sealedHash = "password hash"

func (t Tenant) sealHash(id identity.UserID, hash secret.Hash) (sealed []byte, kind string) {
	if hash == "" {
		return []byte{}, ""
	}
	return t.store.keys.Seal(sealedHash, []string{string(t.id), string(id)}, []byte(hash)), hash.Kind()
}

func (t Tenant) openHash(id identity.UserID, sealed []byte) (secret.Hash, error) {
	if len(sealed) == 0 {
		return "", nil
	}
	plain, err := t.store.keys.Open(sealedHash, []string{string(t.id), string(id)}, sealed)
	return secret.Hash(plain), err
}

func userPart(u *identity.User) part {
	var mustChange, lastSignIn, created, trouble int64
	var kind string
	return part{
		targets: []any{&u.ID, &u.Email.Typed, &u.Email.Folded, &u.Extension, &u.Name, &u.Role, &u.Status,
			&mustChange, &kind, &u.Credential, &lastSignIn, &created, &u.Mail.Kind, &u.Mail.Answer, &trouble,
			&u.Language, &u.TimeZone},
		finish: func() error {
			u.MustChange, u.HasPassword = mustChange != 0, kind != ""
			u.LastSignIn, u.CreatedAt, u.Mail.At = instant(lastSignIn), instant(created), instant(trouble)
			return nil
		},
	}
}
