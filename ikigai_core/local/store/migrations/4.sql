-- Runs keep what their scripts print.
ALTER TABLE runs ADD COLUMN printed TEXT NOT NULL DEFAULT '';
