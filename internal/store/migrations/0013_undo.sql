-- Where a link leads that takes back a change of address, folded, in address:
-- nobody else gets that one while the link lives. Of the other purposes it is
-- the user's address when the link was made, as before.
CREATE INDEX links_back ON links (tenant_id, address) WHERE purpose = 'undo' AND used_at = 0 AND revoked_at = 0;
