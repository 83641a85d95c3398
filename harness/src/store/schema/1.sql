-- Version 1 of a state file. What stands here is what `.schema` shows.

PRAGMA application_id = 0x63737073; -- "csps"

-- What devices of one content share.
CREATE TABLE profile (
    digest TEXT NOT NULL PRIMARY KEY,   -- SHA-256 of `file`, in hexadecimal
    file TEXT NOT NULL                  -- the device file as JSON, without what is one device's own
) STRICT;

CREATE TABLE device (
    name TEXT NOT NULL PRIMARY KEY,     -- as it stands in URLs
    profile TEXT NOT NULL REFERENCES profile (digest),
    id TEXT NOT NULL,                   -- DevInfo/DevId
    given_name TEXT NOT NULL,           -- the name that its file gives it
    device_name TEXT NOT NULL,          -- the name that it has now: DevDetail/Ext/Microsoft/DeviceName
    seed TEXT NOT NULL,                 -- 64 bits are more than an INTEGER here holds
    clock TEXT NOT NULL,
    last_scan TEXT,                     -- NULL before the first
    quality_rollback TEXT,              -- the result of the last one, an HRESULT; NULL before the first
    quality_rollback_pending TEXT,      -- the update that leaves with the next restart
    feature_rollback TEXT,
    feature_rollback_pending TEXT
) STRICT, WITHOUT ROWID;

CREATE INDEX device_of_profile ON device (profile);

-- How far a device has come with the updates that it knows.
CREATE TABLE update_record (
    device TEXT NOT NULL REFERENCES device (name) ON UPDATE CASCADE ON DELETE CASCADE,
    id TEXT NOT NULL,
    revision INTEGER NOT NULL,
    state INTEGER NOT NULL,             -- as in update_state
    since TEXT NOT NULL,                -- when it came there
    failure_state INTEGER,              -- the step that failed last; 0 is no flag at all
    failure_hresult TEXT,
    PRIMARY KEY (device, id),
    CHECK ((failure_state IS NULL) = (failure_hresult IS NULL))
) STRICT, WITHOUT ROWID;

CREATE TABLE approval (
    device TEXT NOT NULL REFERENCES device (name) ON UPDATE CASCADE ON DELETE CASCADE,
    id TEXT NOT NULL,                   -- an update or a classification
    approved_at TEXT NOT NULL,
    PRIMARY KEY (device, id)
) STRICT, WITHOUT ROWID;

-- The policies that the server has set: ./Vendor/MSFT/Policy/Config/Update/{name}.
CREATE TABLE policy (
    device TEXT NOT NULL REFERENCES device (name) ON UPDATE CASCADE ON DELETE CASCADE,
    name TEXT NOT NULL,
    format TEXT NOT NULL,
    value TEXT,                         -- NULL for the format null
    PRIMARY KEY (device, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE registry (
    device TEXT NOT NULL REFERENCES device (name) ON UPDATE CASCADE ON DELETE CASCADE,
    key TEXT NOT NULL,
    name TEXT NOT NULL,
    type TEXT NOT NULL CHECK (type IN ('bool', 'int', 'text')),
    value TEXT NOT NULL,
    PRIMARY KEY (device, key, name)
) STRICT, WITHOUT ROWID;

-- What CSPs keep that only keep what they are given.
CREATE TABLE node (
    device TEXT NOT NULL REFERENCES device (name) ON UPDATE CASCADE ON DELETE CASCADE,
    uri TEXT NOT NULL,
    format TEXT NOT NULL,
    value TEXT,                         -- NULL for the formats node and null
    PRIMARY KEY (device, uri)
) STRICT, WITHOUT ROWID;

-- The flags of UpdateStatus, by their documented names.
CREATE TABLE update_state (
    state INTEGER NOT NULL PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
) STRICT;

INSERT INTO update_state (state, name) VALUES
    (1, 'NewUpdate'),
    (2, 'ReadyToDownload'),
    (4, 'Downloading'),
    (8, 'DownloadBlocked'),
    (16, 'DownloadFailed'),
    (32, 'ReadyToInstall'),
    (64, 'Installing'),
    (128, 'InstallBlocked'),
    (256, 'InstallFailed'),
    (512, 'RebootRequired'),
    (1024, 'UpdateCompleted'),
    (2048, 'CommitFailed'),
    (4096, 'PostReboot');

-- For people: what the devices are, and how much each holds.
CREATE VIEW device_summary AS
SELECT
    device.name,
    device.device_name,
    device.id,
    json_extract(profile.file, '$.device.os') AS os,
    json_extract(profile.file, '$.device.edition') AS edition,
    device.clock,
    device.last_scan,
    (SELECT count(*) FROM update_record WHERE update_record.device = device.name) AS updates,
    (SELECT count(*) FROM approval WHERE approval.device = device.name) AS approvals,
    (SELECT count(*) FROM policy WHERE policy.device = device.name) AS policies,
    (SELECT count(*) FROM node WHERE node.device = device.name) AS nodes
FROM device
JOIN profile ON profile.digest = device.profile;

-- For people: updates with their titles and the names of their states.
CREATE VIEW update_summary AS
WITH entry AS MATERIALIZED (
    SELECT
        profile.digest AS profile,
        json_extract(value, '$.id') AS id,
        json_extract(value, '$.title') AS title,
        json_extract(value, '$.kb') AS kb
    FROM profile, json_each(profile.file, '$.update')
)
SELECT
    update_record.device,
    update_record.id,
    entry.title,
    entry.kb,
    coalesce(now.name, update_record.state) AS state,
    update_record.since,
    approval.approved_at,
    coalesce(failed.name, update_record.failure_state) AS failure,
    update_record.failure_hresult AS hresult
FROM update_record
JOIN device ON device.name = update_record.device
LEFT JOIN entry ON entry.profile = device.profile AND entry.id = update_record.id
LEFT JOIN approval ON approval.device = update_record.device AND approval.id = update_record.id
LEFT JOIN update_state AS now ON now.state = update_record.state
LEFT JOIN update_state AS failed ON failed.state = update_record.failure_state;

-- For people: what the server has set, by address.
CREATE VIEW setting AS
SELECT device, './Vendor/MSFT/Policy/Config/Update/' || name AS uri, format, value FROM policy
UNION ALL
SELECT device, uri, format, value FROM node;
