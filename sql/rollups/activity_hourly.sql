-- title = "Acts of an actor in a local hour, and how many of them read something: downloads, openings, copies, previews, searches"
-- interval = "1 day"
-- reads = "-1 day"
-- reads_after = "1 day"
SELECT
  local_hour AS interval_time,
  local_hour,
  source,
  actor_id,
  actor_email,
  bool_or(actor_class = 'guest') AS guest,
  count(*) AS events,
  count(*) FILTER (WHERE action IN ('file_downloaded', 'file_viewed', 'file_copied', 'channel_previewed', 'search')) AS readings,
  min(event_time) AS first_event_time,
  max(event_time) AS last_event_time
FROM (
  SELECT
    source, actor_id, actor_email, actor_class, action, event_time,
    date_trunc('hour', local_time(event_time, time_zone)) AS local_hour
  FROM acts
  WHERE event_time >= $interval_start - INTERVAL '1 day'
    AND event_time < $interval_end + INTERVAL '1 day'
    AND time_origin IS NULL
    AND outcome = 'success'
    AND class = 'interactive'
    AND (actor_id IS NOT NULL OR actor_email IS NOT NULL)
    AND (actor_class IS NULL OR actor_class IN ('human', 'guest'))
    AND action IN ('file_downloaded', 'file_viewed', 'file_copied', 'channel_previewed', 'search', 'message_posted', 'file_uploaded')
) AS local
WHERE local_hour >= $interval_start AND local_hour < $interval_end
GROUP BY local_hour, source, actor_id, actor_email
