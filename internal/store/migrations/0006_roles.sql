-- Roles of a tenant's own. Those every tenant has are in the program.
CREATE TABLE roles (
	tenant_id   TEXT NOT NULL REFERENCES tenants (tenant_id),
	name        TEXT NOT NULL,
	title       TEXT NOT NULL,
	rank        BIGINT NOT NULL, -- 1 to 99
	permissions TEXT NOT NULL, -- names with a space between them
	created_at  BIGINT NOT NULL,
	changed_at  BIGINT NOT NULL,
	PRIMARY KEY (tenant_id, name)
);
