-- Flows run by their schedules: from now on, on behalf of the owner of their app.
ALTER TABLE flows ADD COLUMN scheduled_by TEXT NOT NULL DEFAULT '';
ALTER TABLE flows ADD COLUMN scheduled_at INTEGER NOT NULL DEFAULT 0;
UPDATE flows SET scheduled_at = CAST(strftime('%s', 'now') AS INTEGER), scheduled_by = coalesce((SELECT owner FROM apps WHERE apps.app_id = flows.app_id), '') WHERE schedule NOT IN ('', '{}', 'null');
