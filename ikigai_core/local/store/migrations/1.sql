-- Several users share the platform: directories of apps have an owner, and other components have grants, too.
ALTER TABLE directories ADD COLUMN owner TEXT NOT NULL DEFAULT '';
UPDATE directories SET owner = coalesce((SELECT lower(owner) FROM apps ORDER BY position LIMIT 1), '') WHERE app_id = '';
CREATE TABLE app_grants (position INTEGER PRIMARY KEY AUTOINCREMENT, grant_id TEXT NOT NULL, component_id TEXT NOT NULL, email TEXT NOT NULL, access_level TEXT NOT NULL);
INSERT INTO app_grants SELECT position, grant_id, app_id, lower(email), access_level FROM grants;
INSERT INTO app_grants (grant_id, component_id, email, access_level) SELECT app_id, app_id, lower(owner), 'OWNER' FROM apps WHERE app_id NOT IN (SELECT component_id FROM app_grants);
DROP TABLE grants;
DROP INDEX IF EXISTS runs_flow_id;
