-- What somebody sent after their session had ended: shown to them again, filled
-- in, when they have signed in. The fields are sealed and hold no passwords.
CREATE TABLE kept_forms (
	tenant_id  TEXT NOT NULL,
	id         TEXT NOT NULL,
	user_id    TEXT NOT NULL,
	page       TEXT NOT NULL, -- the local path the form stands on
	sealed     BYTEA NOT NULL, -- JSON object of strings
	expires_at BIGINT NOT NULL,
	PRIMARY KEY (tenant_id, id),
	FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX kept_forms_by_user ON kept_forms (tenant_id, user_id);
CREATE INDEX kept_forms_by_end ON kept_forms (tenant_id, expires_at);

-- The sign-in before this session's, for the person to recognize; 0: none.
ALTER TABLE sessions ADD COLUMN previous_sign_in_at BIGINT NOT NULL DEFAULT 0;
