-- title = "Downloads and openings at hours that are not one's own"
-- severity = "medium"
-- techniques = ["IT1021"]
-- interval = "1 day"
-- reads = "-60 days"
-- reads_after = "1 day"
-- entity = "person_id"
-- known_gaps = "The first day of a journey or of another shift looks like it, until the policy says where the person is."
-- [params]
-- readings_min = 8
-- usual_share_min = 0.25
-- rarity_min = 0.95
-- recent_rarity_min = 0.9
-- own_share_min = 0.1
-- edge_share_min = 0.05
WITH hours AS (
  SELECT
    CAST(local_hour AS TIMESTAMP) AS local_hour, person_id,
    max(group_name) AS group_name,
    sum(events) AS events,
    sum(readings) AS readings,
    min(first_event_time) AS first_event_time,
    max(last_event_time) AS last_event_time
  FROM hours_by_person
  WHERE interval_start >= $interval_start - INTERVAL '60 days' AND interval_start < $interval_end
  GROUP BY CAST(local_hour AS TIMESTAMP), person_id
),
-- Only of people who read enough on some day of the span are hours looked at.
busy AS (
  SELECT DISTINCT person_id
  FROM (
    SELECT person_id
    FROM hours
    WHERE local_hour >= CAST($interval_start AS TIMESTAMP) AND local_hour < CAST($interval_end AS TIMESTAMP)
    GROUP BY person_id, date_trunc('day', local_hour)
    HAVING sum(readings) >= $readings_min
  ) AS days
),
scored AS (
  SELECT
    h.*,
    hour_of_week_rarity(h.local_hour, h.events, 56) OVER person AS within_weeks,
    -- A fortnight forgets sooner: the second night of a journey, of another shift or of one's own is none to tell of.
    hour_of_week_rarity(h.local_hour, h.events, 14) OVER person AS lately
  FROM hours AS h
  JOIN busy AS b ON h.person_id = b.person_id
  WINDOW person AS (PARTITION BY h.person_id ORDER BY h.local_hour)
),
rare AS (
  SELECT
    local_hour, date_trunc('day', local_hour) AS local_day, person_id, group_name, readings, first_event_time, last_event_time,
    within_weeks['surprisal_bits'] AS surprisal_bits,
    within_weeks['history'] AS history_days
  FROM scored
  WHERE local_hour >= CAST($interval_start AS TIMESTAMP) AND local_hour < CAST($interval_end AS TIMESTAMP)
    AND readings > 0
    AND within_weeks['status'] = 'ok' AND within_weeks['rarity'] >= $rarity_min
    AND lately['rarity'] >= $recent_rarity_min
),
candidates AS (
  SELECT person_id, local_day
  FROM rare
  GROUP BY person_id, local_day
  HAVING sum(readings) >= $readings_min
),
-- How strange each of these hours is: on which share of the days before, of whatever type, the person was active about then.
compared AS (
  SELECT
    person_id, local_hour,
    count(DISTINCT day_before) AS days,
    count(DISTINCT day_before) FILTER (WHERE least(apart, 24 - apart) <= 1) AS days_near,
    count(DISTINCT day_before) FILTER (WHERE least(apart, 24 - apart) <= 3) AS days_about,
    sum(readings) AS readings_before
  FROM (
    SELECT
      r.person_id, r.local_hour, h.readings,
      date_trunc('day', h.local_hour) AS day_before,
      abs(date_part('hour', h.local_hour) - date_part('hour', r.local_hour)) AS apart
    FROM rare AS r
    JOIN candidates AS c ON r.person_id = c.person_id AND r.local_day = c.local_day
    JOIN hours AS h
      ON r.person_id = h.person_id AND h.local_hour < r.local_day AND h.local_hour >= r.local_day - INTERVAL '56 days'
  ) AS pairs
  GROUP BY person_id, local_hour
),
-- The own hours on a day off weigh a quarter. Of other hours the edge of the own day weighs a third, and what happened before a half.
weighed AS (
  SELECT
    r.*,
    CAST(c.readings_before AS DOUBLE) / c.days AS usual_readings,
    CASE
      WHEN c.days_near >= $own_share_min * c.days THEN 0.25
      ELSE CASE WHEN c.days_about >= $edge_share_min * c.days THEN 0.33 ELSE 1.0 END * CASE WHEN c.days_near > 0 THEN 0.5 ELSE 1.0 END
    END AS weight
  FROM rare AS r
  JOIN compared AS c ON r.person_id = c.person_id AND r.local_hour = c.local_hour
),
fired AS (
  SELECT
    local_day, person_id,
    max(group_name) AS group_name,
    sum(readings) AS readings,
    max(usual_readings) AS usual_readings,
    -- As many bits of surprise as the least alert has readings, for each of them.
    sum(weight * readings * surprisal_bits) / $readings_min AS score,
    max(history_days) AS history_days,
    min(first_event_time) AS first_event_time,
    max(last_event_time) AS last_event_time,
    min(local_hour) AS first_hour,
    max(local_hour) AS last_hour
  FROM weighed
  GROUP BY local_day, person_id
  HAVING sum(weight * readings) >= $readings_min AND sum(weight * readings) >= $usual_share_min * max(usual_readings)
),
done AS (
  SELECT d.person_id, date_trunc('day', d.local_hour) AS local_day, array_agg(d.event_id ORDER BY d.event_time, d.event_id) AS evidence_ids
  FROM (
    SELECT person_id, event_id, event_time, date_trunc('hour', local_time(event_time, time_zone)) AS local_hour
    FROM acts
    WHERE event_time >= $interval_start - INTERVAL '1 day' AND event_time < $interval_end + INTERVAL '1 day'
      AND time_origin IS NULL
      AND outcome = 'success'
      AND class = 'interactive'
      AND (actor_class IS NULL OR actor_class IN ('human', 'guest'))
      AND action IN ('file_downloaded', 'file_viewed', 'file_copied', 'channel_previewed', 'search')
  ) AS d
  JOIN weighed AS w ON d.person_id = w.person_id AND d.local_hour = w.local_hour
  GROUP BY d.person_id, date_trunc('day', d.local_hour)
)
SELECT
  f.local_day AS interval_time,
  f.person_id AS entity_id,
  f.group_name,
  f.first_event_time,
  f.last_event_time,
  CAST(f.readings AS DOUBLE) AS observed,
  CAST(0 AS DOUBLE) AS expected,
  f.score,
  f.history_days,
  CAST(f.readings AS VARCHAR) || ' downloads, openings and searches on ' || to_char(f.local_day, '%A') || ' between '
    || to_char(f.first_hour, '%H:00') || ' and ' || to_char(f.last_hour + INTERVAL '1 hour', '%H:00')
    || ' local time, when this person is hardly ever active; usually ' || CAST(CAST(round(f.usual_readings) AS BIGINT) AS VARCHAR)
    || ' in a whole day' AS summary,
  d.evidence_ids
FROM fired AS f
LEFT JOIN done AS d ON f.person_id = d.person_id AND f.local_day = d.local_day
