-- title = "What each source delivered over four weeks, and what of it is missing"
WITH days AS (
  SELECT
    source, date_trunc('day', interval_start) AS day,
    sum(events) AS events, sum(other) AS other, median(lateness_secs_median) AS lateness_secs, max(interval_start) AS last_hour
  FROM source_coverage
  WHERE interval_start < $to
  GROUP BY source, date_trunc('day', interval_start)
),
delivered AS (
  SELECT
    source,
    max(last_hour) AS last_hour,
    sum(events) FILTER (WHERE day >= $day_start) AS events_day,
    sum(events) FILTER (WHERE day >= $from) AS events,
    sum(other) FILTER (WHERE day >= $from) AS other,
    median(lateness_secs) FILTER (WHERE day >= $week_start) AS lateness_secs,
    array_agg(CAST(date_part('epoch', day) / 86400 AS BIGINT) ORDER BY day) FILTER (WHERE day >= $from) AS days,
    array_agg(events ORDER BY day) FILTER (WHERE day >= $from) AS day_events
  FROM days
  GROUP BY source
),
silent AS (
  SELECT
    source,
    array_agg(CAST(date_part('epoch', interval_start) / 86400 AS BIGINT) ORDER BY interval_start) AS silent_days,
    bool_or(interval_start >= $day_start) AS silent_now
  FROM source_days
  WHERE interval_start >= $from AND interval_start < $to AND NOT complete AND NOT is_first
  GROUP BY source
)
SELECT
  d.source, d.last_hour, coalesce(d.events_day, 0) AS events_day, coalesce(d.events, 0) AS events, coalesce(d.other, 0) AS other,
  d.lateness_secs, d.days, d.day_events, s.silent_days, coalesce(s.silent_now, false) AS silent_now
FROM delivered AS d
LEFT JOIN silent AS s ON d.source = s.source
ORDER BY d.source
