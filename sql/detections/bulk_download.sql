-- title = "Bulk download from chat and shared files"
-- severity = "high"
-- techniques = ["IT1021", "T1213.005"]
-- interval = "1 day"
-- reads = "-60 days"
-- reads_after = "1 day"
-- entity = "person_id"
-- known_gaps = "A screenshot of a file is not seen. Sync clients are measured by the ceiling alone."
-- [params]
-- files_min = 20
-- score_min = 4.0
-- p_value_max = 0.0001
-- factor_min = 2.0
-- ceiling_interactive = 500
-- ceiling_sync = 50000
WITH daily AS (
  SELECT
    d.local_day,
    coalesce(i.person_id, m.person_id, pseudonym(coalesce(d.actor_email, d.actor_id))) AS person_id,
    CASE WHEN d.class IN ('sync', 'backup', 'api', 'ai') THEN 'sync' ELSE 'interactive' END AS client,
    coalesce(max(coalesce(i.group_name, m.group_name)), CASE WHEN bool_or(d.guest) THEN 'Guests' ELSE 'Unknown' END) AS group_name,
    sum(d.files) AS files,
    max(d.peak_60m) AS peak_60m,
    min(d.first_event_time) AS first_event_time,
    max(d.last_event_time) AS last_event_time
  FROM activity_daily AS d
  LEFT JOIN identities AS i
    ON d.actor_id = i.identity AND d.interval_start >= i.valid_from AND d.interval_start < i.valid_to
  LEFT JOIN identities AS m
    ON d.actor_email = m.identity AND d.interval_start >= m.valid_from AND d.interval_start < m.valid_to
  WHERE d.interval_start >= $interval_start - INTERVAL '60 days' AND d.interval_start < $interval_end
    AND d.action IN ('file_downloaded', 'file_synced', 'file_copied')
  GROUP BY
    d.local_day, coalesce(i.person_id, m.person_id, pseudonym(coalesce(d.actor_email, d.actor_id))),
    CASE WHEN d.class IN ('sync', 'backup', 'api', 'ai') THEN 'sync' ELSE 'interactive' END
),
scored AS (
  SELECT
    *,
    activity_baseline(local_day, CAST(files AS DOUBLE), true, 28)
      OVER (PARTITION BY person_id, client ORDER BY local_day) AS baseline,
    max(files) OVER (
      PARTITION BY person_id, client ORDER BY local_day ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    ) AS peak_before
  FROM daily
),
fired AS (
  SELECT
    *,
    CASE client WHEN 'sync' THEN files >= $ceiling_sync ELSE files >= $ceiling_interactive END AS over_ceiling
  FROM scored
  WHERE local_day >= $interval_start AND local_day < $interval_end
    AND (
      (client = 'sync' AND files >= $ceiling_sync)
      OR (client = 'interactive' AND files >= $ceiling_interactive)
      OR (
        client = 'interactive'
        AND files >= $files_min
        AND baseline['status'] = 'ok'
        AND baseline['score'] >= $score_min
        AND baseline['p_value'] <= $p_value_max
        AND files >= $factor_min * coalesce(peak_before, 0)
      )
    )
),
downloads AS (
  SELECT
    person_id,
    date_trunc('day', local_time(event_time, time_zone)) AS local_day,
    CASE WHEN class IN ('sync', 'backup', 'api', 'ai') THEN 'sync' ELSE 'interactive' END AS client,
    array_agg(event_id ORDER BY event_time) AS evidence_ids
  FROM acts
  WHERE event_time >= $interval_start - INTERVAL '1 day' AND event_time < $interval_end + INTERVAL '1 day'
    AND outcome = 'success'
    AND action IN ('file_downloaded', 'file_synced', 'file_copied')
  GROUP BY
    person_id, date_trunc('day', local_time(event_time, time_zone)),
    CASE WHEN class IN ('sync', 'backup', 'api', 'ai') THEN 'sync' ELSE 'interactive' END
)
SELECT
  f.local_day AS interval_time,
  f.person_id AS entity_id,
  f.client AS alert_key,
  f.group_name,
  f.first_event_time,
  f.last_event_time,
  CAST(f.files AS DOUBLE) AS observed,
  f.baseline['expected'] AS expected,
  f.baseline['spread'] AS spread,
  f.baseline['score'] AS score,
  f.baseline['p_value'] AS p_value,
  f.baseline['history'] AS history_days,
  CASE WHEN f.baseline['status'] = 'ok' THEN 'firing' ELSE 'learning' END AS status,
  CAST(f.files AS VARCHAR) || ' different files downloaded in a day, up to ' || CAST(f.peak_60m AS VARCHAR) || ' in an hour; '
    || CASE
         WHEN f.over_ceiling THEN 'that is above the ceiling for anybody'
         ELSE 'usual are ' || CAST(round(f.baseline['expected']) AS VARCHAR)
           || ', the most before was ' || CAST(coalesce(f.peak_before, 0) AS VARCHAR)
       END AS summary,
  d.evidence_ids
FROM fired AS f
LEFT JOIN downloads AS d ON f.person_id = d.person_id AND f.local_day = d.local_day AND f.client = d.client
LEFT JOIN policy_approvals AS a
  ON f.person_id = a.person_id AND a.action IN ('file_downloaded', 'export')
  AND f.local_day >= a.valid_from AND f.local_day < a.valid_to
WHERE a.person_id IS NULL
