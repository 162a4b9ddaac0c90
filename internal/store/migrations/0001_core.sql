-- The part of the schema both databases share. Times are microseconds since
-- 1970 (0: never), booleans 0 and 1, ids text made in Go, JSON opaque text.
-- What only PostgreSQL has (row-level security, collations) is in the file
-- beside this one.

-- Unscoped: found before the tenant is known. No personal data.
CREATE TABLE slugs (
	slug      TEXT PRIMARY KEY,
	tenant_id TEXT NOT NULL UNIQUE,
	style     TEXT NOT NULL -- as in tenants
);

-- Unscoped: which tenants know an address, by a keyed hash of it.
CREATE TABLE addresses (
	hash      TEXT NOT NULL,
	tenant_id TEXT NOT NULL,
	PRIMARY KEY (hash, tenant_id)
);

CREATE TABLE tenants (
	tenant_id  TEXT PRIMARY KEY,
	slug       TEXT NOT NULL,
	name       TEXT NOT NULL,
	style      TEXT NOT NULL,
	status     TEXT NOT NULL,
	policy     TEXT NOT NULL, -- JSON, identity.Policy
	version    BIGINT NOT NULL DEFAULT 0, -- grows with every change; also the tenant's lock
	created_at BIGINT NOT NULL
);

CREATE TABLE imports (
	tenant_id   TEXT NOT NULL REFERENCES tenants (tenant_id),
	id          TEXT NOT NULL,
	started_at  BIGINT NOT NULL,
	finished_at BIGINT NOT NULL DEFAULT 0, -- 0: its users are not visible yet
	PRIMARY KEY (tenant_id, id)
);

CREATE TABLE users (
	tenant_id       TEXT NOT NULL REFERENCES tenants (tenant_id),
	id              TEXT NOT NULL,
	email           TEXT NOT NULL, -- as typed; '' for none
	email_folded    TEXT NOT NULL,
	extension       TEXT NOT NULL, -- digits; '' for none
	name            TEXT NOT NULL,
	name_folded     TEXT NOT NULL,
	role            TEXT NOT NULL,
	status          TEXT NOT NULL,
	must_change     BIGINT NOT NULL DEFAULT 0,
	password        BYTEA NOT NULL, -- the hash, sealed; empty for none
	password_kind   TEXT NOT NULL DEFAULT '', -- function and cost; '' for none
	credential      BIGINT NOT NULL DEFAULT 0, -- grows with every new password
	lot             BIGINT NOT NULL DEFAULT 0, -- random: whose hash stands in for a name nobody has
	import_id       TEXT NOT NULL DEFAULT '', -- visible once that import has finished
	last_sign_in_at BIGINT NOT NULL DEFAULT 0,
	created_at      BIGINT NOT NULL,
	PRIMARY KEY (tenant_id, id)
);
CREATE UNIQUE INDEX users_by_email ON users (tenant_id, email_folded) WHERE email_folded <> '';
CREATE UNIQUE INDEX users_by_extension ON users (tenant_id, extension) WHERE extension <> '';
CREATE INDEX users_by_lot ON users (tenant_id, lot) WHERE password_kind <> '';
CREATE INDEX users_by_import ON users (tenant_id, import_id) WHERE import_id <> '';

CREATE TABLE sessions (
	tenant_id     TEXT NOT NULL,
	id            TEXT NOT NULL,
	user_id       TEXT NOT NULL,
	kind          TEXT NOT NULL, -- browser or program
	generation    BIGINT NOT NULL DEFAULT 0, -- of the newest refresh token
	rotated_at    BIGINT NOT NULL,
	signed_in_at  BIGINT NOT NULL,
	interacted_at BIGINT NOT NULL,
	idle_end      BIGINT NOT NULL,
	absolute_end  BIGINT NOT NULL,
	credential    BIGINT NOT NULL, -- the user's, at sign-in
	ended_at      BIGINT NOT NULL DEFAULT 0,
	address       TEXT NOT NULL,
	user_agent    TEXT NOT NULL,
	PRIMARY KEY (tenant_id, id),
	FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX sessions_by_user ON sessions (tenant_id, user_id);
CREATE INDEX sessions_by_end ON sessions (tenant_id, absolute_end);

-- One line of the limiter's book: so many tries since then, waiting until then.
CREATE TABLE lanes (
	tenant_id TEXT NOT NULL,
	subject   TEXT NOT NULL, -- keyed hash of a user's identifier; '' for a source
	lane      TEXT NOT NULL, -- "source 192.0.2.1", "strangers", "place 192.0.2.1", "browser <hash>"
	tries     BIGINT NOT NULL,
	since     BIGINT NOT NULL,
	until     BIGINT NOT NULL DEFAULT 0,
	wait      BIGINT NOT NULL, -- how long the next wait will be
	PRIMARY KEY (tenant_id, subject, lane)
);

-- Which browsers have signed a user in before; the id is a keyed hash.
CREATE TABLE browsers (
	tenant_id TEXT NOT NULL,
	user_id   TEXT NOT NULL,
	browser   TEXT NOT NULL,
	known_at  BIGINT NOT NULL,
	PRIMARY KEY (tenant_id, user_id, browser),
	FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE
);

CREATE TABLE events (
	tenant_id  TEXT NOT NULL,
	id         TEXT NOT NULL,
	kind       TEXT NOT NULL,
	result     TEXT NOT NULL,
	user_id    TEXT NOT NULL,
	actor_id   TEXT NOT NULL,
	session_id TEXT NOT NULL,
	address    TEXT NOT NULL,
	user_agent TEXT NOT NULL,
	request_id TEXT NOT NULL,
	detail     TEXT NOT NULL, -- JSON object of strings
	at         BIGINT NOT NULL,
	PRIMARY KEY (tenant_id, id)
);

-- What is sealed by the operator's key: the root secret.
CREATE TABLE secrets (
	tenant_id TEXT NOT NULL,
	name      TEXT NOT NULL,
	sealed    BYTEA NOT NULL,
	PRIMARY KEY (tenant_id, name)
);

CREATE TABLE signing_keys (
	tenant_id   TEXT NOT NULL,
	id          TEXT NOT NULL,
	sealed      BYTEA NOT NULL,
	public      TEXT NOT NULL, -- JWK, RFC 7517
	created_at  BIGINT NOT NULL,
	active_from BIGINT NOT NULL,
	revoked_at  BIGINT NOT NULL DEFAULT 0,
	PRIMARY KEY (tenant_id, id)
);

-- The reserved tenant, which no slug names: what belongs to no known tenant.
INSERT INTO tenants (tenant_id, slug, name, style, status, policy, created_at)
VALUES ('ten_00000000000000000000000000000000', '', '', 'workspace', 'active', '{}', 0);
