-- title = "Which sources were silent, late, or have ended?"
-- [params]
-- from = "2024-01-01"
-- to = "2026-05-01"
-- [columns]
-- silent_days = "days that were not seen whole, a source's first day left out"
-- silences = "the last five of them"
-- quiet_days = "from the source's last event to the newest of any source"
-- lateness_minutes = "usual time from an act to the lake"
WITH days AS (
  SELECT
    source,
    count(*) AS days,
    min(interval_start) AS first_day,
    count(*) FILTER (WHERE NOT complete AND NOT is_first) AS silent_days,
    array_agg(to_char(unknown_from, '%Y-%m-%d %H:%M') ORDER BY interval_start DESC) FILTER (WHERE NOT complete AND NOT is_first) AS silences
  FROM source_days
  WHERE interval_start >= CAST($from AS TIMESTAMP) AND interval_start < CAST($to AS TIMESTAMP)
  GROUP BY source
),
delivered AS (
  SELECT
    source, sum(events) AS events, sum(other) AS other, max(interval_start) AS last_hour,
    median(lateness_secs_median) AS lateness_secs,
    max(max(interval_start)) OVER () AS newest_hour
  FROM source_coverage
  WHERE interval_start >= CAST($from AS TIMESTAMP) AND interval_start < CAST($to AS TIMESTAMP)
  GROUP BY source
)
SELECT
  d.source, d.first_day, c.last_hour, d.days, c.events, d.silent_days,
  array_to_string(array_slice(d.silences, 1, 5), ', ') AS silences,
  CAST(floor((date_part('epoch', c.newest_hour) - date_part('epoch', c.last_hour)) / 86400) AS BIGINT) AS quiet_days,
  round(c.lateness_secs / 60) AS lateness_minutes
FROM days AS d
JOIN delivered AS c ON d.source = c.source
ORDER BY quiet_days DESC, d.silent_days DESC, d.source
