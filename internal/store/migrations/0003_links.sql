-- One-time addresses mailed to people. The address itself is made again from
-- tenant, purpose and id; here is a hash of it.
CREATE TABLE links (
	tenant_id  TEXT NOT NULL,
	id         TEXT NOT NULL,
	purpose    TEXT NOT NULL, -- reset, invitation, undo
	user_id    TEXT NOT NULL,
	hash       TEXT NOT NULL, -- SHA-256 of the token
	made_by    TEXT NOT NULL, -- a user; '' for the user itself or an operator
	data       BYTEA NOT NULL, -- what the purpose needs, sealed; empty for nothing
	address    TEXT NOT NULL, -- the user's when it was made, folded: no link outlives a change of address
	credential BIGINT NOT NULL, -- the user's when it was made: nor one of the password
	created_at BIGINT NOT NULL,
	expires_at BIGINT NOT NULL,
	opened_at  BIGINT NOT NULL DEFAULT 0,
	used_at    BIGINT NOT NULL DEFAULT 0,
	revoked_at BIGINT NOT NULL DEFAULT 0,
	PRIMARY KEY (tenant_id, id),
	FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX links_alive ON links (tenant_id, user_id, purpose) WHERE used_at = 0 AND revoked_at = 0;
CREATE INDEX links_by_user ON links (tenant_id, user_id);
CREATE INDEX links_by_end ON links (tenant_id, expires_at);

-- Who was invited, by whom, to what. The user is there from the beginning; one
-- whose invitation is revoked goes, and the line stays a while to tell of it.
CREATE TABLE invitations (
	tenant_id    TEXT NOT NULL REFERENCES tenants (tenant_id),
	id           TEXT NOT NULL,
	user_id      TEXT, -- NULL once revoked
	email        TEXT NOT NULL, -- as typed; '' where the link was handed over
	email_folded TEXT NOT NULL,
	role         TEXT NOT NULL,
	invited_by   TEXT NOT NULL, -- a user; '' for an operator
	link_id      TEXT NOT NULL, -- the newest
	created_at   BIGINT NOT NULL,
	accepted_at  BIGINT NOT NULL DEFAULT 0,
	revoked_at   BIGINT NOT NULL DEFAULT 0,
	PRIMARY KEY (tenant_id, id),
	FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX invitations_by_user ON invitations (tenant_id, user_id);

-- An initial password that nobody uses is over one day; 0: it is not.
ALTER TABLE users ADD COLUMN initial_until BIGINT NOT NULL DEFAULT 0;
