-- Models are trained: their versions have files.
ALTER TABLE model_versions ADD COLUMN data_file TEXT NOT NULL DEFAULT '';
