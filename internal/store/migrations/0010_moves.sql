-- Unscoped: which tenants are on their way into the installation or out of it.
-- Whoever is at one shows now and then that it lives; what a killed one left
-- is finished by others. No personal data.
CREATE TABLE moves (
	tenant_id TEXT PRIMARY KEY,
	way       TEXT NOT NULL, -- in: being imported; out: being removed
	at        BIGINT NOT NULL -- the last sign of life; 0: nobody is at it
);
