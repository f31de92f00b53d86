-- title = "What each source delivered in an hour, and how late"
-- interval = "1 hour"
SELECT
  date_trunc('hour', event_time) AS interval_time,
  source,
  count(*) AS events,
  count(*) FILTER (WHERE action = 'other') AS other,
  median(date_part('epoch', ingest_time) - date_part('epoch', event_time)) AS lateness_secs_median
FROM events
WHERE event_time >= $interval_start AND event_time < $interval_end
GROUP BY date_trunc('hour', event_time), source
