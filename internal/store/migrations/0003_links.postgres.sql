ALTER TABLE links ENABLE ROW LEVEL SECURITY;
ALTER TABLE links FORCE ROW LEVEL SECURITY;
CREATE POLICY one_tenant ON links USING (tenant_id = (SELECT vestibule_tenant())) WITH CHECK (tenant_id = (SELECT vestibule_tenant()));
GRANT SELECT, INSERT, UPDATE, DELETE ON links TO vestibule_app;
ALTER TABLE invitations ENABLE ROW LEVEL SECURITY;
ALTER TABLE invitations FORCE ROW LEVEL SECURITY;
CREATE POLICY one_tenant ON invitations USING (tenant_id = (SELECT vestibule_tenant())) WITH CHECK (tenant_id = (SELECT vestibule_tenant()));
GRANT SELECT, INSERT, UPDATE, DELETE ON invitations TO vestibule_app;
