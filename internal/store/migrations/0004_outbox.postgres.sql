ALTER TABLE tasks ENABLE ROW LEVEL SECURITY;
ALTER TABLE tasks FORCE ROW LEVEL SECURITY;
CREATE POLICY one_tenant ON tasks USING (tenant_id = (SELECT vestibule_tenant())) WITH CHECK (tenant_id = (SELECT vestibule_tenant()));
GRANT SELECT, INSERT, UPDATE, DELETE ON tasks TO vestibule_app;

-- Workers look for what is due in all tenants; only the tenant it belongs to
-- writes it.
ALTER TABLE due ENABLE ROW LEVEL SECURITY;
ALTER TABLE due FORCE ROW LEVEL SECURITY;
CREATE POLICY found ON due FOR SELECT USING (true);
CREATE POLICY added ON due FOR INSERT WITH CHECK (tenant_id = (SELECT vestibule_tenant()));
CREATE POLICY changed ON due FOR UPDATE USING (tenant_id = (SELECT vestibule_tenant())) WITH CHECK (tenant_id = (SELECT vestibule_tenant()));
CREATE POLICY removed ON due FOR DELETE USING (tenant_id = (SELECT vestibule_tenant()));
GRANT SELECT, INSERT, UPDATE, DELETE ON due TO vestibule_app;
