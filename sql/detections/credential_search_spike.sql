-- title = "Unusual searching for credentials"
-- severity = "high"
-- techniques = ["T1552.008"]
-- interval = "1 day"
-- reads = "-60 days"
-- reads_after = "1 day"
-- entity = "person_id"
-- known_gaps = "Slack's audit log has no query text: there, only the admin's export of queries and the vendor's own search_volume anomaly are seen."
-- [params]
-- searches_min = 5
-- factor_min = 3.0
-- score_min = 2.5
-- ceiling = 15
WITH daily AS (
  SELECT
    local_day, person_id,
    max(group_name) AS group_name,
    max(start_date) AS start_date,
    sum(credential_searches) AS credential_searches,
    min(first_event_time) AS first_event_time,
    max(last_event_time) AS last_event_time
  FROM searches_by_person
  WHERE interval_start >= $interval_start - INTERVAL '60 days' AND interval_start < $interval_end
  GROUP BY local_day, person_id
),
candidates AS (
  SELECT *
  FROM daily
  WHERE local_day >= $interval_start AND local_day < $interval_end AND credential_searches >= $searches_min
),
-- The day itself is judged even if it is not known whole.
unknown AS (
  SELECT
    c.person_id, c.local_day,
    array_agg(named_struct('start', u.first_day, 'end', least(u.end_day, CAST(c.local_day AS DATE)))) AS days
  FROM candidates AS c
  JOIN unknown_days AS u ON c.person_id = u.person_id AND coalesce(u.first_day < CAST(c.local_day AS DATE), true)
    AND coalesce(u.first_use <= c.local_day, true)
  WHERE u.about = 'searches'
  GROUP BY c.person_id, c.local_day
),
compared AS (
  SELECT
    c.person_id, c.local_day,
    activity_baseline_at(
      d.local_day, d.credential_searches, true, 28, c.local_day,
      -- Of somebody whom the policy says to be employed, the days before the first search count, too.
      named_struct('since', CASE WHEN c.start_date IS NOT NULL THEN DATE '1970-01-01' END, 'unknown', u.days)
    ) AS baseline,
    coalesce(max(d.credential_searches) FILTER (WHERE d.local_day < c.local_day), 0) AS most_before
  FROM candidates AS c
  JOIN daily AS d
    ON c.person_id = d.person_id AND d.local_day <= c.local_day AND d.local_day >= c.local_day - INTERVAL '60 days'
  LEFT JOIN unknown AS u ON c.person_id = u.person_id AND c.local_day = u.local_day
  GROUP BY c.person_id, c.local_day
),
scored AS (
  SELECT
    person_id, local_day, most_before,
    baseline['expected'] AS expected, baseline['spread'] AS spread, baseline['score'] AS score, baseline['p_value'] AS p_value,
    baseline['history'] AS history_days, coalesce(baseline['status'], 'learning') AS status
  FROM compared
),
fired AS (
  SELECT
    c.local_day, c.person_id, c.group_name, c.credential_searches, c.first_event_time, c.last_event_time,
    s.most_before, s.expected, s.spread, s.score, s.p_value, s.history_days, s.status
  FROM candidates AS c
  JOIN scored AS s ON c.person_id = s.person_id AND c.local_day = s.local_day
  WHERE c.credential_searches >= $factor_min * s.most_before
    AND (
      (s.status = 'ok' AND s.score >= $score_min)
      -- Without a history, only what is much for anybody.
      OR (s.status <> 'ok' AND c.credential_searches >= $ceiling)
    )
),
queries AS (
  SELECT person_id, local_day, array_agg(event_id ORDER BY event_time, event_id) AS evidence_ids
  FROM (
    SELECT person_id, event_id, event_time, date_trunc('day', local_time(event_time, time_zone)) AS local_day
    FROM acts
    WHERE event_time >= $interval_start - INTERVAL '1 day' AND event_time < $interval_end + INTERVAL '1 day'
      AND time_origin IS NULL
      AND action IN ('search', 'content_search') AND cardinality(credential_term(search_query)) > 0
      AND class = 'interactive'
      AND (actor_class IS NULL OR actor_class IN ('human', 'guest'))
  ) AS asked
  GROUP BY person_id, local_day
)
SELECT
  f.local_day AS interval_time,
  f.person_id AS entity_id,
  f.group_name,
  f.first_event_time,
  f.last_event_time,
  CAST(f.credential_searches AS DOUBLE) AS observed,
  f.expected,
  f.spread,
  f.score,
  f.p_value,
  f.history_days,
  CASE f.status WHEN 'ok' THEN 'firing' ELSE 'learning' END AS status,
  CAST(f.credential_searches AS VARCHAR) || ' different searches for credentials on ' || to_char(f.local_day, '%A')
    || CASE
         WHEN coalesce(f.history_days, 0) = 0 THEN '; nothing is known of before'
         WHEN f.most_before = 0 THEN '; never one before'
         ELSE '; never over ' || CAST(f.most_before AS VARCHAR) || ' before'
       END AS summary,
  q.evidence_ids
FROM fired AS f
LEFT JOIN queries AS q ON f.person_id = q.person_id AND f.local_day = q.local_day
