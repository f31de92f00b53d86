-- title = "Searches of an actor on a local day, and how many of them are for credentials"
-- interval = "1 day"
-- reads = "-1 day"
-- reads_after = "1 day"
-- [params]
-- typing_secs = 30
WITH asked AS (
  SELECT
    source, actor_id, actor_email, actor_class, event_time, lower(trim(search_query)) AS search_query,
    date_trunc('day', local_time(event_time, time_zone)) AS local_day
  FROM acts
  WHERE event_time >= $interval_start - INTERVAL '1 day'
    AND event_time < $interval_end + INTERVAL '1 day'
    AND time_origin IS NULL
    AND action IN ('search', 'content_search')
    AND search_query IS NOT NULL AND search_query NOT IN ('*', '(*)')
    AND class = 'interactive'
    AND (actor_id IS NOT NULL OR actor_email IS NOT NULL)
    AND (actor_class IS NULL OR actor_class IN ('human', 'guest'))
),
-- A search box asks while one types: a query that the next one continues within half a minute was never meant.
meant AS (
  SELECT *
  FROM (
    SELECT
      *,
      lead(search_query) OVER actor AS next_query,
      lead(event_time) OVER actor AS next_time
    FROM asked
    WINDOW actor AS (PARTITION BY source, actor_id, actor_email ORDER BY event_time, search_query)
  ) AS followed
  WHERE NOT coalesce(
    starts_with(next_query, search_query) AND next_query <> search_query
      AND date_part('epoch', next_time) - date_part('epoch', event_time) <= $typing_secs,
    false
  )
)
SELECT
  local_day AS interval_time,
  local_day,
  source,
  actor_id,
  actor_email,
  bool_or(actor_class = 'guest') AS guest,
  distinct_count(search_query) AS searches,
  distinct_count(CASE WHEN cardinality(credential_term(search_query)) > 0 THEN search_query END) AS credential_searches,
  min(event_time) AS first_event_time,
  max(event_time) AS last_event_time
FROM meant
WHERE local_day >= $interval_start AND local_day < $interval_end
GROUP BY local_day, source, actor_id, actor_email
