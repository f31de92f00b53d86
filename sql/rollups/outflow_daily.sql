-- title = "Files that an actor carried or showed outside on a local day, by way and destination; which are approved the policy says later"
-- interval = "1 day"
-- reads = "-1 day"
-- reads_after = "1 day"
WITH outward AS (
  SELECT
    source, actor_id, actor_email, actor_class, action, channel_id, event_time, event_id, file_id, file_name, object_url,
    target_domain, target_account,
    -- An address of an upload says no more than its domain, and has as many values as there are files.
    CASE WHEN target_domain IS NULL THEN credential_redact(target) END AS target,
    date_trunc('day', local_time(event_time, time_zone)) AS local_day,
    CASE
      WHEN action IN ('removable_media_write', 'cloud_upload', 'network_share_write', 'remote_session_copy') THEN 'transfer'
      WHEN action = 'link_created' THEN 'public_link'
      ELSE 'share'
    END AS way
  FROM acts
  WHERE event_time >= $interval_start - INTERVAL '1 day' AND event_time < $interval_end + INTERVAL '1 day'
    AND time_origin IS NULL
    AND outcome = 'success'
    AND (
      action IN ('removable_media_write', 'cloud_upload', 'network_share_write', 'remote_session_copy')
      -- Of the many kinds of links those that anybody can open.
      OR (action = 'link_created'
        AND (vendor_action ILIKE '%anonymous%' OR vendor_action ILIKE '%public%' OR target IN ('public', 'people_with_link')))
      OR (action = 'file_shared'
        AND (channel_external
          OR target_type = 'guest'
          OR lower(target_domain) <> coalesce(split_part(lower(actor_email), '@', 2), '')
          OR (target LIKE '%@%' AND split_part(lower(target), '@', 2) <> coalesce(split_part(lower(actor_email), '@', 2), ''))))
    )
)
SELECT
  local_day AS interval_time,
  local_day,
  source,
  actor_id,
  actor_email,
  bool_or(actor_class = 'guest') AS guest,
  way,
  action,
  channel_id,
  coalesce(target_domain, CASE WHEN target LIKE '%@%' THEN split_part(target, '@', 2) END) AS target_domain,
  target_account,
  target,
  count(*) AS events,
  distinct_count(coalesce(file_id, file_name, object_url, event_id)) AS files,
  min(event_time) AS first_event_time,
  max(event_time) AS last_event_time
FROM outward
WHERE local_day >= $interval_start AND local_day < $interval_end
GROUP BY local_day, source, actor_id, actor_email, way, action, channel_id,
  coalesce(target_domain, CASE WHEN target LIKE '%@%' THEN split_part(target, '@', 2) END), target_account, target
