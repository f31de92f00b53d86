-- title    = "Netskope: cloud application events"
-- surface  = "endpoint"
-- matches  = "*netskope*"
-- requires = ["timestamp", "user", "app", "activity"]
--
-- [columns]
-- _id                   = "VARCHAR"
-- timestamp             = "VARCHAR"
-- transaction_id        = "VARCHAR"
-- user                  = "VARCHAR"
-- userip                = "VARCHAR"
-- srcip                 = "VARCHAR"
-- src_country           = "VARCHAR"
-- useragent             = "VARCHAR"
-- hostname              = "VARCHAR"
-- os                    = "VARCHAR"
-- device_classification = "VARCHAR"
-- app                   = "VARCHAR"
-- app_session_id        = "VARCHAR"
-- activity              = "VARCHAR"
-- action                = "VARCHAR"
-- object                = "VARCHAR"
-- object_id             = "VARCHAR"
-- file_type             = "VARCHAR"
-- file_size             = "BIGINT"
-- client_bytes          = "BIGINT"
-- sha256                = "VARCHAR"
-- md5                   = "VARCHAR"
-- instance_id           = "VARCHAR"
-- url                   = "VARCHAR"
-- domain                = "VARCHAR"
-- dsthost               = "VARCHAR"
-- to_user               = "VARCHAR"

-- Every upload to a cloud is written down; which clouds are approved is the policy's to say (destinations), by domain and by the account
-- there (instance_id: the company's own Drive and a private one have the same domain). A size of 0 is Netskope's "unknown": the bytes that
-- the client sent stand in for an upload's size then. Activities beside these (browsing, editing) keep their name in vendor_action.
SELECT
    'netskope:' || COALESCE(raw."_id", raw."transaction_id")       AS event_id,
    parse_time(raw."timestamp")                                    AS event_time,
    CASE lower(raw."activity")
        WHEN 'upload'           THEN 'cloud_upload'
        WHEN 'formpost'         THEN 'cloud_upload'
        WHEN 'download'         THEN 'file_downloaded'
        WHEN 'view'             THEN 'file_viewed'
        WHEN 'preview'          THEN 'file_viewed'
        WHEN 'share'            THEN 'file_shared'
        WHEN 'create link'      THEN 'link_created'
        WHEN 'copy'             THEN 'file_copied'
        WHEN 'delete'           THEN 'file_deleted'
        WHEN 'print'            THEN 'print'
        WHEN 'send'             THEN 'email_sent'
        WHEN 'login successful' THEN 'login'
        WHEN 'login failed'     THEN 'login'
        ELSE 'other'
    END                                                            AS action,
    raw."activity"                                                 AS vendor_action,
    CASE
        WHEN lower(raw."action") IN ('block', 'blocked', 'quarantine', 'restrictaccess', 'legalhold') THEN 'blocked'
        WHEN lower(raw."activity") = 'login failed' THEN 'failed'
        ELSE 'success'
    END                                                            AS outcome,
    lower(raw."user")                                              AS actor_id,
    CASE WHEN raw."user" LIKE '%@%' THEN lower(raw."user") END     AS actor_email,
    raw."app"                                                      AS app_name,
    raw."app_session_id"                                           AS session_id,
    COALESCE(raw."srcip", raw."userip")                            AS src_ip,
    raw."src_country"                                              AS country,
    raw."useragent"                                                AS user_agent,
    raw."hostname"                                                 AS device_name,
    CASE lower(raw."device_classification") WHEN 'managed' THEN TRUE WHEN 'unmanaged' THEN FALSE END AS device_managed,
    raw."os"                                                       AS os,
    raw."object"                                                   AS file_name,
    raw."object_id"                                                AS file_id,
    raw."file_type"                                                AS file_type,
    COALESCE(
        NULLIF(raw."file_size", 0),
        CASE WHEN lower(raw."activity") IN ('upload', 'formpost') THEN NULLIF(raw."client_bytes", 0) END
    )                                                              AS file_size,
    COALESCE(raw."sha256", raw."md5")                              AS file_hash,
    raw."url"                                                      AS object_url,
    raw."app"                                                      AS target,
    'cloud_app'                                                    AS target_type,
    regexp_replace(
        lower(COALESCE(
            raw."domain",
            raw."dsthost",
            split_part(split_part(regexp_replace(raw."url", '^[a-z]+://', ''), '/', 1), ':', 1)
        )),
        '^www\.', ''
    )                                                              AS target_domain,
    COALESCE(raw."instance_id", raw."to_user")                     AS target_account
FROM raw
