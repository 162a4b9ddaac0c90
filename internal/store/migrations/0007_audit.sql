-- Unscoped: which events have no place in their tenant's chain yet. A sealer
-- looks for them in all tenants; only the tenant they belong to writes. No
-- personal data.
CREATE TABLE unsealed (
	tenant_id TEXT NOT NULL,
	event_id  TEXT NOT NULL,
	PRIMARY KEY (tenant_id, event_id)
);

-- The places of events in their tenant's chain: a place's mac is made with a
-- key outside the database, over the mac before it and the event there.
CREATE TABLE chain (
	tenant_id TEXT NOT NULL,
	place     BIGINT NOT NULL, -- 1, 2, 3 …
	event_id  TEXT NOT NULL,
	mac       BYTEA NOT NULL,
	salt      BYTEA NOT NULL, -- of the personal parts; empty once they are erased
	personal  BYTEA NOT NULL, -- what stands for them in the chain then; empty before
	erased    BYTEA NOT NULL, -- says that it was we who erased them; empty before
	PRIMARY KEY (tenant_id, place)
);
CREATE UNIQUE INDEX chain_by_event ON chain (tenant_id, event_id);

-- Where each chain ends, and behind which place it begins since older events
-- were given up.
CREATE TABLE chain_heads (
	tenant_id  TEXT PRIMARY KEY,
	place      BIGINT NOT NULL,
	mac        BYTEA NOT NULL,
	base_place BIGINT NOT NULL DEFAULT 0,
	base_mac   BYTEA NOT NULL,
	base_seal  BYTEA NOT NULL -- says that it was we who moved the beginning
);

CREATE INDEX events_by_user ON events (tenant_id, user_id, id);
CREATE INDEX events_by_actor ON events (tenant_id, actor_id, id) WHERE actor_id <> '';
