DO $$
DECLARE
	one RECORD;
BEGIN
	-- The events there are belong to all tenants; the migration sees them for
	-- this one statement.
	ALTER TABLE events NO FORCE ROW LEVEL SECURITY;
	INSERT INTO unsealed (tenant_id, event_id) SELECT tenant_id, id FROM events;
	ALTER TABLE events FORCE ROW LEVEL SECURITY;
	FOR one IN SELECT unnest(ARRAY['chain', 'chain_heads']) AS table_name LOOP
		EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', one.table_name);
		EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', one.table_name);
		EXECUTE format('CREATE POLICY one_tenant ON %I USING (tenant_id = (SELECT vestibule_tenant())) WITH CHECK (tenant_id = (SELECT vestibule_tenant()))', one.table_name);
	END LOOP;
END $$;
GRANT SELECT, INSERT, DELETE ON chain TO vestibule_app;
GRANT UPDATE (salt, personal, erased) ON chain TO vestibule_app; -- a place, once given, stays
GRANT SELECT, INSERT, UPDATE, DELETE ON chain_heads TO vestibule_app;

ALTER TABLE unsealed ENABLE ROW LEVEL SECURITY;
ALTER TABLE unsealed FORCE ROW LEVEL SECURITY;
CREATE POLICY found ON unsealed FOR SELECT USING (true);
CREATE POLICY added ON unsealed FOR INSERT WITH CHECK (tenant_id = (SELECT vestibule_tenant()));
CREATE POLICY removed ON unsealed FOR DELETE USING (tenant_id = (SELECT vestibule_tenant()));
GRANT SELECT, INSERT, DELETE ON unsealed TO vestibule_app;

-- The personal parts of an event can be erased; nothing else of it changes.
GRANT UPDATE (address, user_agent, detail) ON events TO vestibule_app;

-- Events still cannot be deleted by themselves: one goes with its place in the
-- chain, where it is missed unless the chain's beginning is moved, which takes
-- the key outside the database.
CREATE FUNCTION vestibule_event_goes() RETURNS TRIGGER LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
	DELETE FROM events WHERE tenant_id = OLD.tenant_id AND id = OLD.event_id;
	RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION vestibule_event_goes() FROM PUBLIC;
DO $$
BEGIN -- whoever calls it finds no other table of that name
	EXECUTE format('ALTER FUNCTION vestibule_event_goes() SET search_path = %I, pg_temp', current_schema());
END $$;
CREATE TRIGGER event_goes AFTER DELETE ON chain FOR EACH ROW EXECUTE FUNCTION vestibule_event_goes();
