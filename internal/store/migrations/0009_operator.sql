-- What lets a program keep tenants as the operator does; rows of the reserved
-- tenant.
CREATE TABLE operator_tokens (
	tenant_id  TEXT NOT NULL,
	id         TEXT NOT NULL,
	name       TEXT NOT NULL,
	hash       TEXT NOT NULL, -- SHA-256 of the token, hexadecimal
	created_at BIGINT NOT NULL,
	expires_at BIGINT NOT NULL, -- 0: never
	used_at    BIGINT NOT NULL DEFAULT 0, -- to the minute; 0: never
	revoked_at BIGINT NOT NULL DEFAULT 0, -- 0: not
	PRIMARY KEY (tenant_id, id)
);

-- Requests that are to be done once, however often they come.
CREATE TABLE once (
	tenant_id   TEXT NOT NULL,
	actor       TEXT NOT NULL, -- a user's id, or an operator token's
	name        TEXT NOT NULL, -- keyed hash of the Idempotency-Key
	fingerprint TEXT NOT NULL, -- keyed hash of what is asked for
	attempt     TEXT NOT NULL, -- whose turn it is
	about       TEXT NOT NULL, -- the id of what is to be made, where it is chosen before
	turn_until  BIGINT NOT NULL, -- then somebody else may try, unless it is done
	expires_at  BIGINT NOT NULL,
	done        BIGINT NOT NULL DEFAULT 0,
	answer      BYTEA NOT NULL, -- sealed; empty until it is known
	PRIMARY KEY (tenant_id, actor, name)
);
CREATE INDEX once_by_end ON once (tenant_id, expires_at);
