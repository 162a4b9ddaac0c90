package store

import (
	"context"
	"time"

	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/secret"
)

// A name nobody has must cost what one costs that somebody has, and imported
// hashes differ in cost. So beside the user asked for, the same statement draws
// one by lot, whose kind of hash stands in for whoever is not there: it follows
// the tenant's own mix. Which lot a name draws is a keyed hash of it, so that
// the cost of made-up names tells nothing about real ones.
const (
	candidateColumns = userColumns + `, initial_until, password`

	candidatesByEmail     = `SELECT 0 AS place, ` + candidateColumns + ` FROM users WHERE tenant_id = $1 AND email_folded = $2 AND email_folded <> '' AND ` + visible + drawn
	candidatesByExtension = `SELECT 0 AS place, ` + candidateColumns + ` FROM users WHERE tenant_id = $1 AND extension = $2 AND extension <> '' AND ` + visible + drawn

	// drawn adds the first user from the lot $3 on, and the first of all.
	drawn = `
		UNION ALL SELECT * FROM (SELECT 1 AS place, ` + candidateColumns + ` FROM users WHERE tenant_id = $1 AND lot >= $3 AND password_kind <> '' ORDER BY lot LIMIT 1) AS after
		UNION ALL SELECT * FROM (SELECT 2 AS place, ` + candidateColumns + ` FROM users WHERE tenant_id = $1 AND lot < $3 AND password_kind <> '' ORDER BY lot LIMIT 1) AS before`

	addressTenants = `SELECT a.tenant_id FROM addresses a JOIN slugs s ON s.tenant_id = a.tenant_id
		WHERE a.hash = $1 AND s.style = 'email' ORDER BY a.tenant_id`

	// Whose mix of hashes an address has that nobody has: the next one's, in the
	// order of the directory, that belongs to a tenant of the e-mail style. Not
	// many are looked at; where there is none among them any such tenant serves.
	nextAddress = `SELECT a.tenant_id FROM (SELECT hash, tenant_id FROM addresses WHERE hash > $1 ORDER BY hash LIMIT 64) AS a
		JOIN slugs s ON s.tenant_id = a.tenant_id WHERE s.style = 'email' ORDER BY a.hash LIMIT 1`
	firstAddress = `SELECT a.tenant_id FROM (SELECT hash, tenant_id FROM addresses WHERE hash < $1 ORDER BY hash LIMIT 64) AS a
		JOIN slugs s ON s.tenant_id = a.tenant_id WHERE s.style = 'email' ORDER BY a.hash LIMIT 1`
	anyEmailStyle = `SELECT tenant_id FROM slugs WHERE style = 'email' ORDER BY slug LIMIT 1`
)

// A Candidate is who may be meant by a name typed at the door.
type Candidate struct {
	User identity.User // the zero User: nobody
	Hash secret.Hash   // to match the password against; a decoy where there is no user with a password

	InitialUntil time.Time // from then on the password is over, for nobody has used it; zero: it is none of those
}

// CandidateByEmail finds who has the address, folded. There is always a
// Candidate: nobody is one too, with a decoy of the kind somebody in the
// tenant has, or of params.
func (t Tenant) CandidateByEmail(ctx context.Context, folded string, params secret.Params) (c Candidate, err error) {
	defer problem.Wrap(&err, "candidate by e-mail")
	return t.candidate(ctx, candidatesByEmail, folded, params)
}

// CandidateByExtension is CandidateByEmail for extensions.
func (t Tenant) CandidateByExtension(ctx context.Context, extension string, params secret.Params) (c Candidate, err error) {
	defer problem.Wrap(&err, "candidate by extension")
	return t.candidate(ctx, candidatesByExtension, extension, params)
}

// candidate does the same work whoever is there: one hash is opened, one
// decoy is made.
func (t Tenant) candidate(ctx context.Context, sql, name string, params secret.Params) (c Candidate, err error) {
	var standIn identity.UserID
	var sealed, borrowed []byte
	err = t.all(ctx, sql, func(r row) error {
		var u identity.User
		var place, until int64
		var hash []byte
		err := read(r, value(&place), userPart(&u), value(&until), value(&hash))
		switch {
		case place == 0:
			c.User, sealed, c.InitialUntil = u, hash, instant(until)
		case place == 1 || standIn == "":
			standIn, borrowed = u.ID, hash
		}
		return err
	}, name, t.store.keys.Lot(t.id, name))
	if err != nil {
		return c, err
	}
	whose := c.User.ID
	if len(sealed) == 0 {
		whose, sealed = standIn, borrowed
	}
	hash, err := t.openHash(whose, sealed)
	if err != nil {
		return c, err
	}
	c.Hash = hash.Decoy(params)
	if whose == c.User.ID && hash != "" {
		c.Hash = hash
	}
	return c, nil
}

// TenantsByAddress lists the tenants of the e-mail style where somebody has
// the address, folded. standIn is one whose mix of hashes serves when there is
// none; the reserved tenant where no tenant has that style.
func (s *Store) TenantsByAddress(ctx context.Context, folded string) (ids []identity.TenantID, standIn identity.TenantID, err error) {
	defer problem.Wrap(&err, "tenants by address")
	hash := []any{s.keys.AddressHash(folded)}
	collect := func(r row) error {
		var id identity.TenantID
		err := r.Scan(&id)
		ids = append(ids, id)
		return err
	}
	standIn = identity.Nowhere
	err = s.engine.read(ctx, unscoped,
		query(addressTenants, hash, collect),
		query(anyEmailStyle, nil, into(&standIn)),
		query(firstAddress, hash, into(&standIn)),
		query(nextAddress, hash, into(&standIn)))
	return ids, standIn, s.dialect.explain(err)
}
