ALTER TABLE moves ENABLE ROW LEVEL SECURITY;
ALTER TABLE moves FORCE ROW LEVEL SECURITY;
CREATE POLICY found ON moves FOR SELECT USING (true);
CREATE POLICY added ON moves FOR INSERT WITH CHECK (tenant_id = (SELECT vestibule_tenant()));
CREATE POLICY changed ON moves FOR UPDATE USING (tenant_id = (SELECT vestibule_tenant())) WITH CHECK (tenant_id = (SELECT vestibule_tenant()));
CREATE POLICY removed ON moves FOR DELETE USING (tenant_id = (SELECT vestibule_tenant()));
GRANT SELECT, INSERT, UPDATE, DELETE ON moves TO vestibule_app;
