-- title = "Exports, searches through content and channel previews of an actor on a local day, by what the vendor calls them"
-- interval = "1 day"
-- reads = "-1 day"
-- reads_after = "1 day"
SELECT
  local_day AS interval_time,
  local_day,
  source,
  actor_id,
  actor_email,
  bool_or(actor_class = 'guest') AS guest,
  bool_or(class <> 'interactive') AS machine,
  action,
  vendor_action,
  count(*) AS events,
  distinct_count(channel_id) AS channels,
  count(*) FILTER (WHERE cardinality(credential_term(search_query)) > 0) AS credential_searches,
  min(event_time) AS first_event_time,
  max(event_time) AS last_event_time
FROM (
  SELECT
    source, actor_id, actor_email, actor_class, class, action, vendor_action, channel_id, search_query, event_time,
    date_trunc('day', local_time(event_time, time_zone)) AS local_day
  FROM acts
  WHERE event_time >= $interval_start - INTERVAL '1 day'
    AND event_time < $interval_end + INTERVAL '1 day'
    AND time_origin IS NULL
    AND outcome = 'success'
    AND (actor_id IS NOT NULL OR actor_email IS NOT NULL)
    AND action IN ('export', 'content_search', 'channel_previewed')
) AS local
WHERE local_day >= $interval_start AND local_day < $interval_end
GROUP BY local_day, source, actor_id, actor_email, action, vendor_action
