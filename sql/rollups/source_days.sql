-- title = "Whether each source delivered a whole day: which stretch was silent though it usually is not"
-- interval = "1 day"
-- reads = "-28 days"
-- [params]
-- events_min = 20
-- score_max = -3.0
-- share_max = 0.2
-- ended_days = 14
WITH hours AS (
  SELECT
    source, CAST(date_trunc('day', interval_start) AS TIMESTAMP) AS day, CAST(date_part('hour', interval_start) AS INT) AS hour,
    sum(events) AS events
  FROM source_coverage
  WHERE interval_start >= $interval_start - INTERVAL '28 days' AND interval_start < $interval_end
  GROUP BY source, CAST(date_trunc('day', interval_start) AS TIMESTAMP), CAST(date_part('hour', interval_start) AS INT)
),
days AS (
  SELECT unnest(generate_series(
    CAST($interval_start AS TIMESTAMP), CAST($interval_end AS TIMESTAMP) - INTERVAL '1 day', INTERVAL '1 day'
  )) AS day
),
begun AS (
  SELECT d.day, h.source, min(h.day) AS first_day
  FROM days AS d
  JOIN hours AS h ON h.day >= d.day - INTERVAL '28 days' AND h.day <= d.day
  GROUP BY d.day, h.source
),
-- What a day and each of its hours (none: the whole day) usually have: the median of days of the same type within four weeks, from the
-- source's first day on. From an hour's own first day on, what is done every Saturday night would be missed on Sundays.
usual AS (
  SELECT
    d.day, h.source, h.hour,
    coalesce(sum(h.events) FILTER (WHERE h.day = d.day), 0) AS events,
    min(h.day) AS first_day,
    max(h.day) AS last_day,
    activity_baseline_at(h.day, h.events, true, 28, d.day, named_struct('since', CAST(b.first_day AS DATE), 'tail', false)) AS usual
  FROM days AS d
  JOIN begun AS b ON d.day = b.day
  JOIN hours AS h ON b.source = h.source AND h.day >= d.day - INTERVAL '28 days' AND h.day <= d.day
  GROUP BY GROUPING SETS ((d.day, h.source, h.hour), (d.day, h.source))
),
-- Silent is a busy hour without one event, and a busy day with next to none. A weekend is judged once there were two others.
judged AS (
  SELECT
    *,
    coalesce(
      usual['score'] <= $score_max AND usual['expected'] >= $events_min
        AND usual['history'] >= CASE WHEN date_part('dow', day) IN (0, 6) THEN 16 ELSE 10 END
        AND events <= CASE WHEN hour IS NULL THEN $share_max * usual['expected'] ELSE 0 END,
      false
    ) AS silent
  FROM usual
),
told AS (
  SELECT
    day, source,
    sum(events) FILTER (WHERE hour IS NULL) AS events,
    min(first_day) = day AS is_first,
    max(last_day) AS last_day,
    min(coalesce(hour, 0)) FILTER (WHERE silent) AS silent_from_hour,
    max(coalesce(hour + 1, 24)) FILTER (WHERE silent) AS silent_to_hour
  FROM judged
  GROUP BY day, source
)
SELECT
  day AS interval_time,
  source,
  events,
  is_first,
  NOT is_first AND silent_to_hour IS NULL AS complete,
  -- On a source's first day nothing is known of all the time before it.
  CASE WHEN is_first THEN NULL ELSE day + arrow_cast(silent_from_hour * 3600, 'Duration(Second)') END AS unknown_from,
  CASE WHEN is_first THEN day + INTERVAL '1 day' ELSE day + arrow_cast(silent_to_hour * 3600, 'Duration(Second)') END AS unknown_to
FROM told
-- A source that has been silent this long has ended: from then on nothing of it is nothing, not unknown.
WHERE last_day > day - arrow_cast($ended_days * 86400, 'Duration(Second)')
