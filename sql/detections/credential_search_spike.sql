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
WITH daily AS (
  SELECT
    s.local_day,
    coalesce(i.person_id, m.person_id, pseudonym(coalesce(s.actor_email, s.actor_id))) AS person_id,
    coalesce(max(coalesce(i.group_name, m.group_name)), CASE WHEN bool_or(s.guest) THEN 'Guests' ELSE 'Unknown' END) AS group_name,
    sum(s.credential_searches) AS credential_searches,
    min(s.first_event_time) AS first_event_time,
    max(s.last_event_time) AS last_event_time
  FROM search_daily AS s
  LEFT JOIN identities AS i
    ON s.actor_id = i.identity AND s.interval_start >= i.valid_from AND s.interval_start < i.valid_to
  LEFT JOIN identities AS m
    ON s.actor_email = m.identity AND s.interval_start >= m.valid_from AND s.interval_start < m.valid_to
  WHERE s.interval_start >= $interval_start - INTERVAL '60 days' AND s.interval_start < $interval_end
  GROUP BY s.local_day, coalesce(i.person_id, m.person_id, pseudonym(coalesce(s.actor_email, s.actor_id)))
),
scored AS (
  SELECT
    *,
    activity_baseline(local_day, CAST(credential_searches AS DOUBLE), true, 28) OVER (PARTITION BY person_id ORDER BY local_day) AS baseline,
    max(credential_searches) OVER (
      PARTITION BY person_id ORDER BY local_day ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    ) AS peak_before
  FROM daily
),
fired AS (
  SELECT *
  FROM scored
  WHERE local_day >= $interval_start AND local_day < $interval_end
    AND credential_searches >= $searches_min
    AND credential_searches >= $factor_min * coalesce(peak_before, 0)
),
queries AS (
  SELECT
    person_id,
    date_trunc('day', local_time(event_time, time_zone)) AS local_day,
    array_agg(event_id ORDER BY event_time) AS evidence_ids
  FROM acts
  WHERE event_time >= $interval_start - INTERVAL '1 day' AND event_time < $interval_end + INTERVAL '1 day'
    AND action IN ('search', 'content_search') AND cardinality(credential_term(search_query)) > 0
    AND class = 'interactive'
  GROUP BY person_id, date_trunc('day', local_time(event_time, time_zone))
)
SELECT
  f.local_day AS interval_time,
  f.person_id AS entity_id,
  f.group_name,
  f.first_event_time,
  f.last_event_time,
  CAST(f.credential_searches AS DOUBLE) AS observed,
  f.baseline['expected'] AS expected,
  f.baseline['spread'] AS spread,
  f.baseline['score'] AS score,
  f.baseline['p_value'] AS p_value,
  f.baseline['history'] AS history_days,
  CAST(f.credential_searches AS VARCHAR) || ' different searches for credentials in a day; the most before was '
    || CAST(coalesce(f.peak_before, 0) AS VARCHAR) AS summary,
  q.evidence_ids
FROM fired AS f
LEFT JOIN queries AS q ON f.person_id = q.person_id AND f.local_day = q.local_day
