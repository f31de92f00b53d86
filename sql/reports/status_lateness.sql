-- title = "How long acts of the weeks took to reach the lake, in seconds, by source; and records that were there already"
WITH late AS (
  SELECT source, event_time, date_part('epoch', ingest_time) - date_part('epoch', event_time) AS seconds
  FROM events
  WHERE event_time >= $from AND event_time < $to
),
read AS (
  -- Records of a raw object that added no event: repeated ones, and statements of state.
  SELECT e.source, sum(o.lines) AS records, sum(o.lines) - sum(o.events) - sum(o.quarantined) AS added_none
  FROM objects AS o
  JOIN (
    SELECT raw_object, min(source) AS source FROM events WHERE event_time >= $from AND event_time < $to GROUP BY raw_object
  ) AS e ON o.object = e.raw_object
  WHERE o.lines >= o.events + o.quarantined
  GROUP BY e.source
)
SELECT
  l.source, l.events, l.last_time, l.p50, l.p95, l.p99,
  CASE WHEN r.records > 0 THEN CAST(r.added_none AS DOUBLE) / r.records END AS repeated
FROM (
  SELECT
    source, count(*) AS events, max(event_time) AS last_time,
    approx_percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds) AS p50,
    approx_percentile_cont(0.95) WITHIN GROUP (ORDER BY seconds) AS p95,
    approx_percentile_cont(0.99) WITHIN GROUP (ORDER BY seconds) AS p99
  FROM late
  GROUP BY source
) AS l
LEFT JOIN read AS r ON l.source = r.source
ORDER BY l.source
