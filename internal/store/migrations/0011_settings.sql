-- What people chose for themselves; '' for what their tenant has.
ALTER TABLE users ADD COLUMN language TEXT NOT NULL DEFAULT ''; -- BCP 47: of letters
ALTER TABLE users ADD COLUMN time_zone TEXT NOT NULL DEFAULT ''; -- of the IANA database: of times on pages and in letters
