-- title    = "CrowdStrike Falcon Data Replicator: removable media and network shares"
-- surface  = "endpoint"
-- matches  = "*crowdstrike*"
-- requires = ["event_simpleName", "aid", "timestamp"]
--
-- [columns]
-- id                         = "VARCHAR"
-- event_simpleName           = "VARCHAR"
-- timestamp                  = "VARCHAR"
-- aid                        = "VARCHAR"
-- cid                        = "VARCHAR"
-- aip                        = "VARCHAR"
-- event_platform             = "VARCHAR"
-- ComputerName               = "VARCHAR"
-- UserName                   = "VARCHAR"
-- UserSid                    = "VARCHAR"
-- FileOperatorSid            = "VARCHAR"
-- ContextBaseFileName        = "VARCHAR"
-- TargetFileName             = "VARCHAR"
-- Size                       = "VARCHAR"
-- SHA256HashData             = "VARCHAR"
-- IsOnRemovableDisk          = "VARCHAR"
-- IsOnNetwork                = "VARCHAR"
-- DiskParentDeviceInstanceId = "VARCHAR"
-- DeviceInstanceId           = "VARCHAR"
-- DeviceSerialNumber         = "VARCHAR"

-- The replicator writes every value as text. Files that were written (DocumentFileWritten, ZipFileWritten, ...: the name ends in Written)
-- say whether the disk is removable or on the network; other files are left out, there are millions of them. Connected and mounted devices
-- are kept under their vendor action, so that a write can be told from a first use of the device.
SELECT
    'crowdstrike:' || raw."id"                                     AS event_id,
    parse_time(raw."timestamp")                                    AS event_time,
    CASE
        WHEN raw."event_simpleName" LIKE '%Written' AND lower(raw."IsOnRemovableDisk") IN ('1', 'true') THEN 'removable_media_write'
        WHEN raw."event_simpleName" LIKE '%Written' THEN 'network_share_write'
        ELSE 'other'
    END                                                            AS action,
    raw."event_simpleName"                                         AS vendor_action,
    CASE WHEN raw."event_simpleName" LIKE '%Blocked' THEN 'blocked' ELSE 'success' END AS outcome,
    COALESCE(raw."UserSid", raw."FileOperatorSid", raw."UserName") AS actor_id,
    raw."UserName"                                                 AS actor_name,
    CASE WHEN raw."UserName" LIKE '%@%' THEN lower(raw."UserName") END AS actor_email,
    raw."ContextBaseFileName"                                      AS app_name,
    raw."aip"                                                      AS src_ip,
    COALESCE(raw."ComputerName", raw."aid")                        AS device_name,
    raw."event_platform"                                           AS os,
    raw."cid"                                                      AS workspace_id,
    regexp_match(raw."TargetFileName", '([^\\/]+)$')[1]            AS file_name,
    NULLIF(TRY_CAST(raw."Size" AS BIGINT), 0)                      AS file_size,
    raw."SHA256HashData"                                           AS file_hash,
    raw."TargetFileName"                                           AS object_url,
    COALESCE(raw."DeviceSerialNumber", raw."DeviceInstanceId", raw."DiskParentDeviceInstanceId") AS target,
    CASE
        WHEN raw."event_simpleName" LIKE '%Written' AND lower(raw."IsOnRemovableDisk") NOT IN ('1', 'true') THEN 'network_share'
        ELSE 'removable_media'
    END                                                            AS target_type
FROM raw
WHERE raw."event_simpleName" IN (
    'DcUsbDeviceConnected', 'DcUsbDeviceDisconnected', 'DcUsbDeviceBlocked', 'DcUsbDevicePolicyViolation',
    'RemovableMediaVolumeMounted', 'RemovableMediaVolumeUnmounted', 'FsVolumeMounted'
)
   OR (
       raw."event_simpleName" LIKE '%Written'
       AND (lower(raw."IsOnRemovableDisk") IN ('1', 'true') OR lower(raw."IsOnNetwork") IN ('1', 'true'))
   )
