INSERT INTO unsealed (tenant_id, event_id) SELECT tenant_id, id FROM events;

-- An event goes with its place, as in PostgreSQL.
CREATE TRIGGER event_goes AFTER DELETE ON chain BEGIN
	DELETE FROM events WHERE tenant_id = OLD.tenant_id AND id = OLD.event_id;
END;
