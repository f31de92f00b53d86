-- title = "Downloads and openings at hours that are not one's own"
-- severity = "medium"
-- techniques = ["IT1021"]
-- interval = "1 day"
-- reads = "-60 days"
-- reads_after = "1 day"
-- entity = "person_id"
-- known_gaps = "Travel to another time zone looks like it until the policy says where the person is."
-- [params]
-- readings_min = 6
-- rarity_min = 0.9
WITH hours AS (
  SELECT
    h.local_hour,
    coalesce(i.person_id, m.person_id, pseudonym(coalesce(h.actor_email, h.actor_id))) AS person_id,
    coalesce(max(coalesce(i.group_name, m.group_name)), CASE WHEN bool_or(h.guest) THEN 'Guests' ELSE 'Unknown' END) AS group_name,
    sum(h.events) AS events,
    sum(h.readings) AS readings,
    min(h.first_event_time) AS first_event_time,
    max(h.last_event_time) AS last_event_time
  FROM activity_hourly AS h
  LEFT JOIN identities AS i
    ON h.actor_id = i.identity AND h.interval_start >= i.valid_from AND h.interval_start < i.valid_to
  LEFT JOIN identities AS m
    ON h.actor_email = m.identity AND h.interval_start >= m.valid_from AND h.interval_start < m.valid_to
  WHERE h.interval_start >= $interval_start - INTERVAL '60 days' AND h.interval_start < $interval_end
  GROUP BY h.local_hour, coalesce(i.person_id, m.person_id, pseudonym(coalesce(h.actor_email, h.actor_id)))
),
scored AS (
  SELECT
    *,
    hour_of_week_rarity(CAST(local_hour AS TIMESTAMP), CAST(events AS DOUBLE), 56) OVER (PARTITION BY person_id ORDER BY local_hour) AS hour
  FROM hours
),
rare AS (
  SELECT
    date_trunc('day', local_hour) AS local_day,
    person_id,
    max(group_name) AS group_name,
    sum(readings) AS readings,
    max(hour['surprisal_bits']) AS surprisal_bits,
    max(hour['history']) AS history_days,
    min(first_event_time) AS first_event_time,
    max(last_event_time) AS last_event_time,
    min(local_hour) AS first_hour
  FROM scored
  WHERE local_hour >= $interval_start AND local_hour < $interval_end
    AND hour['status'] = 'ok' AND hour['rarity'] >= $rarity_min AND readings > 0
  GROUP BY date_trunc('day', local_hour), person_id
  HAVING sum(readings) >= $readings_min
),
done AS (
  SELECT
    person_id, event_id, event_time
  FROM acts
  WHERE event_time >= $interval_start - INTERVAL '1 day' AND event_time < $interval_end + INTERVAL '1 day'
    AND time_origin IS NULL AND outcome = 'success' AND class = 'interactive'
    AND action IN ('file_downloaded', 'file_viewed', 'file_copied', 'channel_previewed', 'search')
)
SELECT
  r.local_day AS interval_time,
  r.person_id AS entity_id,
  max(r.group_name) AS group_name,
  max(r.first_event_time) AS first_event_time,
  max(r.last_event_time) AS last_event_time,
  CAST(max(r.readings) AS DOUBLE) AS observed,
  CAST(0 AS DOUBLE) AS expected,
  max(r.surprisal_bits) AS score,
  max(r.history_days) AS history_days,
  CAST(max(r.readings) AS VARCHAR) || ' downloads, openings and searches at hours at which this person is hardly ever active, from '
    || lpad(CAST(date_part('hour', max(r.first_hour)) AS VARCHAR), 2, '0') || ':00 local time on' AS summary,
  array_agg(d.event_id ORDER BY d.event_time) AS evidence_ids
FROM rare AS r
LEFT JOIN done AS d
  ON r.person_id = d.person_id AND d.event_time >= r.first_event_time AND d.event_time <= r.last_event_time
GROUP BY r.local_day, r.person_id
