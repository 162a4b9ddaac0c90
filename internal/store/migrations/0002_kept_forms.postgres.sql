ALTER TABLE kept_forms ENABLE ROW LEVEL SECURITY;
ALTER TABLE kept_forms FORCE ROW LEVEL SECURITY;
CREATE POLICY one_tenant ON kept_forms USING (tenant_id = (SELECT vestibule_tenant())) WITH CHECK (tenant_id = (SELECT vestibule_tenant()));
GRANT SELECT, INSERT, UPDATE, DELETE ON kept_forms TO vestibule_app;
