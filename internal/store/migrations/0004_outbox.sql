-- What is to be done afterwards: letters, and requests that are handled out of
-- the sight of whoever asked. A letter's row stays a while for the
-- administrator to see; a request's goes when it has been handled.
CREATE TABLE tasks (
	tenant_id  TEXT NOT NULL REFERENCES tenants (tenant_id),
	id         TEXT NOT NULL,
	kind       TEXT NOT NULL, -- letter.reset, request.reset, …
	letter     BIGINT NOT NULL, -- 1: a letter, 0: a request
	user_id    TEXT, -- whom it is about; NULL for nobody known
	link_id    TEXT NOT NULL DEFAULT '',
	data       BYTEA NOT NULL, -- sealed; empty once handled
	recipient  TEXT NOT NULL DEFAULT '', -- where it was last sent to; '' before
	state      TEXT NOT NULL, -- queued, sent, deferred, failed, bounced, expired
	answer     TEXT NOT NULL DEFAULT '', -- the mail server's last
	tries      BIGINT NOT NULL DEFAULT 0,
	created_at BIGINT NOT NULL,
	expires_at BIGINT NOT NULL DEFAULT 0, -- not sent from then on; 0: never
	changed_at BIGINT NOT NULL, -- when the state was last written
	PRIMARY KEY (tenant_id, id),
	FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX tasks_by_user ON tasks (tenant_id, user_id) WHERE user_id IS NOT NULL;
CREATE INDEX tasks_by_creation ON tasks (tenant_id, letter, created_at, id);
CREATE INDEX tasks_by_change ON tasks (tenant_id, changed_at);

-- Unscoped: which tenant has something to do, and when. A worker that takes a
-- task moves it to the end of its lease and counts the fence up, so that one
-- who comes back too late is told by the fence. No personal data.
CREATE TABLE due (
	tenant_id TEXT NOT NULL,
	task_id   TEXT NOT NULL,
	letter    BIGINT NOT NULL, -- as in tasks
	at        BIGINT NOT NULL,
	fence     BIGINT NOT NULL DEFAULT 0,
	PRIMARY KEY (tenant_id, task_id),
	FOREIGN KEY (tenant_id, task_id) REFERENCES tasks (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX due_by_time ON due (letter, at, tenant_id);
CREATE INDEX due_by_tenant ON due (tenant_id, letter, at);

-- Why a user's mail does not arrive, until the address is changed.
ALTER TABLE users ADD COLUMN mail_trouble TEXT NOT NULL DEFAULT ''; -- refused, bounced; '' for none known
ALTER TABLE users ADD COLUMN mail_answer TEXT NOT NULL DEFAULT ''; -- what the server said
ALTER TABLE users ADD COLUMN mail_trouble_at BIGINT NOT NULL DEFAULT 0;
