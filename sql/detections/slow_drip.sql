-- title = "Slow drip: no day stands out, the month does"
-- severity = "medium"
-- techniques = ["IT1021", "T1213.005", "T1030"]
-- interval = "1 day"
-- reads = "-150 days"
-- reads_after = "1 day"
-- entity = "person_id"
-- known_gaps = "Who takes a little more every month, and never twice the most of the three months before, is not seen. Nor is anybody in their first two months."
-- [params]
-- files_min = 60
-- days_min = 10
-- factor_min = 2.0
-- excess_min = 12.0
-- history_min = 28
-- bulk_files = 20
-- bulk_factor = 2.0
WITH daily AS (
  SELECT
    local_day, person_id,
    max(group_name) AS group_name,
    max(start_date) AS start_date,
    CAST(sum(files) AS DOUBLE) AS files,
    min(first_event_time) AS first_event_time
  FROM activity_by_person
  WHERE interval_start >= $interval_start - INTERVAL '150 days' AND interval_start < $interval_end
    AND action IN ('file_downloaded', 'file_synced', 'file_copied')
    AND class = 'interactive'
  GROUP BY local_day, person_id
),
-- A day's month are the 28 days that end with it; what is usual are the 90 days before those. Fixed stretches, so that the answer for a
-- day does not depend on which others are asked for.
months AS (
  SELECT
    *,
    sum(files) OVER (PARTITION BY person_id ORDER BY local_day RANGE BETWEEN INTERVAL '27 days' PRECEDING AND CURRENT ROW) AS month,
    count(*) OVER (PARTITION BY person_id ORDER BY local_day RANGE BETWEEN INTERVAL '27 days' PRECEDING AND CURRENT ROW) AS month_days,
    max(files) OVER (
      PARTITION BY person_id ORDER BY local_day RANGE BETWEEN INTERVAL '117 days' PRECEDING AND INTERVAL '28 days' PRECEDING
    ) AS peak_before,
    min(local_day) OVER (
      PARTITION BY person_id ORDER BY local_day RANGE BETWEEN INTERVAL '117 days' PRECEDING AND CURRENT ROW
    ) AS first_day
  FROM daily
),
-- Few people are left here; only for them is every day looked at. A day up to four weeks before the interval may have told it already.
candidates AS (
  SELECT *
  FROM (
    SELECT
      *,
      coalesce(max(month) OVER (
        PARTITION BY person_id ORDER BY local_day RANGE BETWEEN INTERVAL '89 days' PRECEDING AND INTERVAL '28 days' PRECEDING
      ), 0) AS month_before
    FROM months
  ) AS compared
  WHERE local_day >= $interval_start - INTERVAL '27 days'
    AND month >= $files_min AND month_days >= $days_min
    AND month >= $factor_min * month_before
    AND greatest(first_day, coalesce(start_date, first_day)) <= local_day - arrow_cast((28 + $history_min) * 86400, 'Duration(Second)')
),
used AS (
  SELECT person_id, source, time_zone, min(interval_start) AS first_use
  FROM activity_by_person
  WHERE interval_start >= $interval_start - INTERVAL '150 days' AND interval_start < $interval_end
    AND action IN ('file_downloaded', 'file_synced', 'file_copied')
    AND class = 'interactive'
  GROUP BY person_id, source, time_zone
),
-- As unknown_days, which does not reach so far back.
stretches AS (
  SELECT
    u.person_id,
    CASE WHEN s.unknown_from IS NULL THEN greatest(u.first_use, s.interval_start) ELSE u.first_use END AS first_use,
    CAST(local_time(s.unknown_from, u.time_zone) AS DATE) AS first_day,
    CAST(local_time(s.unknown_to - INTERVAL '1 second', u.time_zone) AS DATE) + INTERVAL '1 day' AS end_day
  FROM used AS u
  JOIN source_days AS s ON u.source = s.source
  WHERE s.interval_start >= $interval_start - INTERVAL '150 days' AND s.interval_start < $interval_end AND NOT s.complete
  UNION ALL
  SELECT person_id, CAST(NULL AS TIMESTAMP) AS first_use, first_day, end_day
  FROM away_days
),
-- Every day from the first one on, with a row or without. Absences and outages are unknown, and what was approved is neither usual nor odd.
days AS (
  SELECT
    s.person_id, s.at, s.day,
    coalesce(max(d.files), 0) AS files,
    min(d.first_event_time) AS first_event_time,
    bool_or(u.person_id IS NOT NULL) AS unknown,
    bool_or(p.person_id IS NOT NULL) AS approved
  FROM (
    -- A join, not unnest(range()): behind that, DataFusion 55 believes that a candidate has one row, and drops `day` from GROUP BY.
    SELECT c.person_id, c.local_day AS at, c.local_day - arrow_cast(n.value * 86400, 'Duration(Second)') AS day
    FROM candidates AS c
    CROSS JOIN generate_series(0, 117) AS n
    WHERE c.local_day - arrow_cast(n.value * 86400, 'Duration(Second)') >= greatest(c.first_day, coalesce(c.start_date, c.first_day))
  ) AS s
  LEFT JOIN daily AS d ON s.person_id = d.person_id AND s.day = d.local_day
  LEFT JOIN stretches AS u
    ON s.person_id = u.person_id AND coalesce(u.first_use <= s.at, true)
    AND coalesce(u.first_day <= CAST(s.day AS DATE), true) AND coalesce(u.end_day > CAST(s.day AS DATE), true)
  LEFT JOIN policy_approvals AS p
    ON s.person_id = p.person_id AND p.action IN ('file_downloaded', 'export') AND s.day >= p.valid_from AND s.day < p.valid_to
  GROUP BY s.person_id, s.at, s.day
),
usual AS (
  SELECT
    person_id, at,
    count(*) AS history,
    avg(files) AS mean,
    -- Counts scatter at least by their root.
    greatest(coalesce(var_samp(files), 0), avg(files) + 1) AS variance
  FROM days
  WHERE day < at - INTERVAL '27 days' AND NOT unknown AND NOT approved
  GROUP BY person_id, at
),
-- A day of which bulk_download tells counts here as the most of which it does not tell. cumulative_excess measures in roots of what is
-- expected; who scatters more than that is brought to the scale on which they do not.
prepared AS (
  SELECT
    d.person_id, d.at, d.day, d.unknown, d.approved, u.history, u.mean, u.variance,
    c.group_name, c.month_before, d.first_event_time,
    least(d.files, greatest($bulk_files, $bulk_factor * coalesce(c.peak_before, 0))) AS files,
    (u.mean + sqrt(u.mean * u.mean + 4 * u.variance)) / (2 * u.variance) AS scale
  FROM days AS d
  JOIN usual AS u ON d.person_id = u.person_id AND d.at = u.at
  JOIN candidates AS c ON d.person_id = c.person_id AND d.at = c.local_day
  WHERE d.day >= d.at - INTERVAL '27 days'
),
scored AS (
  SELECT
    person_id, at,
    max(group_name) AS group_name,
    max(history) AS history,
    max(mean) AS mean,
    max(variance) AS variance,
    max(month_before) AS month_before,
    min(first_event_time) AS first_event_time,
    sum(files) FILTER (WHERE NOT approved) AS month,
    count(*) FILTER (WHERE NOT approved AND files > 0) AS month_days,
    -- What was seen was taken, even on a day that is not known whole; that there was less says nothing then.
    cumulative_excess_at(day, CASE WHEN NOT approved AND (NOT unknown OR files > mean) THEN files * scale END, mean * scale, at) AS excess
  FROM prepared
  GROUP BY person_id, at
),
-- What the others of the group take in the same month, and by how much that is more than before: a project in its last weeks, a new tool.
others AS (
  SELECT person_id, at, count(*) AS people, median(month) AS month, sum(month) / 28 AS daily, sum(before) / max(history) AS daily_before
  FROM (
    SELECT
      s.person_id, s.at, max(s.history) AS history,
      coalesce(sum(d.files) FILTER (WHERE d.local_day >= s.at - INTERVAL '27 days'), 0) AS month,
      coalesce(sum(d.files) FILTER (WHERE d.local_day < s.at - INTERVAL '27 days'), 0) AS before
    FROM scored AS s
    JOIN daily AS d
      ON s.group_name = d.group_name AND s.person_id <> d.person_id
      AND d.local_day <= s.at AND d.local_day > s.at - INTERVAL '118 days'
    GROUP BY s.person_id, s.at, d.person_id
  ) AS each_other
  GROUP BY person_id, at
  HAVING count(*) >= 5
),
judged AS (
  SELECT
    *,
    CAST(floor(log2(month / bar)) AS BIGINT) AS doublings
  FROM (
    SELECT
      s.*, o.people AS peers, o.month AS peers_month,
      greatest(
        $files_min, $factor_min * s.month_before * coalesce(greatest(1, o.daily / nullif(o.daily_before, 0)), 1)
      ) AS bar
    FROM scored AS s
    LEFT JOIN others AS o ON s.person_id = o.person_id AND s.at = o.at
  ) AS compared
  WHERE history >= $history_min AND month_days >= $days_min AND month >= bar AND excess >= $excess_min
),
-- It stays true for weeks: told once, and again at twice the bar.
fired AS (
  SELECT *
  FROM (
    SELECT
      *,
      max(doublings) OVER (
        PARTITION BY person_id ORDER BY at RANGE BETWEEN INTERVAL '27 days' PRECEDING AND INTERVAL '1 day' PRECEDING
      ) AS told
    FROM judged
  ) AS told_before
  WHERE at >= $interval_start AND at < $interval_end
    AND (told IS NULL OR doublings > told)
),
downloads AS (
  SELECT
    person_id,
    date_trunc('day', local_time(event_time, time_zone)) AS local_day,
    max(event_time) AS last_event_time,
    array_agg(event_id ORDER BY event_time) AS evidence_ids
  FROM acts
  WHERE event_time >= $interval_start - INTERVAL '1 day' AND event_time < $interval_end + INTERVAL '1 day'
    AND outcome = 'success'
    AND action IN ('file_downloaded', 'file_synced', 'file_copied')
    AND class = 'interactive'
  GROUP BY person_id, date_trunc('day', local_time(event_time, time_zone))
)
SELECT
  f.at AS interval_time,
  f.person_id AS entity_id,
  f.group_name,
  f.first_event_time,
  d.last_event_time,
  f.month AS observed,
  least(28 * f.mean, f.month_before) AS expected,
  sqrt(28 * f.variance) AS spread,
  f.excess AS score,
  -- The chance that a sum of usual days climbs so high (Siegmund, Sequential Analysis, 1985): no day is as certain as that many.
  exp(-f.excess) AS p_value,
  f.history AS history_days,
  f.peers,
  CAST(CAST(f.month AS BIGINT) AS VARCHAR) || ' files in 28 days, on ' || CAST(f.month_days AS VARCHAR) || ' of them; usually '
    || CAST(CAST(round(least(28 * f.mean, f.month_before)) AS BIGINT) AS VARCHAR) || ', never over ' || CAST(CAST(f.month_before AS BIGINT) AS VARCHAR)
    || CASE WHEN f.peers IS NULL THEN '' ELSE '; peers ' || CAST(CAST(round(f.peers_month) AS BIGINT) AS VARCHAR) END
    || '; no single day stands out' AS summary,
  d.evidence_ids
FROM fired AS f
LEFT JOIN downloads AS d ON f.person_id = d.person_id AND f.at = d.local_day
