-- title    = "Microsoft Defender: device and file events (streaming API)"
-- surface  = "endpoint"
-- matches  = "*defender*"
-- requires = ["time", "category", "properties"]
--
-- [columns]
-- time       = "VARCHAR"
-- tenantId   = "VARCHAR"
-- category   = "VARCHAR"
-- properties = """STRUCT<\
--     "Timestamp" VARCHAR, "ReportId" VARCHAR, "DeviceId" VARCHAR, "DeviceName" VARCHAR, "ActionType" VARCHAR, \
--     "FileName" VARCHAR, "FolderPath" VARCHAR, "FileSize" BIGINT, "SHA256" VARCHAR, "SHA1" VARCHAR, "SensitivityLabel" VARCHAR, \
--     "AccountName" VARCHAR, "InitiatingProcessAccountName" VARCHAR, "InitiatingProcessAccountSid" VARCHAR, \
--     "InitiatingProcessAccountUpn" VARCHAR, "InitiatingProcessFileName" VARCHAR, "AdditionalFields" VARCHAR>"""

-- Defender tells of a drive when it is mounted, and of a file where it is written, but not that the one lies on the other. So a file on a
-- drive letter that was mounted over USB on that device earlier, among the rows that are read together, is written to removable media.
-- A drive that was mounted long before is not known here; where device control is on, RemovableStorageFileEvent says it outright.
WITH seen AS (
    SELECT
        COALESCE(parse_time(raw."properties"['Timestamp']), parse_time(raw."time")) AS event_time,
        raw."tenantId"                                             AS tenant_id,
        raw."properties"['ReportId']                               AS report_id,
        raw."properties"['DeviceId']                               AS device_id,
        raw."properties"['DeviceName']                             AS device_name,
        raw."properties"['ActionType']                             AS action_type,
        raw."properties"['FileName']                               AS file_name,
        raw."properties"['FolderPath']                             AS folder_path,
        raw."properties"['FileSize']                               AS file_size,
        COALESCE(raw."properties"['SHA256'], raw."properties"['SHA1']) AS file_hash,
        raw."properties"['SensitivityLabel']                       AS sensitivity_label,
        COALESCE(raw."properties"['InitiatingProcessAccountUpn'], raw."properties"['InitiatingProcessAccountSid'],
                 raw."properties"['InitiatingProcessAccountName'], raw."properties"['AccountName']) AS account_id,
        raw."properties"['InitiatingProcessAccountUpn']            AS account_upn,
        COALESCE(raw."properties"['InitiatingProcessAccountName'], raw."properties"['AccountName']) AS account_name,
        raw."properties"['InitiatingProcessFileName']              AS process_name,
        raw."properties"['AdditionalFields']                       AS more
    FROM raw
    WHERE raw."category" IN ('AdvancedHunting-DeviceEvents', 'AdvancedHunting-DeviceFileEvents')
),
mounts AS (
    SELECT
        device_id,
        upper(substr(regexp_match(more, '"DriveLetter"\s*:\s*"([A-Za-z]):')[1], 1, 1)) AS letter,
        min(event_time)                                            AS mounted_time
    FROM seen
    WHERE action_type = 'UsbDriveMounted'
    GROUP BY 1, 2
)
SELECT
    'defender:' || seen.device_id || ':' || seen.action_type || ':' || seen.report_id || ':'
                || CAST(seen.event_time AS VARCHAR)                AS event_id,
    seen.event_time                                                AS event_time,
    CASE
        WHEN seen.action_type = 'RemovableStorageFileEvent' THEN 'removable_media_write'
        WHEN seen.action_type IN ('FileCreated', 'FileModified', 'FileRenamed') AND mounts.mounted_time <= seen.event_time
            THEN 'removable_media_write'
        WHEN seen.action_type IN ('FileCreated', 'FileModified', 'FileRenamed') AND starts_with(seen.folder_path, '\\')
            THEN 'network_share_write'
        WHEN seen.action_type IN ('FilePrinted', 'PrintJobBlocked') THEN 'print'
        WHEN seen.action_type = 'SensitiveFileRead' THEN 'file_viewed'
        ELSE 'other'
    END                                                            AS action,
    seen.action_type                                               AS vendor_action,
    CASE
        WHEN seen.action_type LIKE '%Blocked' THEN 'blocked'
        WHEN seen.action_type IN ('RemovableStoragePolicyTriggered', 'RemovableStorageFileEvent')
         AND regexp_like(seen.more, '"(RemovableStoragePolicyVerdict|RemovableStorageAccess|Verdict)"\s*:\s*"(Deny|Block)') THEN 'blocked'
        ELSE 'success'
    END                                                            AS outcome,
    lower(seen.account_id)                                         AS actor_id,
    seen.account_name                                              AS actor_name,
    CASE WHEN seen.account_upn LIKE '%@%' THEN lower(seen.account_upn) END AS actor_email,
    CASE WHEN lower(seen.account_name) IN ('system', 'local service', 'network service') THEN 'system' END AS actor_class,
    seen.process_name                                              AS app_name,
    seen.device_name                                               AS device_name,
    seen.tenant_id                                                 AS workspace_id,
    seen.file_name                                                 AS file_name,
    NULLIF(seen.file_size, 0)                                      AS file_size,
    seen.file_hash                                                 AS file_hash,
    seen.sensitivity_label                                         AS sensitivity_label,
    seen.folder_path                                               AS object_url,
    COALESCE(
        regexp_match(seen.more, '"SerialNumber(?:Id)?"\s*:\s*"([^"]+)"')[1],
        mounts.letter || ':',
        CASE WHEN starts_with(seen.folder_path, '\\') THEN split_part(seen.folder_path, '\', 3) END
    )                                                              AS target,
    CASE
        WHEN seen.action_type LIKE '%Usb%' OR seen.action_type LIKE 'RemovableStorage%' OR mounts.letter IS NOT NULL THEN 'removable_media'
        WHEN starts_with(seen.folder_path, '\\') THEN 'network_share'
    END                                                            AS target_type,
    seen.more                                                      AS attributes
FROM seen
LEFT JOIN mounts
       ON mounts.device_id = seen.device_id
      AND mounts.letter = upper(substr(seen.folder_path, 1, 1))
      AND substr(seen.folder_path, 2, 1) = ':'
WHERE seen.action_type IN (
    'UsbDriveMounted', 'UsbDriveUnmounted', 'RemovableStoragePolicyTriggered', 'RemovableStorageFileEvent', 'FilePrinted',
    'PrintJobBlocked', 'SensitiveFileRead'
)
   OR (
       seen.action_type IN ('FileCreated', 'FileModified', 'FileRenamed')
       AND (mounts.mounted_time <= seen.event_time OR starts_with(seen.folder_path, '\\'))
   )
