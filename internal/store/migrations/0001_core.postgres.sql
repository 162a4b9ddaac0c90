-- The last wall between tenants: PostgreSQL itself refuses another tenant's
-- rows. The policy calls a function that raises when no tenant is set, because
-- an unset tenant would otherwise silently see nothing.
CREATE FUNCTION vestibule_tenant() RETURNS TEXT LANGUAGE plpgsql STABLE AS $$
DECLARE tenant TEXT := current_setting('app.tenant_id', true);
BEGIN
	IF tenant IS NULL OR tenant = '' THEN
		RAISE EXCEPTION 'no tenant is set' USING ERRCODE = 'insufficient_privilege';
	END IF;
	RETURN tenant;
END $$;

-- The role every connection takes: no superuser, no owner, bound by the
-- policies. Roles belong to the whole cluster, so it may be there already, and
-- then whoever migrates need not be allowed to make roles.
DO $$
BEGIN
	IF EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'vestibule_app') THEN RETURN; END IF;
	CREATE ROLE vestibule_app NOLOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE NOREPLICATION;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
END $$;

DO $$
DECLARE
	one RECORD;
BEGIN
	FOR one IN
		SELECT unnest(ARRAY['tenants', 'imports', 'users', 'sessions', 'lanes', 'browsers', 'events', 'secrets', 'signing_keys']) AS table_name
	LOOP
		EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', one.table_name);
		EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', one.table_name);
		EXECUTE format('CREATE POLICY one_tenant ON %I USING (tenant_id = (SELECT vestibule_tenant())) WITH CHECK (tenant_id = (SELECT vestibule_tenant()))', one.table_name);
		EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO vestibule_app', one.table_name);
	END LOOP;
	REVOKE UPDATE, DELETE ON events FROM vestibule_app; -- the audit trail only grows
	-- Found before the tenant is known, so anybody reads them; written only by
	-- the tenant they are about.
	FOR one IN SELECT unnest(ARRAY['slugs', 'addresses']) AS table_name LOOP
		EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', one.table_name);
		EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', one.table_name);
		EXECUTE format('CREATE POLICY found ON %I FOR SELECT USING (true)', one.table_name);
		EXECUTE format('CREATE POLICY added ON %I FOR INSERT WITH CHECK (tenant_id = (SELECT vestibule_tenant()))', one.table_name);
		EXECUTE format('CREATE POLICY changed ON %I FOR UPDATE USING (tenant_id = (SELECT vestibule_tenant())) WITH CHECK (tenant_id = (SELECT vestibule_tenant()))', one.table_name);
		EXECUTE format('CREATE POLICY removed ON %I FOR DELETE USING (tenant_id = (SELECT vestibule_tenant()))', one.table_name);
		EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO vestibule_app', one.table_name);
	END LOOP;
	GRANT SELECT ON migrations TO vestibule_app;
	EXECUTE format('GRANT USAGE ON SCHEMA %I TO vestibule_app', current_schema());
END $$;
