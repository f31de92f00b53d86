-- title = "Which apps were let in or got wider rights, and by whom?"
-- [params]
-- from = "2024-01-01"
-- to = "2026-05-01"
-- limit = 200
-- [columns]
-- rights = "what the log says of the grant, masked and cut"
-- readings_after = "what the app read in the two weeks after it"
WITH granted AS (
  SELECT
    event_id, event_time, source, action, vendor_action, outcome, person_id, group_name, attributes,
    CASE WHEN source = 'm365_audit' OR app_id IS NULL THEN credential_redact(target) ELSE app_id END AS app,
    CASE WHEN source = 'm365_audit' THEN credential_redact(target) ELSE coalesce(app_name, credential_redact(target)) END AS app_name
  FROM acts
  WHERE event_time >= CAST($from AS TIMESTAMP) AND event_time < CAST($to AS TIMESTAMP)
    AND action IN ('app_installed', 'app_scopes_changed')
)
SELECT
  g.event_time, g.source, g.action, g.vendor_action, g.outcome, credential_redact(g.app_name) AS app, g.person_id, g.group_name,
  -- Masked before it is cut: half a secret is no secret to the matcher.
  substr(credential_redact(max(g.attributes)), 1, 200) AS rights,
  coalesce(sum(d.readings), 0) AS readings_after,
  g.event_id
FROM granted AS g
LEFT JOIN app_daily AS d
  ON g.source = d.source AND g.app = d.app
  AND d.interval_start >= date_trunc('day', g.event_time) AND d.interval_start < g.event_time + INTERVAL '14 days'
GROUP BY g.event_id, g.event_time, g.source, g.action, g.vendor_action, g.outcome, credential_redact(g.app_name), g.person_id, g.group_name
ORDER BY g.event_time DESC, g.event_id
LIMIT $limit
