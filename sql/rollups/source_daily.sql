-- title = "How much a source delivered on a day, how much it usually does, and whether the day was seen whole"
-- interval = "1 day"
-- reads = "-28 days"
-- [params]
-- share_min = 0.25
WITH days AS (
  SELECT source, date_trunc('day', interval_start) AS day, sum(events) AS events
  FROM source_coverage
  WHERE interval_start >= $interval_start - INTERVAL '28 days' AND interval_start < $interval_end
  GROUP BY source, date_trunc('day', interval_start)
),
-- A day without a row is an outage too, so every source has a row for every day.
spine AS (
  SELECT s.source, d.day
  FROM (SELECT DISTINCT source FROM days) AS s
  CROSS JOIN (
    SELECT unnest(range(
      arrow_cast($interval_start, 'Timestamp(Microsecond, Some("UTC"))'),
      arrow_cast($interval_end, 'Timestamp(Microsecond, Some("UTC"))'),
      INTERVAL '1 day'
    )) AS day
  ) AS d
),
-- Usual is the median of the same weekday in the four weeks before, for sources that delivered on at least three of the four: of one that
-- writes now and then nobody knows which quiet day was an outage.
usual AS (
  SELECT s.source, s.day, median(d.events) AS usual
  FROM spine AS s
  JOIN days AS d
    ON s.source = d.source AND d.day >= s.day - INTERVAL '28 days' AND d.day < s.day
    AND date_part('dow', d.day) = date_part('dow', s.day)
  GROUP BY s.source, s.day
  HAVING count(*) >= 3
)
SELECT
  s.day AS interval_time,
  s.source,
  coalesce(d.events, 0) AS events,
  u.usual,
  coalesce(d.events >= $share_min * u.usual, u.usual IS NULL) AS complete
FROM spine AS s
LEFT JOIN days AS d ON s.source = d.source AND s.day = d.day
LEFT JOIN usual AS u ON s.source = u.source AND s.day = u.day
-- Before its first day a source is not silent, it is not there.
WHERE d.events IS NOT NULL OR u.usual IS NOT NULL
