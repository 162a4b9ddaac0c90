-- A tenant's logo, as this product encoded it. Which one is shown says the
-- tenant's policy, by its fingerprint.
CREATE TABLE logos (
	tenant_id   TEXT NOT NULL REFERENCES tenants (tenant_id),
	fingerprint TEXT NOT NULL, -- of the picture
	picture     BYTEA NOT NULL, -- PNG
	PRIMARY KEY (tenant_id)
);
