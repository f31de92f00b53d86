-- title = "The platform itself calls something unusual"
-- severity = "medium"
-- techniques = ["T1552.008", "IT1021", "T1213.005"]
-- interval = "1 hour"
-- entity = "person_id"
-- known_gaps = "What the vendor does not judge: Slack's anomaly events need an Enterprise plan, Google's alerts their own licences."
-- [params]
-- reasons_high = "search_volume,excessive_downloads,excessive_file_shares,unexpected_scraping,unexpected_credential_testing,session_fingerprint,excessive_malware_uploads,unexpected_admin_action,account_disabled_hijacked,account_disabled_password_leak,gov_attack_warning,risky_sensitive_action_allowed,DEVICE_COMPROMISED_EVENT"
-- reasons_low = "asn,ip_address,user_agent,unexpected_user_agent,unexpected_client,account_disabled_generic,message_reported,UNSAFE_SITE_VISIT,PASSWORD_REUSE"
WITH said AS (
  -- Slack says why in a list; the others have one name an act.
  SELECT
    event_id, event_time, source, coalesce(person_id, 'nobody') AS who, group_name,
    unnest(string_to_array(
      CASE WHEN target_type = 'anomaly_reason' THEN target ELSE split_part(vendor_action, '/', 2) END, ','
    )) AS reason
  FROM acts
  WHERE event_time >= $interval_start AND event_time < $interval_end
    AND action = 'vendor_anomaly'
),
weighed AS (
  SELECT
    *,
    CASE
      WHEN array_has(string_to_array($reasons_high, ','), reason) THEN 3
      WHEN array_has(string_to_array($reasons_low, ','), reason) THEN 1
      ELSE 2
    END AS weight
  FROM said
)
SELECT
  date_trunc('hour', event_time) AS interval_time,
  who AS entity_id,
  source AS alert_key,
  max(group_name) AS group_name,
  CASE max(weight) WHEN 3 THEN 'high' WHEN 2 THEN 'medium' ELSE 'low' END AS severity,
  min(event_time) AS first_event_time,
  max(event_time) AS last_event_time,
  CAST(count(DISTINCT event_id) AS DOUBLE) AS observed,
  'The platform reports ' || credential_redact(array_to_string(array_sort(array_agg(DISTINCT reason)), ', ')) || ' ('
    || CAST(count(DISTINCT event_id) AS VARCHAR) || CASE count(DISTINCT event_id) WHEN 1 THEN ' event)' ELSE ' events)' END AS summary,
  array_agg(DISTINCT event_id) AS evidence_ids
FROM weighed
GROUP BY date_trunc('hour', event_time), who, source
