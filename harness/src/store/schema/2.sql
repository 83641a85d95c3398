-- Version 2: devices have an account, and count their sessions.

-- How many sessions with a management server the device has opened.
ALTER TABLE device ADD COLUMN sessions INTEGER NOT NULL DEFAULT 0;

-- No file of version 1 gives an account: every device gets the one that such a file means.
INSERT OR IGNORE INTO node (device, uri, format, value)
SELECT device.name, account.uri, account.format, account.value
FROM device
CROSS JOIN (
    SELECT
        './SyncML/DMAcc/427585B3C7773A4171AF8E817B7E87303EC055C8919F2ACE754C297DC4E4533D' AS uri,
        'node' AS format,
        NULL AS value
    UNION ALL SELECT
        './SyncML/DMAcc/427585B3C7773A4171AF8E817B7E87303EC055C8919F2ACE754C297DC4E4533D/ServerID',
        'chr', 'cspsim'
    UNION ALL SELECT
        './SyncML/DMAcc/427585B3C7773A4171AF8E817B7E87303EC055C8919F2ACE754C297DC4E4533D/AppAddr/1',
        'node', NULL
    UNION ALL SELECT
        './SyncML/DMAcc/427585B3C7773A4171AF8E817B7E87303EC055C8919F2ACE754C297DC4E4533D/AppAddr/1/Addr',
        'chr', 'https://mdm.contoso.com/ManagementServer/MDM.svc'
    UNION ALL SELECT './Vendor/MSFT/DMClient/Provider/cspsim', 'node', NULL
) AS account;
