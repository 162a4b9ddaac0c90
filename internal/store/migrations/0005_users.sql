-- The list of users, by name: what is searched and filtered stands in the
-- index, so that looking for somebody among 100,000 reads the index alone.
CREATE INDEX users_by_name ON users (tenant_id, name_folded, id, status, role, email_folded, extension, import_id);
