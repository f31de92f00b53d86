-- title = "Acts of an actor on a local day, by surface, kind of program and action"
-- interval = "1 day"
-- reads = "-1 day"
-- reads_after = "1 day"
SELECT
  local_day AS interval_time,
  local_day,
  source,
  actor_id,
  actor_email,
  surface,
  class,
  action,
  bool_or(actor_class = 'guest') AS guest,
  count(*) AS events,
  distinct_count(coalesce(file_id, object_url, file_name)) AS files,
  sum(file_size) AS bytes,
  count(file_size) AS sized,
  sliding_peak(event_time, 60) AS peak_60m,
  min(event_time) AS first_event_time,
  max(event_time) AS last_event_time
FROM (
  SELECT
    source, actor_id, actor_email, actor_class, surface, class, action, file_id, object_url, file_name, file_size, event_time,
    date_trunc('day', local_time(event_time, time_zone)) AS local_day
  FROM acts
  WHERE event_time >= $interval_start - INTERVAL '1 day'
    AND event_time < $interval_end + INTERVAL '1 day'
    AND time_origin IS NULL
    AND outcome = 'success'
    AND (actor_id IS NOT NULL OR actor_email IS NOT NULL)
) AS local
WHERE local_day >= $interval_start AND local_day < $interval_end
GROUP BY local_day, source, actor_id, actor_email, surface, class, action
