-- title    = "Okta: System Log"
-- surface  = "identity"
-- matches  = "*okta*"
-- requires = ["uuid", "published", "eventType", "actor"]
--
-- [columns]
-- uuid                  = "VARCHAR"
-- published             = "VARCHAR"
-- eventType             = "VARCHAR"
-- actor                 = 'STRUCT<"id" VARCHAR, "type" VARCHAR, "alternateId" VARCHAR, "displayName" VARCHAR>'
-- outcome               = 'STRUCT<"result" VARCHAR, "reason" VARCHAR>'
-- client                = """STRUCT<\
--     "ipAddress" VARCHAR, "userAgent" STRUCT<"rawUserAgent" VARCHAR, "os" VARCHAR>, \
--     "geographicalContext" STRUCT<"country" VARCHAR>>"""
-- authenticationContext = 'STRUCT<"externalSessionId" VARCHAR>'
-- target                = 'STRUCT<"id" VARCHAR, "type" VARCHAR, "alternateId" VARCHAR, "displayName" VARCHAR>[]'

-- A sign-in to Okta and each sign-in to an app behind it are logins; the steps between them (factors, policies) are not, or one person at
-- one door would count several times. What is listed nowhere keeps its name in vendor_action.
SELECT
    'okta:' || raw."uuid"                                          AS event_id,
    parse_time(raw."published")                                    AS event_time,
    CASE
        WHEN raw."eventType" IN ('user.session.start', 'user.authentication.sso')
            THEN 'login'
        WHEN raw."eventType" IN ('security.threat.detected', 'user.account.report_suspicious_activity_by_enduser', 'user.risk.detect')
            THEN 'vendor_anomaly'
        WHEN raw."eventType" IN ('app.oauth2.as.consent.grant', 'app.oauth2.admin.consent.grant', 'system.api_token.create',
                                 'application.lifecycle.create')
            THEN 'app_installed'
        WHEN raw."eventType" LIKE 'user.account.privilege.%'
          OR raw."eventType" LIKE 'group.privilege.%'
          OR raw."eventType" LIKE 'group.user_membership.%'
          OR raw."eventType" LIKE 'application.user_membership.%'
            THEN 'permission_changed'
        ELSE 'other'
    END                                                            AS action,
    raw."eventType"                                                AS vendor_action,
    CASE raw."outcome"['result']
        WHEN 'DENY'    THEN 'blocked'
        WHEN 'FAILURE' THEN 'failed'
        ELSE 'success'
    END                                                            AS outcome,
    raw."actor"['id']                                              AS actor_id,
    raw."actor"['displayName']                                     AS actor_name,
    CASE WHEN raw."actor"['alternateId'] LIKE '%@%' THEN lower(raw."actor"['alternateId']) END AS actor_email,
    CASE raw."actor"['type']
        WHEN 'User'            THEN 'human'
        WHEN 'SystemPrincipal' THEN 'system'
        WHEN 'PublicClientApp' THEN 'service'
        WHEN 'ServiceAccount'  THEN 'service'
    END                                                            AS actor_class,
    raw."authenticationContext"['externalSessionId']               AS session_id,
    raw."client"['ipAddress']                                      AS src_ip,
    raw."client"['userAgent']['rawUserAgent']                      AS user_agent,
    raw."client"['userAgent']['os']                                AS os,
    raw."client"['geographicalContext']['country']                 AS country,
    raw."target"[1]['displayName']                                 AS target,
    raw."target"[1]['type']                                        AS target_type,
    raw."target"[1]['alternateId']                                 AS target_account
FROM raw
