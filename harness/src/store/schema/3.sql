-- Version 3: the life of updates. What an older file cannot say is what it means: an update was found when it came to
-- its state, and nothing is downloaded.

-- When the device last scanned, whatever came of it, and whether the services answered; NULL before the first.
ALTER TABLE device ADD COLUMN last_check TEXT;
ALTER TABLE device ADD COLUMN last_check_succeeded INTEGER CHECK (last_check_succeeded IN (0, 1));
-- When its user last pressed the button in Settings.
ALTER TABLE device ADD COLUMN agreed TEXT;
-- Since when pauses without a date have been seen, and which pauses were in force.
ALTER TABLE device ADD COLUMN quality_pause_noticed TEXT;
ALTER TABLE device ADD COLUMN feature_pause_noticed TEXT;
ALTER TABLE device ADD COLUMN quality_paused INTEGER NOT NULL DEFAULT 0 CHECK (quality_paused IN (0, 1));
ALTER TABLE device ADD COLUMN feature_paused INTEGER NOT NULL DEFAULT 0 CHECK (feature_paused IN (0, 1));
-- Since when an update is being taken away; NULL while that has only been asked for.
ALTER TABLE device ADD COLUMN quality_rollback_since TEXT;
ALTER TABLE device ADD COLUMN feature_rollback_since TEXT;
-- Why the last rollback was refused, until the event log has it.
ALTER TABLE device ADD COLUMN quality_rollback_refused TEXT;
ALTER TABLE device ADD COLUMN feature_rollback_refused TEXT;
-- What goes wrong where it is not what the device file plans, and how often it has, as JSON; NULL where there is nothing
-- to say.
ALTER TABLE device ADD COLUMN faults TEXT;
-- The registry that the agent still goes by, and when it reads it again, as JSON; NULL where it has read the last change.
ALTER TABLE device ADD COLUMN unread TEXT;

UPDATE device SET last_check = last_scan, last_check_succeeded = 1 WHERE last_scan IS NOT NULL;

-- When a scan found the update first: where its deadline counts from.
ALTER TABLE update_record ADD COLUMN discovered TEXT NOT NULL DEFAULT '';
-- How much of its content is there: so many seconds of download, or all of it since then; both NULL where it is nothing.
ALTER TABLE update_record ADD COLUMN download_seconds INTEGER;
ALTER TABLE update_record ADD COLUMN downloaded_at TEXT;

UPDATE update_record SET discovered = since;
