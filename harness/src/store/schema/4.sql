-- Version 4: what stands around a device.

-- What stands there where it is not what the device file says, as JSON; NULL where it is.
ALTER TABLE device ADD COLUMN site TEXT;
-- What the device knows as a client of Configuration Manager, as JSON; NULL where it knows nothing.
ALTER TABLE device ADD COLUMN client TEXT;
-- When the update agent's store was last made anew; NULL where it never was.
ALTER TABLE device ADD COLUMN client_reset TEXT;
-- When that store was last made stale from outside; NULL where it never was.
ALTER TABLE device ADD COLUMN client_staled TEXT;
