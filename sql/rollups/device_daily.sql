-- title = "Devices, addresses and countries of an actor on a day"
-- interval = "1 day"
SELECT
  date_trunc('day', event_time) AS interval_time,
  source,
  actor_id,
  actor_email,
  device_name,
  os,
  country,
  bool_or(device_managed) AS device_managed,
  count(*) AS events,
  distinct_count(src_ip) AS addresses
FROM events
WHERE event_time >= $interval_start AND event_time < $interval_end
  AND time_origin IS NULL
  AND (actor_id IS NOT NULL OR actor_email IS NOT NULL)
GROUP BY date_trunc('day', event_time), source, actor_id, actor_email, device_name, os, country
